// See held.h.
#include "held.h"

#include "../include/abi.h"

#include <cc/data.h>
#include <dhcp/dhcp4.h>
#include <dhcpsrv/lease.h>
#include <dhcpsrv/lease_mgr_factory.h>

using isc::asiolink::IOAddress;
using isc::data::ConstElementPtr;
using isc::data::Element;
using isc::dhcp::HWAddrPtr;
using isc::dhcp::Lease;
using isc::dhcp::Lease4;
using isc::dhcp::Lease4Ptr;
using isc::dhcp::LeaseMgrFactory;
using isc::dhcp::Pkt4;

namespace offhook {

namespace {

// More leases than this has no phone; a client that takes more under one address is judged by these.
constexpr std::size_t MOST_LEASES = 64;

Lease4Ptr inUse(const IOAddress& address) {
    const Lease4Ptr lease = LeaseMgrFactory::instance().getLease4(address);
    const bool good = lease && lease->state_ == Lease::STATE_DEFAULT && !lease->expired();
    return (good ? lease : Lease4Ptr());
}

// The member "token" of our note, empty if there is none.
std::string accepted(const Lease4& lease) {
    const ConstElementPtr context = lease.getContext();
    if (!context || context->getType() != Element::map) {
        return ("");
    }
    const ConstElementPtr note = context->get("offhook");
    if (!note || note->getType() != Element::map) {
        return ("");
    }
    const ConstElementPtr token = note->get("token");
    return (token ? token->str() : "");
}

}  // namespace

void prove(const Pkt4& query, Held& held) {
    const IOAddress& own = query.getCiaddr();
    const HWAddrPtr client = query.getHWAddr();
    if (query.getType() == isc::dhcp::DHCPINFORM && !own.isV4Zero() && client) {
        const Lease4Ptr lease = inUse(own);
        if (lease && lease->hwaddr_ && *lease->hwaddr_ == *client) {
            held.proof |= OFFHOOK_PROOF_LEASE;
            held.subnet = lease->subnet_id_;
        }
    }
    const IOAddress& relay = query.getGiaddr();
    if (!relay.isV4Zero() && inUse(relay)) {
        held.proof |= OFFHOOK_PROOF_RELAY_IS_CLIENT;
    }
}

void lookBack(const Pkt4& query, const IOAddress& leased, Held& held) {
    const HWAddrPtr client = query.getHWAddr();
    if (!client) {
        return;
    }
    for (const Lease4Ptr& lease : LeaseMgrFactory::instance().getLease4(*client)) {
        if (held.before.size() == MOST_LEASES) {
            return;
        }
        const std::string text = accepted(*lease);
        if (!text.empty()) {
            held.before.push_back(text);
        }
        if (lease->addr_ == leased) {
            held.subnet = lease->subnet_id_;
        }
    }
}

}  // namespace offhook
