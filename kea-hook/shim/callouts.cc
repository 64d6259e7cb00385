// buffer4_receive and pkt4_send: from Kea's packet to the engine and back, for all vendors and all
// options alike.
#include "held.h"
#include "hook.h"
#include "packet.h"

#include <asiolink/io_address.h>
#include <dhcp/dhcp4.h>
#include <dhcp/iface_mgr.h>
#include <dhcp/option.h>
#include <dhcp/option_int.h>
#include <dhcp/pkt4.h>
#include <stats/stats_mgr.h>

#include <boost/make_shared.hpp>

#include <ctime>
#include <stdexcept>
#include <string>
#include <typeinfo>
#include <vector>

using isc::asiolink::IOAddress;
using isc::dhcp::Option;
using isc::dhcp::OptionBuffer;
using isc::dhcp::OptionPtr;
using isc::dhcp::OptionUint8;
using isc::dhcp::Pkt4;
using isc::dhcp::Pkt4Ptr;
using isc::hooks::CalloutHandle;

namespace offhook {

namespace {

const std::string QUERY = "query4";
const std::string RESPONSE = "response4";

// The address of the interface that a packet came in on. A broadcast's own destination says nothing.
std::uint32_t interfaceAddress(const Pkt4& query) {
    const IOAddress& local = query.getLocalAddr();
    if (local.isV4() && !local.isV4Zero() && !local.isV4Bcast()) {
        return (local.toUint32());
    }
    const isc::dhcp::IfacePtr interface = isc::dhcp::IfaceMgr::instance().getIface(query.getIndex());
    IOAddress address = IOAddress::IPV4_ZERO_ADDRESS();
    if (interface && interface->getAddress4(address)) {
        return (address.toUint32());
    }
    return (0);
}

// The message type of an answer, 0 if it has none. Kea makes that option in one way only; Pkt4::getType
// expects others too, and copies and casts shared pointers at every packet.
std::uint8_t typeOf(const Pkt4& response) {
    const auto found = response.options_.find(isc::dhcp::DHO_DHCP_MESSAGE_TYPE);
    if (found == response.options_.end()) {
        return (0);
    }
    const Option& option = *found->second;
    if (typeid(option) == typeid(OptionUint8)) {
        return (static_cast<const OptionUint8&>(option).getValue());
    }
    return (response.getType());
}

// Changes an answer. Every option is at hand before the first change is made: if one cannot be built,
// the answer stays as the server made it. The usual ones are shared and cost nothing to build.
void change(Pkt4& response, const Fixed& fixed, const offhook_answer& answer) {
    std::vector<OptionPtr> built;
    for (std::uint32_t index = 0; index < answer.edits_len; ++index) {
        const offhook_edit& edit = answer.edits[index];
        if (edit.action != OFFHOOK_REMOVE && edit.at != OFFHOOK_READY) {
            const std::uint8_t* const value = answer.store + edit.at;
            built.push_back(
                boost::make_shared<Option>(Option::V4, edit.code, OptionBuffer(value, value + edit.len)));
        } else if (edit.action != OFFHOOK_REMOVE && edit.len >= fixed.ready.size()) {
            throw std::out_of_range("a ready option that the shim does not have");
        }
    }
    auto next = built.begin();
    auto& options = response.options_;
    for (std::uint32_t index = 0; index < answer.edits_len; ++index) {
        const offhook_edit& edit = answer.edits[index];
        const bool set = edit.action != OFFHOOK_REMOVE;
        const OptionPtr* const option = !set                       ? nullptr
                                        : edit.at == OFFHOOK_READY ? &fixed.ready[edit.len]
                                                                   : &*next++;
        // One search for what delOption and addOption would look up three times.
        auto present = options.lower_bound(edit.code);
        const bool absent = present == options.end() || present->first != edit.code;
        if (absent && set) {
            options.emplace_hint(present, edit.code, *option);
        } else if (!absent && edit.action != OFFHOOK_SET_IF_ABSENT) {
            if (set) {
                (present++)->second = *option;
            }
            while (present != options.end() && present->first == edit.code) {
                present = options.erase(present);
            }
        }
    }
    if (answer.header & OFFHOOK_HEADER_NEXT_SERVER) {
        response.setSiaddr(IOAddress(answer.next_server));
    }
    if (answer.header & OFFHOOK_HEADER_SERVER_HOSTNAME) {
        response.setSname(answer.store + answer.server_hostname_at, answer.server_hostname_len);
    }
    if (answer.header & OFFHOOK_HEADER_BOOT_FILE_NAME) {
        response.setFile(answer.store + answer.boot_file_name_at, answer.boot_file_name_len);
    }
}

// Kea leaves it to the callout to count what the callout drops.
void countDropped() {
    isc::stats::StatsMgr& statistics = isc::stats::StatsMgr::instance();
    statistics.addValue("pkt4-receive-drop", static_cast<std::int64_t>(1));
    // Newer releases count there what an operator's own rules drop.
    const std::string filtered = "pkt4-admin-filtered";
    if (statistics.getObservation(filtered)) {
        statistics.addValue(filtered, static_cast<std::int64_t>(1));
    }
}

// Reports to the engine the options that the server itself has put in and that phones may follow instead.
void tellOfCompeting(const Hook& hook, const Packet& packet, const Pkt4& response,
                     const offhook_answer& answer) {
    for (std::uint32_t index = 0; index < answer.watched_len; ++index) {
        const auto found = response.options_.find(answer.watched[index]);
        if (found != response.options_.end()) {
            const OptionBuffer value = found->second->toBinary();
            offhook_competing(hook.engine(), packet.get(), answer.watched[index],
                              {value.data(), value.size()});
        }
    }
}

// What the server's leases say. If they cannot be looked up nothing is proven: the phone gets its other
// options.
Held look(const Hook& hook, const Packet& packet, const Pkt4& query, const Pkt4& response) {
    Held held;
    const std::uint32_t needs = hook.fixed().needs;
    if (!(needs & OFFHOOK_NEEDS_PROOF) || offhook_token_due(hook.engine(), packet.get()) != OFFHOOK_OK) {
        return (held);
    }
    try {
        prove(query, held);
        if (needs & OFFHOOK_NEEDS_SIGNS) {
            lookBack(query, response.getYiaddr(), held);
        }
    } catch (const std::exception& error) {
        fault("pkt4_send, looking leases up", error.what());
        held.proof = OFFHOOK_PROOF_UNKNOWN;
    }
    return (held);
}

}  // namespace

extern "C" int offhook_buffer4_receive(CalloutHandle& handle) {
    // SKIP means here that another library has unpacked the packet. What was received is there all the same.
    return (guarded("buffer4_receive", handle, Runs::UNLESS_DROPPED, [&](Hook& hook) {
        Pkt4Ptr query;
        handle.getArgument(QUERY, query);
        provoke("buffer4_receive", query->data_);
        const Fixed& fixed = hook.fixed();
        Packet packet(*query, 0);  // classes have not been evaluated yet
        if (fixed.needs & OFFHOOK_NEEDS_INTERFACE_ADDRESS) {
            packet.interfaceAddress(interfaceAddress(*query));
        }
        offhook_admission admission;
        if (offhook_admit(hook.engine(), packet.get(), &admission) != OFFHOOK_OK) {
            return;
        }
        if (admission.drop) {
            countDropped();
            handle.setStatus(CalloutHandle::NEXT_STEP_DROP);
            return;
        }
        if (!admission.unlisted) {
            query->addClass(fixed.classes.at(0));
        }
        query->addClass(fixed.classes.at(admission.vendor_class));
    }));
}

extern "C" int offhook_pkt4_send(CalloutHandle& handle) {
    // SKIP means here that another library has packed the answer, so that a change would not be sent.
    return (guarded("pkt4_send", handle, Runs::UNLESS_DROPPED, [&](Hook& hook) {
        Pkt4Ptr query;
        Pkt4Ptr response;
        handle.getArgument(QUERY, query);
        handle.getArgument(RESPONSE, response);
        if (!query || !response) {
            return;
        }
        const std::uint8_t reply = typeOf(*response);
        if (reply != isc::dhcp::DHCPOFFER && reply != isc::dhcp::DHCPACK) {
            return;  // a NAK has no options, and libdhcp_bootp takes the type from answers to BOOTP
        }
        provoke("pkt4_send", query->data_);
        Packet packet(*query, hook.fixed().needs);
        packet.leased(response->getYiaddr().toUint32());
        packet.reply(reply, std::time(nullptr));
        if (handle.getStatus() == CalloutHandle::NEXT_STEP_SKIP) {
            offhook_packed_before(hook.engine(), packet.get());
            return;
        }
        const Held held = look(hook, packet, *query, *response);
        packet.proof(held.proof);
        packet.subnet(held.subnet);
        packet.before(held.before);
        offhook_answer answer;
        if (offhook_answer_for(hook.engine(), packet.get(), &answer) == OFFHOOK_OK) {
            change(*response, hook.fixed(), answer);
            tellOfCompeting(hook, packet, *response, answer);
        }
    }));
}

}  // namespace offhook
