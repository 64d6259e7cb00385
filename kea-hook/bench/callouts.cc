// What do a hook's callouts cost? One process that drives all of them on real packets, the way
// kea-dhcp4 does, for several libraries in turn, and prints nanoseconds per packet.
//
//   callouts [--rounds N] [--packets N] [--whole] NAME=LIBRARY[:PARAMETERS.json] ...
//
// NAME= alone is no library at all; NAME=by-hand:CLASSES.json is none but these client classes. In each round every library is loaded, sees the same packets, and
// is unloaded; the table shows the median of the rounds, so that what else the machine does hits all
// alike. Packets are half DISCOVER and half REQUEST, of 1000 phones of one maker.
//
// What is timed, without --whole: the answer is built, all hook points with callouts are called with
// all the arguments that kea-dhcp4 gives them, and both packets are freed. With --whole also what
// kea-dhcp4 does to every packet anyway: the query is made from wire bytes and unpacked, and the
// answer is packed. Never timed, because both are the same for every hook: sockets, subnets, leases.
#include "by_hand.h"

#include <asiolink/io_address.h>
#include <cc/data.h>
#include <dhcp/dhcp4.h>
#include <dhcp/iface_mgr.h>
#include <dhcp/libdhcp++.h>
#include <dhcp/option.h>
#include <dhcp/option_int.h>
#include <dhcp/pkt4.h>
#include <dhcpsrv/lease.h>
#include <hooks/callout_handle.h>
#include <hooks/hooks_manager.h>
#include <log/logger_level.h>
#include <log/logger_manager.h>
#include <log/logger_specification.h>
#include <log/logger_support.h>
#include <log/output_option.h>
#include <process/daemon.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

// Not declared in any header that every Kea's development package has; a null pointer is enough.
namespace isc {
namespace dhcp {
class Subnet4;
}
}  // namespace isc

using isc::asiolink::IOAddress;
using isc::data::ConstElementPtr;
using isc::data::Element;
using isc::data::ElementPtr;
using namespace isc::dhcp;
using namespace isc::hooks;

namespace {

struct Points {
    int receive = HooksManager::registerHook("buffer4_receive");
    int select = HooksManager::registerHook("lease4_select");
    int renew = HooksManager::registerHook("lease4_renew");
    int send = HooksManager::registerHook("pkt4_send");
    int command = HooksManager::registerHook("command_processed");
    int configured = HooksManager::registerHook("dhcp4_srv_configured");
};

struct Library {
    std::string name;
    std::string path;
    ConstElementPtr parameters;
    ConstElementPtr classes;  // written by hand, in the place of a library
    std::vector<double> nanoseconds;
};

struct Settings {
    std::size_t rounds = 15;
    std::size_t packets = 20000;
    bool whole = false;
    bool laptops = false;
    bool info = false;
};

// A packet as a phone sends it, or a computer with Windows.
OptionBuffer wire(std::uint32_t number, std::uint8_t type, bool laptop) {
    OptionBuffer packet(236, 0);
    packet[0] = 1;
    packet[1] = 1;
    packet[2] = 6;
    packet[24] = 10;  // the relay
    packet[27] = 1;
    const std::uint8_t phone[] = {0x00, 0x15, 0x65};
    const std::uint8_t other[] = {0x3c, 0x52, 0x82};
    std::copy_n(laptop ? other : phone, 3, packet.begin() + 28);
    packet[31] = number >> 16;
    packet[32] = number >> 8;
    packet[33] = number;
    const std::string name = laptop ? "MSFT 5.0" : "yealink SIP-T46S 66.86.0.15";
    const auto option = [&](std::uint8_t code, const std::string& value) {
        packet.push_back(code);
        packet.push_back(value.size());
        packet.insert(packet.end(), value.begin(), value.end());
    };
    packet.insert(packet.end(), {99, 130, 83, 99});
    option(53, std::string(1, type));
    option(61, std::string("\x01") + std::string(packet.begin() + 28, packet.begin() + 34));
    option(57, std::string("\x05\xc0", 2));
    option(60, name);
    option(12, laptop ? "DESKTOP-1234567" : "SIP-T46S");
    option(55, laptop ? "\x01\x03\x06\x0f\x1f\x21\x2b\x2c\x2e\x2f\x77\x79\xf9\xfc"
                      : "\x01\x03\x06\x0f\x2a\x42\x43\x78\x7d");
    packet.push_back(255);
    packet.resize(std::max<std::size_t>(packet.size(), 300), 0);
    return (packet);
}

Pkt4Ptr query(const OptionBuffer& bytes) {
    Pkt4Ptr packet(new Pkt4(bytes.data(), bytes.size()));
    packet->setIface("eth0");
    packet->setIndex(2);
    packet->setLocalAddr(IOAddress("10.0.0.5"));
    packet->setRemoteAddr(IOAddress("10.0.0.1"));
    return (packet);
}

// What the server has ready anyway: its own configured options are shared between answers.
struct Server {
    OptionPtr mask{new Option(Option::V4, 1, OptionBuffer({255, 255, 0, 0}))};
    OptionPtr router{new Option(Option::V4, 3, OptionBuffer({10, 0, 0, 1}))};
    OptionPtr identifier{new Option(Option::V4, 54, OptionBuffer({10, 0, 0, 5}))};
    OptionPtr lease_time{new Option(Option::V4, 51, OptionBuffer({0, 0, 14, 16}))};
};

Pkt4Ptr answer(const Server& server, const Pkt4Ptr& query, bool offer) {
    Pkt4Ptr response(new Pkt4(offer ? DHCPOFFER : DHCPACK, query->getTransid()));
    response->setHWAddr(query->getHWAddr());
    response->setGiaddr(query->getGiaddr());
    response->setYiaddr(IOAddress(0x0a000000 + (query->getTransid() & 0xffff)));
    response->addOption(server.mask);
    response->addOption(server.router);
    response->addOption(server.lease_time);
    response->addOption(server.identifier);
    return (response);
}

// All hook points that a packet passes, with the arguments of dhcp4_srv.cc and alloc_engine.cc.
class Driver {
public:
    explicit Driver(const Points& points) : points_(points) {}

    bool receive(Pkt4Ptr& query) const {
        if (!HooksManager::calloutsPresent(points_.receive)) {
            return (true);
        }
        CalloutHandlePtr handle = query->getCalloutHandle();
        ScopedCalloutHandleState state(handle);
        ScopedEnableOptionsCopy<Pkt4> copy(query);
        handle->setArgument("query4", query);
        HooksManager::callCallouts(points_.receive, *handle);
        if (handle->getStatus() == CalloutHandle::NEXT_STEP_DROP) {
            return (false);
        }
        handle->getArgument("query4", query);
        return (true);
    }

    void select(Pkt4Ptr& query, Lease4Ptr& lease, bool fake) const {
        if (!HooksManager::calloutsPresent(points_.select)) {
            return;
        }
        CalloutHandlePtr handle = query->getCalloutHandle();
        ScopedCalloutHandleState state(handle);
        ScopedEnableOptionsCopy<Pkt4> copy(query);
        handle->setArgument("query4", query);
        handle->setArgument("subnet4", boost::shared_ptr<Subnet4>());
        handle->setArgument("fake_allocation", fake);
        handle->setArgument("lease4", lease);
        HooksManager::callCallouts(points_.select, *handle);
        handle->getArgument("lease4", lease);
    }

    void send(Pkt4Ptr& query, Pkt4Ptr& response) const {
        if (!HooksManager::calloutsPresent(points_.send)) {
            return;
        }
        CalloutHandlePtr handle = query->getCalloutHandle();
        ScopedCalloutHandleState state(handle);
        ScopedEnableOptionsCopy<Pkt4> query_copy(query);
        ScopedEnableOptionsCopy<Pkt4> response_copy(response);
        handle->setArgument("query4", query);
        handle->setArgument("response4", response);
        HooksManager::callCallouts(points_.send, *handle);
    }

private:
    const Points& points_;
};

// As kea-dhcp4 does once the libraries are loaded. The configuration is that of a server which uses
// no client classes, but for the parameters of the library itself.
void configure(const Points& points, const Library& library) {
    if (library.path.empty() || !HooksManager::calloutsPresent(points.configured)) {
        return;
    }
    const ElementPtr entry = Element::createMap();
    entry->set("library", Element::create(library.path));
    if (library.parameters) {
        entry->set("parameters", library.parameters);
    }
    const ElementPtr libraries = Element::createList();
    libraries->add(entry);
    const ElementPtr configuration = Element::createMap();
    configuration->set("hooks-libraries", libraries);
    CalloutHandlePtr handle = HooksManager::createCalloutHandle();
    handle->setArgument("json_config", ConstElementPtr(configuration));
    HooksManager::callCallouts(points.configured, *handle);
}

void load(const Points& points, const Library& library) {
    HooksManager::prepareUnloadLibraries();
    HooksManager::unloadLibraries();
    HookLibsCollection libraries;
    if (!library.path.empty()) {
        libraries.emplace_back(library.path, library.parameters);
    }
#if BENCH_KEA_HOOKS_VERSION >= 20500
    const bool loaded = HooksManager::loadLibraries(libraries, false);
#else
    const bool loaded = HooksManager::loadLibraries(libraries);
#endif
    if (!loaded) {
        std::cerr << library.name << ": Kea does not load " << library.path << "\n";
        std::exit(1);
    }
    configure(points, library);
}

// One round of one library: nanoseconds per packet.
double drive(const Points& points, const Settings& settings, const Library& library, std::string& proof) {
    using Clock = std::chrono::steady_clock;
    const Driver driver(points);
    const ByHand by_hand(library.classes);
    const Server server;
    // Small batches: packets are as warm in the cache as in a server, which has just read them.
    constexpr std::size_t BATCH = 200;
    Clock::duration time{0};
    for (std::size_t done = 0; done < settings.packets; done += BATCH) {
        std::vector<OptionBuffer> wires;
        std::vector<Pkt4Ptr> queries;
        std::vector<Lease4Ptr> leases;
        for (std::size_t index = 0; index < BATCH; ++index) {
            const std::uint32_t number = (done + index) / 2 % 1000;
            const std::uint8_t type = index % 2 ? DHCPREQUEST : DHCPDISCOVER;
            wires.push_back(wire(number, type, settings.laptops));
            if (!settings.whole) {
                queries.push_back(query(wires.back()));
                queries.back()->unpack();
            }
            Lease4Ptr lease(new Lease4());
            lease->addr_ = IOAddress(0x0a000000 + number);
            leases.push_back(lease);
        }
        const Clock::time_point start = Clock::now();
        for (std::size_t index = 0; index < BATCH; ++index) {
            const bool offer = index % 2 == 0;
            Pkt4Ptr packet;
            if (settings.whole) {
                packet = query(wires[index]);
            } else {
                packet.swap(queries[index]);
            }
            if (!driver.receive(packet)) {
                continue;
            }
            if (settings.whole) {
                packet->unpack();
            }
            packet->addClass("ALL");
            by_hand.evaluate(*packet);
            driver.select(packet, leases[index], offer);
            Pkt4Ptr response = answer(server, packet, offer);
            by_hand.answer(*packet, *response);
            driver.send(packet, response);
            if (settings.whole) {
                response->pack();
            }
            if (done == 0 && index == 1) {
                proof = response->toText();
            }
        }
        time += Clock::now() - start;
    }
    const double nanoseconds = std::chrono::duration_cast<std::chrono::nanoseconds>(time).count();
    return (nanoseconds / settings.packets);
}

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return (values[values.size() / 2]);
}

void startLog(bool info) {
    using namespace isc::log;
    initLogger("kea-dhcp4", info ? INFO : WARN, 0, nullptr);
    LoggerManager manager;
    LoggerSpecification specification("kea-dhcp4", info ? INFO : WARN);
    if (info) {
        OutputOption output;
        output.destination = OutputOption::DEST_FILE;
        output.filename = "/dev/null";
        specification.addOutputOption(output);
    } else {
        specification.addOutputOption(OutputOption());
    }
    manager.process(specification);
}

Library parse(const std::string& argument) {
    const std::size_t equals = argument.find('=');
    if (equals == std::string::npos) {
        std::cerr << "expected NAME=LIBRARY[:PARAMETERS.json], found " << argument << "\n";
        std::exit(2);
    }
    Library library;
    library.name = argument.substr(0, equals);
    library.path = argument.substr(equals + 1);
    const std::size_t colon = library.path.find(':');
    if (colon != std::string::npos) {
        library.parameters = Element::fromJSONFile(library.path.substr(colon + 1), true);
        library.path.resize(colon);
    }
    if (library.path == "by-hand") {
        library.path.clear();
        library.classes.swap(library.parameters);
    }
    return (library);
}

}  // namespace

int main(int argc, char** argv) {
    Settings settings;
    std::vector<Library> libraries;
    for (int index = 1; index < argc; ++index) {
        const std::string argument = argv[index];
        if (argument == "--rounds") {
            settings.rounds = std::stoul(argv[++index]);
        } else if (argument == "--packets") {
            settings.packets = std::stoul(argv[++index]);
        } else if (argument == "--whole") {
            settings.whole = true;
        } else if (argument == "--laptops") {
            settings.laptops = true;
        } else if (argument == "--info") {
            settings.info = true;
        } else {
            libraries.push_back(parse(argument));
        }
    }
    startLog(settings.info);
    isc::process::Daemon::setProcName("kea-dhcp4");
    const Points points;
    std::vector<std::string> proofs(libraries.size());
    for (std::size_t round = 0; round <= settings.rounds; ++round) {
        for (std::size_t index = 0; index < libraries.size(); ++index) {
            load(points, libraries[index]);
            const double result = drive(points, settings, libraries[index], proofs[index]);
            if (round > 0) {  // the first round only warms up
                libraries[index].nanoseconds.push_back(result);
            }
        }
    }
    HooksManager::prepareUnloadLibraries();
    HooksManager::unloadLibraries();

    // JSON, one object: the runner makes the table.
    std::cout << "{ \"kea-hooks-version\": " << BENCH_KEA_HOOKS_VERSION << ", \"rounds\": " << settings.rounds
              << ", \"packets\": " << settings.packets
              << ", \"whole\": " << (settings.whole ? "true" : "false")
              << ", \"laptops\": " << (settings.laptops ? "true" : "false")
              << ", \"info\": " << (settings.info ? "true" : "false") << ", \"libraries\": [";
    for (std::size_t index = 0; index < libraries.size(); ++index) {
        const Library& library = libraries[index];
        const auto extremes = std::minmax_element(library.nanoseconds.begin(), library.nanoseconds.end());
        std::cout << (index ? ", " : " ") << "{ \"name\": \"" << library.name
                  << "\", \"median\": " << median(library.nanoseconds) << ", \"least\": " << *extremes.first
                  << ", \"most\": " << *extremes.second << ", \"all\": [";
        for (std::size_t round = 0; round < library.nanoseconds.size(); ++round) {
            std::cout << (round ? ", " : "") << library.nanoseconds[round];
        }
        std::cout << "] }";
    }
    std::cout << " ] }\n";
    if (std::getenv("BENCH_PROOF") != nullptr) {
        for (std::size_t index = 0; index < libraries.size(); ++index) {
            std::cerr << libraries[index].name << ":\n" << proofs[index] << "\n";
        }
    }
    return (0);
}
