// A Kea packet as the engine wants to see it: pointers into Kea's own objects, nothing copied.
#ifndef OFFHOOK_PACKET_H
#define OFFHOOK_PACKET_H

#include "../include/abi.h"

#include <dhcp/pkt4.h>

#include <array>
#include <string>
#include <vector>

namespace offhook {

// Lives for one callout; the packet must outlive it.
class Packet {
public:
    // needs: what the policy wants to know beyond the wire bytes (OFFHOOK_NEEDS_...).
    Packet(const isc::dhcp::Pkt4& query, std::uint32_t needs) : interface_(query.getIface()), packet_() {
        // data_ holds what was received, untouched, for as long as the packet lives.
        packet_.wire = {query.data_.data(), query.data_.size()};
        packet_.interface = {reinterpret_cast<const std::uint8_t*>(interface_.data()), interface_.size()};
        if (needs & OFFHOOK_NEEDS_CLASSES) {
            classesOf(query);
        }
    }

    Packet(const Packet&) = delete;
    Packet& operator=(const Packet&) = delete;

    void leased(std::uint32_t address) { packet_.leased = address; }
    void reply(std::uint8_t type, std::uint64_t now) {
        packet_.reply = type;
        packet_.now = now;
    }
    // What the server's own leases say; the texts must outlive the packet.
    void proof(std::uint32_t proof) { packet_.proof = proof; }
    void subnet(std::uint32_t id) { packet_.subnet = id; }
    void before(const std::vector<std::string>& texts) {
        for (const std::string& text : texts) {
            before_.push_back({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
        }
        packet_.before = before_.data();
        packet_.before_len = before_.size();
    }
    void interfaceAddress(std::uint32_t address) { packet_.interface_address = address; }

    const offhook_packet* get() const { return (&packet_); }

private:
    void classesOf(const isc::dhcp::Pkt4& query) {
        std::size_t count = 0;
        for (const std::string& name : query.getClasses()) {
            if (count == classes_.size()) {
                break;
            }
            classes_[count++] = {reinterpret_cast<const std::uint8_t*>(name.data()), name.size()};
        }
        packet_.classes = classes_.data();
        packet_.classes_len = count;
    }

    const std::string interface_;
    // More classes than this has no client; the rest would not be matched by "client-classes".
    std::array<offhook_bytes, 64> classes_;
    std::vector<offhook_bytes> before_;
    offhook_packet packet_;
};

}  // namespace offhook

#endif
