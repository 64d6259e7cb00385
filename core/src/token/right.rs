//! Whether an answer may carry a token: a token is minted for a lease, not for what a client says of
//! itself.
//!
//! Everything in a DHCP packet can be forged: the hardware address, ciaddr, giaddr, option 82. So the
//! address counts that the server gives, or that its own leases show; and the answer must reach the holder
//! of that address, or a relay that the server knows.

use std::fmt;
use std::net::Ipv4Addr;

use super::TokenRule;
use crate::query::{Proof, Query, code};

/// Why an answer carries no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// A client without Ethernet address.
    NoHardwareAddress,
    /// An answer without yiaddr, and no lease that proves the client's address.
    NoLease,
    /// Option 118 (RFC 3011), or link selection in option 82 (RFC 3527).
    SubnetChosen,
    /// The answer goes to ciaddr, which is not the address that is leased.
    OtherAddress,
    /// The relay's address is leased to a client, or is the client's own.
    RelayIsClient,
    /// The policy lists the relays, and this is not one of them.
    UnknownRelay,
    /// See [`Proof::Impostor`].
    Impostor,
    /// See [`Proof::Unknown`].
    NoLookup,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Refusal::NoHardwareAddress => "the client has no Ethernet address",
            Refusal::NoLease => {
                "the answer gives no address, and the server has no lease of the client's address for \
                 this hardware address"
            }
            Refusal::SubnetChosen => {
                "the client or its relay chose the subnet itself (option 118, or link selection in \
                 option 82), and the policy does not list that relay (\"relays\" in \"token\")"
            }
            Refusal::OtherAddress => {
                "the answer would go to another address (ciaddr) than the one that is leased"
            }
            Refusal::RelayIsClient => "the relay's address (giaddr) is leased to a client",
            Refusal::UnknownRelay => {
                "the policy does not list this relay (\"relays\" in \"token\")"
            }
            Refusal::Impostor => {
                "the client differs from what this hardware address has shown before (\"only-if\")"
            }
            Refusal::NoLookup => "the server's leases could not be looked up",
        })
    }
}

/// The address that a token may be minted for.
///
/// # Errors
/// Why the client gets no token.
pub(crate) fn right(rule: &TokenRule, query: &Query<'_>) -> Result<Ipv4Addr, Refusal> {
    if query.mac.is_none() {
        return Err(Refusal::NoHardwareAddress);
    }
    let proof = query.context.proof;
    match proof {
        Proof::Impostor => return Err(Refusal::Impostor),
        Proof::Unknown => return Err(Refusal::NoLookup),
        Proof::None | Proof::Lease | Proof::RelayIsClient => {}
    }
    let listed = query.giaddr.is_some_and(|relay| rule.trusts(relay));
    let by_relay = query.relay_sub_option(code::LINK_SELECTION).is_some();
    if query.subnet_selected || by_relay && !listed {
        return Err(Refusal::SubnetChosen);
    }
    let Some(leased) = query.context.leased else {
        // The answer to a DHCPINFORM goes to ciaddr, whatever relay it came by (RFC 2131, section 4.3.5).
        return match (proof, query.ciaddr) {
            (Proof::Lease, Some(address)) => Ok(address),
            _ => Err(Refusal::NoLease),
        };
    };
    if query.ciaddr.is_some_and(|claimed| claimed != leased) {
        return Err(Refusal::OtherAddress);
    }
    if let Some(relay) = query.giaddr {
        if !rule.relays.is_empty() && !listed {
            return Err(Refusal::UnknownRelay);
        }
        if relay == leased || proof == Proof::RelayIsClient {
            return Err(Refusal::RelayIsClient);
        }
    }
    Ok(leased)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mac::Mac;
    use crate::query::Context;

    const HERE: Ipv4Addr = Ipv4Addr::new(10, 7, 0, 9);
    const THERE: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 66);
    const RELAY: Ipv4Addr = Ipv4Addr::new(10, 7, 0, 1);

    fn ask(change: impl FnOnce(&mut Query<'static>)) -> Result<Ipv4Addr, Refusal> {
        ask_with(&TokenRule::default(), change)
    }

    fn ask_with(
        rule: &TokenRule,
        change: impl FnOnce(&mut Query<'static>),
    ) -> Result<Ipv4Addr, Refusal> {
        let context = Context { leased: Some(HERE), ..Context::default() };
        let mut query =
            Query { mac: Some(Mac([0, 0x15, 0x65, 1, 2, 3])), context, ..Query::default() };
        change(&mut query);
        right(rule, &query)
    }

    #[test]
    fn a_lease_gives_the_right_to_a_token() {
        assert_eq!(ask(|_| ()), Ok(HERE));
        assert_eq!(ask(|query| query.giaddr = Some(RELAY)), Ok(HERE));
        assert_eq!(ask(|query| query.ciaddr = Some(HERE)), Ok(HERE), "a renewal");
        let inform = |proof| {
            ask(|query| {
                query.context.leased = None;
                query.context.proof = proof;
                query.ciaddr = Some(HERE);
                query.giaddr = Some(RELAY);
            })
        };
        assert_eq!(inform(Proof::Lease), Ok(HERE));
        assert_eq!(inform(Proof::None), Err(Refusal::NoLease));
        assert_eq!(inform(Proof::Impostor), Err(Refusal::Impostor));
    }

    #[test]
    fn what_a_client_says_of_itself_gives_none() {
        assert_eq!(ask(|query| query.mac = None), Err(Refusal::NoHardwareAddress));
        assert_eq!(ask(|query| query.ciaddr = Some(THERE)), Err(Refusal::OtherAddress));
        assert_eq!(ask(|query| query.take(118, &[10, 7, 0, 0])), Err(Refusal::SubnetChosen));
        let link = |query: &mut Query<'static>| {
            query.giaddr = Some(RELAY);
            query.take(82, &[5, 4, 10, 7, 0, 0]);
        };
        assert_eq!(ask(link), Err(Refusal::SubnetChosen));
        assert_eq!(ask(|query| query.giaddr = Some(HERE)), Err(Refusal::RelayIsClient));
        let leased_relay = |query: &mut Query<'static>| {
            query.giaddr = Some(RELAY);
            query.context.proof = Proof::RelayIsClient;
        };
        assert_eq!(ask(leased_relay), Err(Refusal::RelayIsClient));
        let rule =
            TokenRule { relays: vec!["10.7.0.1/32".parse().unwrap()], ..TokenRule::default() };
        assert_eq!(ask_with(&rule, link), Ok(HERE), "a relay that the policy lists may choose");
        assert_eq!(ask_with(&rule, |query| query.giaddr = Some(THERE)), Err(Refusal::UnknownRelay));
    }
}
