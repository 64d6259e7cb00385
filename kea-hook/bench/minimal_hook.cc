// The least that a hook can do to send a phone something: two options, made once, added to every
// answer at pkt4_send. The yardstick for kea-hook/bench/callouts.cc: nothing that recognises a client can
// be cheaper. With -DTHREE_POINTS it is also called, for nothing, at the two other hook points that
// offhook needs (client classes, lease notes): what is left of the difference is what offhook does there.
#include <dhcp/option.h>
#include <dhcp/pkt4.h>
#include <hooks/hooks.h>

#include <string>

using isc::dhcp::Option;
using isc::dhcp::OptionBuffer;
using isc::dhcp::OptionPtr;
using isc::dhcp::Pkt4Ptr;
using isc::hooks::CalloutHandle;

namespace {

OptionPtr text(std::uint16_t code, const std::string& value) {
    return (OptionPtr(new Option(Option::V4, code, OptionBuffer(value.begin(), value.end()))));
}

OptionPtr server;
OptionPtr file;

}  // namespace

extern "C" {

int version() {
    return (KEA_HOOKS_VERSION);
}

int multi_threading_compatible() {
    return (1);
}

int load(isc::hooks::LibraryHandle&) {
    server = text(66, "http://provision.example.com/phones/");
    file = text(67, "phone.cfg");
    return (0);
}

int unload() {
    server.reset();
    file.reset();
    return (0);
}

#ifdef THREE_POINTS
int buffer4_receive(CalloutHandle&) {
    return (0);
}

int lease4_select(CalloutHandle&) {
    return (0);
}
#endif

int pkt4_send(CalloutHandle& handle) {
    if (handle.getStatus() != CalloutHandle::NEXT_STEP_CONTINUE) {
        return (0);
    }
    try {
        Pkt4Ptr response;
        handle.getArgument("response4", response);
        response->addOption(server);
        response->addOption(file);
    } catch (...) {
    }
    return (0);
}
}
