//! The first site in a policy's order at which a client is, without asking every site.
//!
//! A site is filed under the values of one kind that it names, of which a client must have one: under all of its
//! networks, for instance. A packet has few values of each kind, so few sites are asked. What cannot be filed (a circuit
//! id of which only the beginning is named) is asked always.

use std::collections::HashMap;
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use super::{at_site, places};
use crate::policy::{RelayId, Site};
use crate::query::{Query, trimmed};

/// Places in the policy, ascending.
type Places = Vec<u32>;

/// The sites of a policy, filed. Built once; a look-up allocates nothing.
#[derive(Debug, Default)]
pub(crate) struct SiteIndex {
    /// By the length of their prefix and their first address.
    networks: HashMap<(u8, u32), Places>,
    /// The lengths that occur.
    lengths: Vec<u8>,
    relays: HashMap<Ipv4Addr, Places>,
    interfaces: HashMap<Box<[u8]>, Places>,
    circuit_ids: HashMap<Box<[u8]>, Places>,
    remote_ids: HashMap<Box<[u8]>, Places>,
    client_classes: HashMap<Box<[u8]>, Places>,
    always: Places,
}

impl SiteIndex {
    pub(crate) fn new(sites: &[Site]) -> SiteIndex {
        let mut index = SiteIndex::default();
        for (site, place) in sites.iter().zip(0..) {
            index.file(site, place);
        }
        index.lengths.sort_unstable();
        index.lengths.dedup();
        index
    }

    /// Under the first kind that the site names, in the order of how few sites usually share a value.
    fn file(&mut self, site: &Site, place: u32) {
        let wanted = &site.matching;
        let whole = |ids: &[RelayId]| !ids.is_empty() && ids.iter().all(|id| !id.open);
        let ids = |ids: &[RelayId]| {
            ids.iter().map(|id| trimmed(&id.bytes).into()).collect::<Vec<Box<[u8]>>>()
        };
        let texts = |texts: &[String]| {
            texts.iter().map(|text| text.as_bytes().into()).collect::<Vec<Box<[u8]>>>()
        };
        if whole(&wanted.remote_ids) {
            file_all(&mut self.remote_ids, ids(&wanted.remote_ids), place);
        } else if whole(&wanted.circuit_ids) {
            file_all(&mut self.circuit_ids, ids(&wanted.circuit_ids), place);
        } else if !wanted.networks.is_empty() {
            self.lengths.extend(wanted.networks.iter().map(Ipv4Net::prefix_len));
            file_all(&mut self.networks, wanted.networks.iter().map(filed_as), place);
        } else if !wanted.relays.is_empty() {
            file_all(&mut self.relays, wanted.relays.iter().copied(), place);
        } else if !wanted.interfaces.is_empty() {
            file_all(&mut self.interfaces, texts(&wanted.interfaces), place);
        } else if !wanted.client_classes.is_empty() {
            file_all(&mut self.client_classes, texts(&wanted.client_classes), place);
        } else {
            self.always.push(place);
        }
    }

    /// Where in the policy the client's site is.
    pub(crate) fn first(&self, sites: &[Site], query: &Query<'_>) -> Option<usize> {
        let mut best = None;
        let mut ask = |places: Option<&Places>| {
            let earlier = |place: &u32| best.is_none_or(|best| *place < best);
            let at =
                |place: &u32| sites.get(*place as usize).is_some_and(|site| at_site(site, query));
            let found = places
                .into_iter()
                .flatten()
                .take_while(|place| earlier(place))
                .find(|place| at(place));
            best = found.copied().or(best);
        };
        ask(Some(&self.always));
        if !self.lengths.is_empty() {
            for address in places(query) {
                for length in &self.lengths {
                    ask(self.networks.get(&(*length, first_of(address, *length))));
                }
            }
        }
        if let Some(relay) = query.giaddr.filter(|_| !self.relays.is_empty()) {
            ask(self.relays.get(&relay));
        }
        if !self.interfaces.is_empty() {
            ask(self.interfaces.get(query.context.interface));
        }
        for (filed, sub_option) in [(&self.circuit_ids, 1), (&self.remote_ids, 2)] {
            if let Some(id) = query.relay_sub_option(sub_option).filter(|_| !filed.is_empty()) {
                ask(filed.get(trimmed(id)));
            }
        }
        if !self.client_classes.is_empty() {
            for class in query.context.classes {
                ask(self.client_classes.get(*class));
            }
        }
        best.map(|place| place as usize)
    }
}

/// Once under each value, also where a site names one twice.
fn file_all<K: Eq + std::hash::Hash>(
    filed: &mut HashMap<K, Places>,
    values: impl IntoIterator<Item = K>,
    place: u32,
) {
    for value in values {
        let places = filed.entry(value).or_default();
        if places.last() != Some(&place) {
            places.push(place);
        }
    }
}

fn filed_as(network: &Ipv4Net) -> (u8, u32) {
    (network.prefix_len(), network.network().to_bits())
}

/// The first address of the network of this length that an address is in.
fn first_of(address: Ipv4Addr, length: u8) -> u32 {
    let hosts = u32::MAX.checked_shr(length.into()).unwrap_or(0);
    address.to_bits() & !hosts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Context;
    use crate::builtin;
    use crate::parts::Parts;
    use proptest::prelude::*;

    /// Few values, so that sites share some and packets meet them.
    fn value() -> impl Strategy<Value = u8> {
        0u8..4
    }

    fn some(kind: impl Strategy<Value = String>) -> impl Strategy<Value = Vec<String>> {
        prop_oneof![2 => Just(Vec::new()), 1 => prop::collection::vec(kind, 1..3)]
    }

    fn a_match() -> impl Strategy<Value = String> {
        let network =
            (value(), prop_oneof![Just(8u8), Just(24), Just(32)]).prop_map(|(n, length)| {
                match length {
                    8 => "10.0.0.0/8".to_owned(),
                    24 => format!("10.0.{n}.0/24"),
                    _ => format!("10.0.0.{n}/32"),
                }
            });
        let relay = value().prop_map(|n| format!("10.9.0.{n}"));
        let name = |head: &'static str| value().prop_map(move |n| format!("{head}{n}"));
        let id = (value(), any::<bool>())
            .prop_map(|(n, open)| format!("id{n}{}", if open { "*" } else { "" }));
        (some(network), some(relay), some(name("eth")), some(name("C")), some(id)).prop_map(
            |(networks, relays, interfaces, classes, circuits)| {
                let kinds = [
                    ("networks", networks),
                    ("relays", relays),
                    ("interfaces", interfaces),
                    ("client-classes", classes),
                    ("circuit-ids", circuits),
                ];
                let given: Vec<String> = kinds
                    .iter()
                    .filter(|(_, values)| !values.is_empty())
                    .map(|(key, values)| {
                        format!("\"{key}\": {}", serde_json::to_string(values).expect("texts"))
                    })
                    .collect();
                match given.is_empty() {
                    true => "\"interfaces\": [\"eth0\"]".to_owned(),
                    false => given.join(", "),
                }
            },
        )
    }

    proptest! {
        /// The index finds what asking every site in turn finds.
        #[test]
        fn the_first_site_is_found(
            matches in prop::collection::vec(a_match(), 0..12),
            leased in prop::option::of((value(), value())),
            relay in prop::option::of(value()),
            interface in value(),
            class in prop::option::of(value()),
            circuit in prop::option::of("id[0-3]\\x00{0,1}|id[0-3]x"),
        ) {
            let sites: Vec<String> = matches
                .iter()
                .enumerate()
                .map(|(at, given)| format!("{{\"name\": \"s{at}\", \"match\": {{{given}}}}}"))
                .collect();
            let text = format!("{{\"sites\": [{}]}}", sites.join(", "));
            let policy = crate::policy::policy(&text, &builtin::shared()).expect("a policy");
            let mut parts = Parts::default();
            if let Some(circuit) = &circuit {
                let length = u8::try_from(circuit.len()).expect("a short id");
                parts.option(82, [&[1, length], circuit.as_bytes()].concat());
            }
            parts.giaddr = relay.map(|n| Ipv4Addr::new(10, 9, 0, n));
            let wire = parts.wire(1);
            let (interface, class) = (format!("eth{interface}"), class.map(|n| format!("C{n}")));
            let classes: Vec<&[u8]> = class.iter().map(String::as_bytes).collect();
            let context = Context {
                leased: leased.map(|(a, b)| Ipv4Addr::new(10, 0, a, b)),
                interface: interface.as_bytes(),
                classes: &classes,
                ..Context::default()
            };
            let query = Query::from_wire(&wire, context).expect("a packet");
            let expected = policy.sites.iter().position(|site| at_site(site, &query));
            prop_assert_eq!(SiteIndex::new(&policy.sites).first(&policy.sites, &query), expected);
        }
    }
}
