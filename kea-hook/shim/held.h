// What the server's own leases say about a client: looked up only where a token is due, since a lookup
// costs more than everything else that is done for a packet.
#ifndef OFFHOOK_HELD_H
#define OFFHOOK_HELD_H

#include <asiolink/io_address.h>
#include <dhcp/pkt4.h>

#include <cstdint>
#include <string>
#include <vector>

namespace offhook {

struct Held {
    std::uint32_t proof = 0;          // OFFHOOK_PROOF_...
    std::uint32_t subnet = 0;         // of the lease of the address requested
    std::vector<std::string> before;  // "token" in the notes of the client's leases
};

// Whether ciaddr is leased to the client, and whether its relay's address is leased to another one.
void prove(const isc::dhcp::Pkt4& query, Held& held);

// What the leases of the client's hardware address keep; leased is the address of this exchange.
void lookBack(const isc::dhcp::Pkt4& query, const isc::asiolink::IOAddress& leased, Held& held);

}  // namespace offhook

#endif
