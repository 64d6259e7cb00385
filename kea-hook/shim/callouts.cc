// buffer4_receive and pkt4_send: from Kea's packet to the engine and back, for all vendors and all
// options alike.
#include "hook.h"
#include "packet.h"

#include <asiolink/io_address.h>
#include <dhcp/dhcp4.h>
#include <dhcp/iface_mgr.h>
#include <dhcp/option.h>
#include <dhcp/pkt4.h>
#include <stats/stats_mgr.h>

#include <cstring>

using isc::asiolink::IOAddress;
using isc::dhcp::Option;
using isc::dhcp::OptionBuffer;
using isc::dhcp::OptionPtr;
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
    const isc::dhcp::IfacePtr interface = isc::dhcp::IfaceMgr::instance().getIface(
        query.getIndex());
    IOAddress address = IOAddress::IPV4_ZERO_ADDRESS();
    if (interface && interface->getAddress4(address)) {
        return (address.toUint32());
    }
    return (0);
}

// The changes to an answer, made ready before the first of them is done: if one fails, the answer
// stays as the server made it.
class Changes {
public:
    Changes(const Hook& hook, const offhook_answer& answer) : answer_(answer) {
        for (std::uint32_t index = 0; index < answer.edits_len; ++index) {
            const offhook_edit& edit = answer.edits[index];
            if (edit.action == OFFHOOK_REMOVE) {
                continue;
            }
            if (edit.at == OFFHOOK_READY) {
                options_[index] = hook.fixed().ready.at(edit.len);
            } else {
                const std::uint8_t* const value = answer.store + edit.at;
                options_[index].reset(
                    new Option(Option::V4, edit.code, OptionBuffer(value, value + edit.len)));
            }
        }
    }

    void make(Pkt4& response) const {
        for (std::uint32_t index = 0; index < answer_.edits_len; ++index) {
            const offhook_edit& edit = answer_.edits[index];
            if (edit.action == OFFHOOK_SET_IF_ABSENT && response.getOption(edit.code)) {
                continue;
            }
            while (response.delOption(edit.code)) {
            }
            if (edit.action != OFFHOOK_REMOVE) {
                response.addOption(options_[index]);
            }
        }
        if (answer_.header & OFFHOOK_HEADER_NEXT_SERVER) {
            response.setSiaddr(IOAddress(answer_.next_server));
        }
        if (answer_.header & OFFHOOK_HEADER_SERVER_HOSTNAME) {
            response.setSname(answer_.store + answer_.server_hostname_at,
                              answer_.server_hostname_len);
        }
        if (answer_.header & OFFHOOK_HEADER_BOOT_FILE_NAME) {
            response.setFile(answer_.store + answer_.boot_file_name_at,
                             answer_.boot_file_name_len);
        }
    }

private:
    const offhook_answer& answer_;
    OptionPtr options_[OFFHOOK_MOST_EDITS];
};

}  // namespace

extern "C" int offhook_buffer4_receive(CalloutHandle& handle) {
    return (guarded("buffer4_receive", handle, [&](Hook& hook) {
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
            // Kea leaves it to the callout to count what the callout drops.
            isc::stats::StatsMgr::instance().addValue("pkt4-receive-drop",
                                                      static_cast<std::int64_t>(1));
            handle.setStatus(CalloutHandle::NEXT_STEP_DROP);
            return;
        }
        query->addClass(fixed.classes.at(0));
        query->addClass(fixed.classes.at(admission.vendor_class));
    }));
}

extern "C" int offhook_pkt4_send(CalloutHandle& handle) {
    return (guarded("pkt4_send", handle, [&](Hook& hook) {
        Pkt4Ptr query;
        Pkt4Ptr response;
        handle.getArgument(QUERY, query);
        handle.getArgument(RESPONSE, response);
        if (!query || !response) {
            return;
        }
        const std::uint8_t reply = response->getType();
        if (reply != isc::dhcp::DHCPOFFER && reply != isc::dhcp::DHCPACK) {
            return;  // a NAK bears no options, and a BOOTP client is no phone
        }
        provoke("pkt4_send", query->data_);
        Packet packet(*query, hook.fixed().needs);
        packet.leased(response->getYiaddr().toUint32());
        packet.reply(reply);
        offhook_answer answer;
        if (offhook_answer_for(hook.engine(), packet.get(), &answer) == OFFHOOK_OK) {
            Changes(hook, answer).make(*response);
        }
    }));
}

}  // namespace offhook
