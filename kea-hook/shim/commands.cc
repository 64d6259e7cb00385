// Commands: JSON text to the engine and back; and fresh statistics when a client asks Kea for them.
#include "configuration.h"
#include "hook.h"

#include <cc/command_interpreter.h>
#include <cc/data.h>
#include <stats/stats_mgr.h>

using isc::data::ConstElementPtr;
using isc::data::Element;
using isc::data::ElementPtr;
using isc::hooks::CalloutHandle;
using isc::stats::StatsMgr;

namespace offhook {

namespace {

struct TextFree {
    void operator()(offhook_text* text) const { offhook_text_free(text); }
};

ConstElementPtr failed(const std::string& text) {
    return (isc::config::createAnswer(isc::config::CONTROL_RESULT_ERROR, text));
}

ConstElementPtr run(Hook& hook, const ConstElementPtr& command) {
    ConstElementPtr arguments;
    const std::string name = isc::config::parseCommand(arguments, command);
    const std::string json = arguments ? arguments->str() : "";
    offhook_text* raw = nullptr;
    std::uint8_t apply = 0;
    if (offhook_command(hook.engine(), bytesOf(name), bytesOf(json), &raw, &apply) != OFFHOOK_OK) {
        return (failed("a fault in offhook; the server's log has it (OFFHOOK_FAULT)"));
    }
    const std::unique_ptr<offhook_text, TextFree> text(raw);
    try {
        const ConstElementPtr answer = Element::fromJSON(textOf(offhook_text_bytes(text.get())));
        if (apply) {
            hook.apply();
            offhook_settle(hook.engine());
        }
        return (answer);
    } catch (...) {
        if (apply) {
            offhook_discard(hook.engine());
        }
        throw;
    }
}

// The fresh values of our statistics into Kea's answer to statistic-get or statistic-get-all. The
// answer was made for this command only, a moment ago, and no other code has it.
void refresh(const Statistics& statistics, const ConstElementPtr& response) {
    const ConstElementPtr found = response->get("arguments");
    if (!found || found->getType() != Element::map) {
        return;
    }
    const ElementPtr arguments = boost::const_pointer_cast<Element>(found);
    for (const std::string& name : statistics.names()) {
        if (arguments->contains(name)) {
            const ConstElementPtr fresh = StatsMgr::instance().get(name);
            if (fresh && fresh->contains(name)) {
                arguments->set(name, fresh->get(name));
            }
        }
    }
}

// Kea's config-test looks at hook libraries, but does not load them: whether it is content or not, the
// parameters and the policy that they name may have mistakes.
void testConfiguration(const Hook& hook, CalloutHandle& handle) {
    ConstElementPtr response;
    ConstElementPtr arguments;
    handle.getArgument("response", response);
    handle.getArgument("arguments", arguments);
    if (!response || response->getType() != Element::map || !arguments ||
        arguments->getType() != Element::map) {
        return;
    }
    const ConstElementPtr result = response->get("result");
    if (!result || result->getType() != Element::integer || result->intValue() != 0) {
        return;
    }
    const auto own = ownEntries(arguments->get("Dhcp4"));
    for (const ConstElementPtr& entry : own) {
        const ConstElementPtr parameters = entry->get("parameters");
        const std::string json = parameters ? parameters->str() : "";
        offhook_text* raw = nullptr;
        if (offhook_mistakes(hook.engine(), bytesOf(json), &raw) == OFFHOOK_OK) {
            const std::unique_ptr<offhook_text, TextFree> text(raw);
            handle.setArgument("response", failed("offhook: " + textOf(offhook_text_bytes(text.get()))));
            return;
        }
    }
    if (own.size() > 1) {
        handle.setArgument("response", failed("offhook: \"hooks-libraries\" names it twice"));
    }
}

}  // namespace

extern "C" int offhook_run_command(CalloutHandle& handle) {
    // No frame of guarded(): the caller must get an answer.
    ConstElementPtr response;
    try {
        try {
            ConstElementPtr command;
            handle.getArgument("command", command);
            response = hook ? run(*hook, command) : failed("offhook is not loaded");
        } catch (const std::exception& error) {
            fault("command", error.what());
            response = failed(std::string("offhook: ") + error.what());
        } catch (...) {
            fault("command", "an exception of an unknown kind");
            response = failed("a fault in offhook");
        }
        handle.setArgument("response", response);
    } catch (...) {
        fault("command", "the answer could not be handed over");
    }
    return (0);
}

extern "C" int offhook_command_processed(CalloutHandle& handle) {
    return (guarded("command_processed", handle, Runs::ALWAYS, [&](Hook& hook) {
        std::string name;
        handle.getArgument("name", name);
        if (name == "config-test") {
            testConfiguration(hook, handle);
        }
        if (name.compare(0, 10, "statistic-") != 0) {
            ConstElementPtr arguments;
            handle.getArgument("arguments", arguments);
            hook.classes().commanded(name, arguments);
            return;
        }
        if (name == "statistic-get" || name == "statistic-get-all") {
            hook.statistics().publish();
            ConstElementPtr response;
            handle.getArgument("response", response);
            if (response && response->getType() == Element::map) {
                refresh(hook.statistics(), response);
            }
        } else if (name == "statistic-reset-all") {
            hook.statistics().forget("");
        } else if (name == "statistic-reset") {
            ConstElementPtr arguments;
            handle.getArgument("arguments", arguments);
            if (arguments && arguments->getType() == Element::map) {
                const ConstElementPtr which = arguments->get("name");
                if (which && which->getType() == Element::string && !which->stringValue().empty()) {
                    hook.statistics().forget(which->stringValue());
                }
            }
        }
    }));
}

extern "C" int offhook_dhcp4_srv_configured(CalloutHandle& handle) {
    return (guarded("dhcp4_srv_configured", handle, Runs::ALWAYS, [&](Hook& hook) {
        ConstElementPtr configuration;
        handle.getArgument("json_config", configuration);
        hook.configured(configuration);
    }));
}

}  // namespace offhook
