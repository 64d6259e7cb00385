// The state between load and unload, and how a fault leaves.
#include "hook.h"

#include "configuration.h"
#include "messages.h"

#include <exceptions/exceptions.h>
#include <util/multi_threading_mgr.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <utility>

using isc::data::ConstElementPtr;

namespace offhook {

std::unique_ptr<Hook> hook;

Fixed::Fixed(const offhook_handle* handle, std::uint32_t which) : needs(offhook_needs(handle, which)) {
    const std::uint32_t options = offhook_ready_len(handle, which);
    ready.reserve(options);
    for (std::uint32_t index = 0; index < options; ++index) {
        std::uint8_t code = 0;
        offhook_bytes value = {nullptr, 0};
        if (offhook_ready_at(handle, which, index, &code, &value) != OFFHOOK_OK) {
            throw std::logic_error("the engine does not give a ready option");
        }
        const isc::dhcp::OptionBuffer buffer(value.ptr, value.ptr + value.len);
        ready.emplace_back(new isc::dhcp::Option(isc::dhcp::Option::V4, code, buffer));
    }
    const std::uint32_t names = offhook_class_len(handle, which);
    classes.reserve(names);
    for (std::uint32_t index = 0; index < names; ++index) {
        offhook_bytes name = {nullptr, 0};
        if (offhook_class_at(handle, which, index, &name) != OFFHOOK_OK) {
            throw std::logic_error("the engine does not give a class name");
        }
        classes.push_back(textOf(name));
    }
}

Hook::Hook(std::unique_ptr<offhook_handle, HandleFree> handle, isc::hooks::LibraryHandle& library)
    : handle_(std::move(handle)),
      fixed_(new Fixed(engine(), OFFHOOK_IN_FORCE)),
      statistics_(engine(), (fixed_->needs & OFFHOOK_NEEDS_STATISTICS) != 0),
      classes_(engine(), library) {
    classes_.policy(*fixed_);
}

void Hook::apply() {
    std::unique_ptr<Fixed> next(new Fixed(engine(), OFFHOOK_PREPARED));
    isc::util::MultiThreadingCriticalSection packets_stand_still;
    if (offhook_apply(engine()) != OFFHOOK_OK) {
        throw std::runtime_error("the engine could not apply the prepared policy");
    }
    fixed_.swap(next);
    classes_.policy(*fixed_);
}

void Hook::configured(const ConstElementPtr& configuration) {
    classes_.configured(configuration);
    for (const LibraryBehind& library : librariesBehind(configuration)) {
        offhook_library_behind(engine(), bytesOf(library.name), {library.codes.data(), library.codes.size()});
    }
    const std::string leases = leaseFile(configuration);
    std::uint8_t apply_it = 0;
    if (offhook_configured(engine(), bytesOf(leases), &apply_it) == OFFHOOK_OK && apply_it) {
        apply();
    }
    offhook_settle(engine());
}

void fault(const char* callout, const char* what) noexcept {
    if (hook) {
        const offhook_bytes name = {reinterpret_cast<const std::uint8_t*>(callout), std::strlen(callout)};
        const offhook_bytes text = {reinterpret_cast<const std::uint8_t*>(what), std::strlen(what)};
        offhook_shim_fault(hook->engine(), name, text);
    }
}

#ifdef OFFHOOK_FAULT_INJECTION
void provoke(const char* callout, const std::vector<std::uint8_t>& wire) {
    const auto asked = [&](const std::string& mark) {
        return (std::search(wire.begin(), wire.end(), mark.begin(), mark.end()) != wire.end());
    };
    if (asked(std::string("offhook-throw-") + callout)) {
        isc_throw(isc::Unexpected, "provoked in " << callout);
    }
    if (asked(std::string("offhook-odd-throw-") + callout)) {
        throw 42;
    }
}
#endif

}  // namespace offhook
