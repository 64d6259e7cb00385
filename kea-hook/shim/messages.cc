// Message ids, in Kea's manner but without its message compiler: every text is one placeholder,
// filled by the engine. A test holds this table, the ids that Rust uses and messages.md together.
#include "messages.h"

#include <log/macros.h>
#include <log/message_initializer.h>

#include <cstring>
#include <exception>
#include <string_view>
#include <unordered_set>

namespace offhook {

isc::log::Logger logger("offhook-hooks");

namespace {

const char* values[] = {
    "OFFHOOK_ANSWER_CUT",
    "%1",
    "OFFHOOK_ANSWER_PACKED",
    "%1",
    "OFFHOOK_CATALOGUE_UNUSABLE",
    "%1",
    "OFFHOOK_CLASSES_UNUSED",
    "%1",
    "OFFHOOK_COPY_UNUSABLE",
    "%1",
    "OFFHOOK_FAULT",
    "%1",
    "OFFHOOK_IMPOSTOR",
    "%1",
    "OFFHOOK_LIBRARY_BEHIND",
    "%1",
    "OFFHOOK_LOADED",
    "%1",
    "OFFHOOK_LOAD_REFUSED",
    "%1",
    "OFFHOOK_OPTION_COMPETES",
    "%1",
    "OFFHOOK_PACKET_DROPPED",
    "%1",
    "OFFHOOK_PHONES_FORGOTTEN",
    "%1",
    "OFFHOOK_PHONE_ANSWERED",
    "%1",
    "OFFHOOK_PHONE_LEFT_ALONE",
    "%1",
    "OFFHOOK_PHONE_OFFERED",
    "%1",
    "OFFHOOK_PHONE_REASON",
    "%1",
    "OFFHOOK_PHONE_UNLISTED",
    "%1",
    "OFFHOOK_POLICY_DOUBT",
    "%1",
    "OFFHOOK_POLICY_IN_FORCE",
    "%1",
    "OFFHOOK_POLICY_KEPT",
    "%1",
    "OFFHOOK_POLICY_MISTAKE",
    "%1",
    "OFFHOOK_POLICY_REFUSED",
    "%1",
    "OFFHOOK_UNLOADED",
    "%1",
    nullptr,
};

// Registers the table when the library is opened and takes it out again when it is closed.
const isc::log::MessageInitializer initializer(values);

// Kea counts debug levels from 0 to 99; 40 is its DBGLVL_TRACE_BASIC.
constexpr int DEBUG_LEVEL = 40;

// The table's own copy of an id: Kea wants a pointer that lives as long as the table.
const char* known(offhook_bytes id) {
    static const std::unordered_set<std::string_view> ids = [] {
        std::unordered_set<std::string_view> all;
        for (const char** value = values; *value != nullptr; value += 2) {
            all.emplace(*value);
        }
        return (all);
    }();
    const auto found = ids.find({reinterpret_cast<const char*>(id.ptr), id.len});
    return (found == ids.end() ? OFFHOOK_FAULT : found->data());
}

std::uint8_t enabled(std::int32_t level) noexcept {
    try {
        switch (level) {
        case OFFHOOK_LOG_ERROR:
            return (logger.isErrorEnabled());
        case OFFHOOK_LOG_WARN:
            return (logger.isWarnEnabled());
        case OFFHOOK_LOG_INFO:
            return (logger.isInfoEnabled());
        default:
            return (logger.isDebugEnabled(DEBUG_LEVEL));
        }
    } catch (...) {
        return (0);
    }
}

void write(std::int32_t level, offhook_bytes id, offhook_bytes text) noexcept {
    try {
        const char* const message = known(id);
        const std::string line(reinterpret_cast<const char*>(text.ptr), text.len);
        switch (level) {
        case OFFHOOK_LOG_ERROR:
            LOG_ERROR(logger, message).arg(line);
            break;
        case OFFHOOK_LOG_WARN:
            LOG_WARN(logger, message).arg(line);
            break;
        case OFFHOOK_LOG_INFO:
            LOG_INFO(logger, message).arg(line);
            break;
        default:
            LOG_DEBUG(logger, DEBUG_LEVEL, message).arg(line);
            break;
        }
    } catch (...) {
        // There is nowhere left to complain to, and the packet matters more.
    }
}

}  // namespace

const char* const OFFHOOK_LOAD_REFUSED = "OFFHOOK_LOAD_REFUSED";
const char* const OFFHOOK_FAULT = "OFFHOOK_FAULT";

const offhook_log log_sink = {enabled, write};

void logError(const char* id, const std::string& text) noexcept {
    const offhook_bytes name = {reinterpret_cast<const std::uint8_t*>(id), std::strlen(id)};
    const offhook_bytes line = {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
    write(OFFHOOK_LOG_ERROR, name, line);
}

}  // namespace offhook
