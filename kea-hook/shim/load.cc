// What Kea calls when it opens and closes the library. Rust exports Kea's names and forwards to
// these (kea-hook/src/ffi/entry.rs): a C++ name in a Rust library is not exported.
#include "hook.h"
#include "kea_release.h"
#include "messages.h"

#include <cc/data.h>
#include <hooks/hooks.h>
#include <log/message_initializer.h>
#include <process/daemon.h>

#include <stdexcept>
#include <utility>

using isc::data::ConstElementPtr;
using isc::hooks::LibraryHandle;

namespace offhook {

namespace {

// Whether Kea only checks its configuration (kea-dhcp4 -T).
bool check_only = false;

// Says why the library does nothing. A check of the configuration fails, a server goes on.
int refuse(const std::string& text) noexcept {
    logError(OFFHOOK_LOAD_REFUSED, text);
    return (check_only ? 1 : 0);
}

void registerAll(LibraryHandle& library) {
    library.registerCallout("pkt4_send", offhook_pkt4_send);
    library.registerCallout("command_processed", offhook_command_processed);
    library.registerCallout("dhcp4_srv_configured", offhook_dhcp4_srv_configured);
    if (hook->fixed().needs & OFFHOOK_NEEDS_LEASE_NOTES) {
        library.registerCallout("lease4_select", offhook_lease4_select);
        library.registerCallout("lease4_renew", offhook_lease4_renew);
    }
    for (std::uint32_t index = 0; index < offhook_command_len(); ++index) {
        offhook_bytes name = {nullptr, 0};
        if (offhook_command_name(index, &name) != OFFHOOK_OK) {
            throw std::logic_error("the engine does not name a command");
        }
        library.registerCommandCallout(textOf(name), offhook_run_command);
    }
}

int load(LibraryHandle& library) {
    // Kea does this after it has opened a library, but it has opened the loader, not this one.
    isc::log::MessageInitializer::loadDictionary();
    offhook_log_install(&log_sink);
    const std::string process = isc::process::Daemon::getProcName();
    if (process != "kea-dhcp4") {
        return (refuse("bad process name: " + process + ", expected kea-dhcp4"));
    }
    if (hook) {
        return (refuse("the library is loaded already: \"hooks-libraries\" names it twice"));
    }
    const ConstElementPtr parameters = library.getParameters();
    const std::string json = parameters ? parameters->str() : "";
    const offhook_host host = {OFFHOOK_KEA_HOOKS_VERSION, LONGEST_OPTION,
                               static_cast<std::uint8_t>(check_only)};
    offhook_handle* handle = nullptr;
    switch (offhook_load(bytesOf(json), &host, &handle)) {
    case OFFHOOK_OK:
        break;
    case OFFHOOK_REFUSED:
        return (1);  // every mistake has been logged
    default:
        return (refuse("a fault while the parameters were read"));
    }
    std::unique_ptr<offhook_handle, HandleFree> owned(handle);
    hook.reset(new Hook(std::move(owned), library));
    registerAll(library);
    return (0);
}

}  // namespace

extern "C" int offhook_shim_version() noexcept {
    return (KEA_HOOKS_VERSION);
}

extern "C" int offhook_shim_multi_threading_compatible() noexcept {
    return (1);
}

extern "C" void offhook_shim_check_only(int only) noexcept {
    check_only = only != 0;
}

extern "C" int offhook_shim_load(void* library) noexcept {
    const bool ours = !hook;
    try {
        return (load(*static_cast<LibraryHandle*>(library)));
    } catch (const std::exception& error) {
        if (ours) {
            hook.reset();
        }
        return (refuse(error.what()));
    } catch (...) {
        if (ours) {
            hook.reset();
        }
        return (refuse("an exception of an unknown kind"));
    }
}

extern "C" int offhook_shim_unload() noexcept {
    try {
        if (hook) {
            hook->statistics().publish();
        }
    } catch (const std::exception& error) {
        fault("unload", error.what());
    } catch (...) {
        fault("unload", "an exception of an unknown kind");
    }
    hook.reset();
    offhook_log_install(nullptr);
    return (0);
}

}  // namespace offhook
