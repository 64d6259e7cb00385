// What differs between Kea's releases: all of it, and why. No other file of the shim asks which Kea
// it is compiled for.
#ifndef OFFHOOK_KEA_RELEASE_H
#define OFFHOOK_KEA_RELEASE_H

#include <hooks/hooks.h>

#include <cstdint>

namespace offhook {

// Kea declares its version as a C++ constant, which the preprocessor cannot see; build.rs reads it
// out of Kea's header and hands it over as OFFHOOK_KEA_HOOKS_VERSION. The two must be the same.
static_assert(OFFHOOK_KEA_HOOKS_VERSION == KEA_HOOKS_VERSION,
              "build.rs has read another Kea's hooks.h than the compiler");

// The most bytes that one option may have, 0: any. Kea splits longer ones when it packs a packet
// (RFC 3396), but before 2.4.0 that splitting wrote to objects that packets of other threads were
// being packed from (Gitlab #2583 and its kin), so there a policy with such an option is refused.
#if OFFHOOK_KEA_HOOKS_VERSION < 20400
constexpr std::uint32_t LONGEST_OPTION = 255;
#else
constexpr std::uint32_t LONGEST_OPTION = 0;
#endif

}  // namespace offhook

#endif
