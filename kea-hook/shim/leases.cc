// lease4_select and lease4_renew: notes in the lease's user context who the phone is. Kea stores it
// with the lease, replicates it to the HA partner and serves it; no write is ours.
#include "held.h"
#include "hook.h"
#include "packet.h"

#include <cc/data.h>
#include <dhcp/dhcp4.h>
#include <dhcp/pkt4.h>
#include <dhcpsrv/lease.h>

#include <ctime>
#include <stdexcept>
#include <string>

using isc::data::ConstElementPtr;
using isc::data::Element;
using isc::data::ElementPtr;
using isc::dhcp::Lease4Ptr;
using isc::dhcp::Pkt4Ptr;

namespace offhook {

namespace {

const std::string KEY = "offhook";

// Changes our key in the lease's context and nothing else. Contexts are shared between copies of a
// lease, so what is there is copied, never written to.
void setNote(const Lease4Ptr& lease, const LeaseNote& fresh) {
    const ConstElementPtr context = lease->getContext();
    if (!context) {
        lease->setContext(fresh.context);
        return;
    }
    if (context == fresh.context || context->getType() != Element::map) {
        return;
    }
    const ConstElementPtr present = context->get(KEY);
    if (present && (present == fresh.note || present->equals(*fresh.note))) {
        return;
    }
    const ElementPtr changed = isc::data::copy(context, 0);
    changed->set(KEY, fresh.note);
    lease->setContext(changed);
}

// The address went from a phone to something else.
void removeNote(const Lease4Ptr& lease) {
    const ConstElementPtr context = lease->getContext();
    if (!context || context->getType() != Element::map || !context->contains(KEY)) {
        return;
    }
    if (context->size() == 1) {
        lease->setContext(ConstElementPtr());
        return;
    }
    const ElementPtr changed = isc::data::copy(context, 0);
    changed->remove(KEY);
    lease->setContext(changed);
}

std::string noteText(const Hook& hook, const Packet& packet) {
    offhook_lease_note note;
    if (offhook_note_for(hook.engine(), packet.get(), &note) != OFFHOOK_OK) {
        throw std::runtime_error("the engine gives no note for a phone");
    }
    return (std::string(reinterpret_cast<const char*>(note.text), note.len));
}

void annotate(Hook& hook, const Pkt4Ptr& query, isc::hooks::CalloutHandle& handle, const char* callout) {
    Lease4Ptr lease;
    handle.getArgument("lease4", lease);
    if (!lease) {
        return;
    }
    provoke(callout, query->data_);
    Packet packet(*query, hook.fixed().needs);
    packet.leased(lease->addr_.toUint32());
    Held held;
    if (hook.fixed().needs & OFFHOOK_NEEDS_SIGNS) {
        lookBack(*query, lease->addr_, held);
        packet.subnet(lease->subnet_id_);
        packet.before(held.before);
        packet.reply(isc::dhcp::DHCPACK, std::time(nullptr));
    }
    std::uint64_t key = 0;
    switch (offhook_note_key(hook.engine(), packet.get(), &key)) {
    case OFFHOOK_OK:
        setNote(lease, hook.notes().get(key, [&]() { return (noteText(hook, packet)); }));
        break;
    case OFFHOOK_NOTHING:
        removeNote(lease);
        break;
    default:
        break;
    }
}

}  // namespace

LeaseNote LeaseNotes::make(const std::string& text) {
    const ElementPtr note = Element::fromJSON(text);
    const ElementPtr context = Element::createMap();
    context->set(KEY, note);
    return {note, context};
}

extern "C" int offhook_lease4_select(isc::hooks::CalloutHandle& handle) {
    return (guarded("lease4_select", handle, Runs::UNLESS_DECIDED, [&](Hook& hook) {
        // A DISCOVER goes through here too, with a lease that is never stored.
        bool fake = false;
        handle.getArgument("fake_allocation", fake);
        if (!fake) {
            Pkt4Ptr query;
            handle.getArgument("query4", query);
            annotate(hook, query, handle, "lease4_select");
        }
    }));
}

extern "C" int offhook_lease4_renew(isc::hooks::CalloutHandle& handle) {
    return (guarded("lease4_renew", handle, Runs::UNLESS_DECIDED, [&](Hook& hook) {
        Pkt4Ptr query;
        handle.getArgument("query4", query);
        // Likewise; this hook point does not say so itself.
        if (query->getType() != isc::dhcp::DHCPDISCOVER) {
            annotate(hook, query, handle, "lease4_renew");
        }
    }));
}

}  // namespace offhook
