// See classes.h.
#include "classes.h"

#include "configuration.h"
#include "hook.h"

#include <util/multi_threading_mgr.h>

#include <algorithm>

using isc::data::ConstElementPtr;
using isc::data::Element;
using isc::hooks::CalloutHandle;

namespace offhook {

namespace {

const std::string RECEIVE = "buffer4_receive";

// Whether a name or a text anywhere in this has these letters in it.
bool mentions(const ConstElementPtr& element, const std::string& letters) {
    const auto has = [&](const std::string& text) { return (text.find(letters) != std::string::npos); };
    switch (element ? element->getType() : Element::null) {
    case Element::string:
        return (has(element->stringValue()));
    case Element::list: {
        const auto& list = element->listValue();
        return (std::any_of(list.begin(), list.end(),
                            [&](const auto& item) { return (mentions(item, letters)); }));
    }
    case Element::map: {
        const auto& map = element->mapValue();
        return (std::any_of(map.begin(), map.end(), [&](const auto& member) {
            return (has(member.first) || mentions(member.second, letters));
        }));
    }
    default:
        return (false);
    }
}

// Classes, subnets or reservations that are in a database.
bool elsewhere(const ConstElementPtr& configuration) {
    return (configuration->contains("config-control") || configuration->contains("hosts-database") ||
            configuration->contains("hosts-databases"));
}

}  // namespace

Classes::Classes(const offhook_handle* engine, isc::hooks::LibraryHandle& library)
    : engine_(engine), library_(library) {}

void Classes::policy(const Fixed& fixed) {
    prefix_ = fixed.classes.at(0);
    needed_ = fixed.needs & OFFHOOK_NEEDS_ADMISSION;
    settle();
}

void Classes::configured(const ConstElementPtr& configuration) {
    mentioned_ = !configuration || configuration->getType() != Element::map || elsewhere(configuration) ||
                 hasStrangers(configuration->get("hooks-libraries")) || mentions(configuration, prefix_);
    settle();
}

void Classes::commanded(const std::string& name, const ConstElementPtr& arguments) {
    // What an HA partner sends comes on threads of its own: leases, and nothing that looks at classes. The
    // same holds for offhook's commands, and for leases written by hand.
    const auto begins = [&](const std::string& letters) {
        return (name.compare(0, letters.size(), letters) == 0);
    };
    if (mentioned_ || std::this_thread::get_id() != main_ || begins("phone-") || begins("lease")) {
        return;
    }
    if (mentions(arguments, prefix_)) {
        mentioned_ = true;
        settle();
    }
}

// Kea's packet threads are stopped while its table of callouts changes.
void Classes::settle() {
    const bool wanted = mentioned_ || needed_;
    if (wanted != called_) {
        isc::util::MultiThreadingCriticalSection packets_stand_still;
        if (wanted) {
            library_.registerCallout(RECEIVE, offhook_buffer4_receive);
            called_ = true;
        } else {
            // Kea knows a library by its number while it loads only, and takes it for the last one
            // afterwards. If that is another one nothing is found, and we go on being called.
            called_ = !library_.deregisterCallout(RECEIVE, offhook_buffer4_receive);
        }
    }
    offhook_classes_in_use(engine_, called_);
}

}  // namespace offhook
