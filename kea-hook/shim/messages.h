// The log of the hook: one logger, and the table of message ids. What each id means for an operator
// is in kea-hook/messages.md.
#ifndef OFFHOOK_MESSAGES_H
#define OFFHOOK_MESSAGES_H

#include "../include/abi.h"

#include <log/logger.h>

#include <string>

namespace offhook {

// "kea-dhcp4.offhook-hooks" in Kea's configuration.
extern isc::log::Logger logger;

// Ids that the shim itself logs; all others come from the engine through the sink.
extern const char* const OFFHOOK_LOAD_REFUSED;
extern const char* const OFFHOOK_FAULT;

// The engine's way into Kea's log; static, none of it throws.
extern const offhook_log log_sink;

// Writes an error line, whatever happens; never throws.
void logError(const char* id, const std::string& text) noexcept;

}  // namespace offhook

#endif
