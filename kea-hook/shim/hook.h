// What the shim keeps between load and unload: the engine's handle, and Kea objects made from what
// the policy fixes. It knows options as code and bytes, and no vendor.
#ifndef OFFHOOK_HOOK_H
#define OFFHOOK_HOOK_H

#if defined(__OPTIMIZE__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && \
    (!defined(_FORTIFY_SOURCE) || _FORTIFY_SOURCE < 2)
#error "expected _FORTIFY_SOURCE 2 or more in an optimised build: see harden() in build.rs"
#endif

#include "../include/abi.h"
#include "classes.h"
#include "lease_notes.h"
#include "statistics.h"

#include <dhcp/option.h>
#include <hooks/hooks.h>

#include <exception>
#include <memory>
#include <string>
#include <vector>

namespace offhook {

inline offhook_bytes bytesOf(const std::string& text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

inline std::string textOf(offhook_bytes bytes) {
    return (std::string(reinterpret_cast<const char*>(bytes.ptr), bytes.len));
}

// What one policy fixes, as Kea's objects: built once, then shared by all packets of all threads,
// as Kea does with the options of its own configuration.
struct Fixed {
    // From the policy in force (OFFHOOK_IN_FORCE) or the prepared one (OFFHOOK_PREPARED).
    Fixed(const offhook_handle* handle, std::uint32_t which);

    std::vector<isc::dhcp::OptionPtr> ready;
    std::vector<std::string> classes;
    std::uint32_t needs;
};

struct HandleFree {
    void operator()(offhook_handle* handle) const { offhook_free(handle); }
};

class Hook {
public:
    // Takes over a loaded handle.
    Hook(std::unique_ptr<offhook_handle, HandleFree> handle, isc::hooks::LibraryHandle& library);

    const offhook_handle* engine() const { return (handle_.get()); }
    const Fixed& fixed() const { return (*fixed_); }
    Statistics& statistics() { return (statistics_); }
    LeaseNotes& notes() { return (notes_); }
    Classes& classes() { return (classes_); }

    // Puts the policy in force that the engine has prepared. The objects are built before Kea's
    // packet threads are stopped, and a failure changes nothing.
    void apply();

    // Kea's configuration, whole.
    void configured(const isc::data::ConstElementPtr& configuration);

private:
    std::unique_ptr<offhook_handle, HandleFree> handle_;
    std::unique_ptr<Fixed> fixed_;
    Statistics statistics_;
    LeaseNotes notes_;
    Classes classes_;
};

// Born in load, gone after unload; never changes while packets are being answered.
extern std::unique_ptr<Hook> hook;

// Registered by load.
extern "C" {
int offhook_buffer4_receive(isc::hooks::CalloutHandle& handle);
int offhook_pkt4_send(isc::hooks::CalloutHandle& handle);
int offhook_lease4_select(isc::hooks::CalloutHandle& handle);
int offhook_lease4_renew(isc::hooks::CalloutHandle& handle);
int offhook_command_processed(isc::hooks::CalloutHandle& handle);
int offhook_dhcp4_srv_configured(isc::hooks::CalloutHandle& handle);
int offhook_run_command(isc::hooks::CalloutHandle& handle);
}

// Counts and logs that a callout could not do its work; never throws.
void fault(const char* callout, const char* what) noexcept;

// What another library's callout may have decided before, as far as ours runs all the same. What a status
// means differs by hook point (docs/kea.md, "The order of hook libraries").
enum class Runs {
    UNLESS_DECIDED,  // only if every callout before has left it to the server
    UNLESS_DROPPED,  // also if one has done the server's next step itself (SKIP)
    ALWAYS,          // the server does not look at the status here
};

// Every callout's frame: other hooks' word is respected, nothing gets out, the answer is always 0. (An
// exception that escaped would cost the client its answer since Kea 2.3.8.)
template <typename Body>
int guarded(const char* callout, isc::hooks::CalloutHandle& handle, Runs runs, Body body) noexcept {
    using isc::hooks::CalloutHandle;
    try {
        const CalloutHandle::CalloutNextStep status = handle.getStatus();
        const bool skipped = status == CalloutHandle::NEXT_STEP_SKIP;
        const bool untouched = status == CalloutHandle::NEXT_STEP_CONTINUE;
        if (hook && (untouched || runs == Runs::ALWAYS || (skipped && runs == Runs::UNLESS_DROPPED))) {
            body(*hook);
        }
    } catch (const std::exception& error) {
        fault(callout, error.what());
    } catch (...) {
        fault(callout, "an exception of an unknown kind");
    }
    return (0);
}

// For the proof that nothing of offhook costs a lease: throws where a packet requests it. Compiled in
// with the feature "fault-injection" only.
#ifdef OFFHOOK_FAULT_INJECTION
void provoke(const char* callout, const std::vector<std::uint8_t>& wire);
#else
inline void provoke(const char*, const std::vector<std::uint8_t>&) {}
#endif

}  // namespace offhook

#endif
