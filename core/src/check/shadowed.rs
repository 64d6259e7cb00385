//! Which earlier site takes all clients of a later one, without comparing each site with all before it.
//!
//! A site takes all clients of another only if, of every kind that it names, its values hold all values of
//! the other, so also the other's first one. So each site is found by one kind's values: the kind whose
//! values the fewest sites share.

use std::collections::HashMap;

use ipnet::Ipv4Net;

use crate::policy::{RelayId, Site, SiteMatch};

/// A value of one kind: the kind's number and the value's bytes.
type Value = (u8, Vec<u8>);

pub(super) struct Earlier<'s> {
    sites: &'s [Site],
    /// How many sites name a value.
    shared: HashMap<Value, usize>,
    places: HashMap<Value, Vec<usize>>,
    /// Which lengths the networks have.
    lengths: [bool; 33],
}

impl<'s> Earlier<'s> {
    pub(super) fn new(sites: &'s [Site]) -> Earlier<'s> {
        let (mut shared, mut lengths) = (HashMap::new(), [false; 33]);
        for site in sites {
            for value in kinds(&site.matching).into_iter().flatten() {
                *shared.entry(value).or_insert(0) += 1;
            }
            for network in &site.matching.networks {
                if let Some(length) = lengths.get_mut(usize::from(network.prefix_len())) {
                    *length = true;
                }
            }
        }
        Earlier { sites, shared, places: HashMap::new(), lengths }
    }

    /// From now on this site is an earlier one.
    pub(super) fn add(&mut self, index: usize) {
        let Some(site) = self.sites.get(index) else { return };
        let most = |values: &Vec<Value>| {
            values.iter().filter_map(|value| self.shared.get(value)).max().copied()
        };
        let all = kinds(&site.matching).into_iter().filter(|values| !values.is_empty());
        let rarest = all.min_by_key(most).unwrap_or_default();
        for value in rarest {
            self.places.entry(value).or_default().push(index);
        }
    }

    /// The first earlier site that takes all clients of this one.
    pub(super) fn covering(&self, narrow: &SiteMatch) -> Option<usize> {
        let mut keys: Vec<Value> =
            kinds(narrow).into_iter().filter_map(|values| values.into_iter().next()).collect();
        if let Some(first) = narrow.networks.first() {
            let wider = (0..first.prefix_len()).filter(|length| self.lengths[usize::from(*length)]);
            let wider = wider.filter_map(|length| Ipv4Net::new(first.addr(), length).ok());
            keys.extend(wider.map(|network| value(&network.trunc())));
        }
        for (kind, ids) in [(4, &narrow.circuit_ids), (5, &narrow.remote_ids)] {
            let Some(first) = ids.first() else { continue };
            let wider = (1..=first.bytes.len()).filter_map(|length| first.bytes.get(..length));
            let open = |bytes: &[u8]| RelayId { bytes: bytes.to_vec(), open: true };
            keys.extend(wider.map(|bytes| id_value(kind, &open(bytes))));
        }
        let candidates = keys.iter().filter_map(|key| self.places.get(key)).flatten();
        let covers = |index: &&usize| {
            self.sites.get(**index).is_some_and(|site| covers(&site.matching, narrow))
        };
        candidates.filter(covers).min().copied()
    }
}

fn value(network: &Ipv4Net) -> Value {
    (0, [&network.addr().octets()[..], &[network.prefix_len()]].concat())
}

/// Behind the bytes: whether longer ids are meant too.
fn id_value(kind: u8, id: &RelayId) -> Value {
    (kind, [&id.bytes[..], &[u8::from(id.open)]].concat())
}

/// The values of each kind.
fn kinds(matching: &SiteMatch) -> [Vec<Value>; 6] {
    let texts = |kind: u8, texts: &[String]| -> Vec<Value> {
        texts.iter().map(|text| (kind, text.as_bytes().to_vec())).collect()
    };
    let ids = |kind: u8, ids: &[RelayId]| ids.iter().map(|id| id_value(kind, id)).collect();
    [
        matching.networks.iter().map(value).collect(),
        matching.relays.iter().map(|relay| (1, relay.octets().to_vec())).collect(),
        texts(2, &matching.interfaces),
        texts(3, &matching.client_classes),
        ids(4, &matching.circuit_ids),
        ids(5, &matching.remote_ids),
    ]
}

fn covers(wide: &SiteMatch, narrow: &SiteMatch) -> bool {
    fn within<T>(wide: &[T], narrow: &[T], holds: impl Fn(&T, &T) -> bool) -> bool {
        wide.is_empty()
            || (!narrow.is_empty() && narrow.iter().all(|n| wide.iter().any(|w| holds(w, n))))
    }
    within(&wide.networks, &narrow.networks, |wide, narrow| wide.contains(narrow))
        && within(&wide.relays, &narrow.relays, |a, b| a == b)
        && within(&wide.interfaces, &narrow.interfaces, |a, b| a == b)
        && within(&wide.client_classes, &narrow.client_classes, |a, b| a == b)
        && within(&wide.circuit_ids, &narrow.circuit_ids, RelayId::covers)
        && within(&wide.remote_ids, &narrow.remote_ids, RelayId::covers)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::policy::Scope;

    fn site(networks: &[&str], circuits: &[&str]) -> Site {
        let matching = SiteMatch {
            networks: networks.iter().map(|text| text.parse().unwrap()).collect(),
            circuit_ids: circuits.iter().filter_map(|text| RelayId::parse(text)).collect(),
            ..SiteMatch::default()
        };
        Site { name: String::new(), matching, scope: Scope::default() }
    }

    proptest! {
        #[test]
        fn the_index_finds_what_comparing_all_finds(
            chosen in prop::collection::vec((0usize..7, 0usize..7, 0usize..5, 0usize..5), 0..30),
        ) {
            let networks = [
                "10.0.0.0/8", "10.0.0.0/16", "10.1.0.0/16", "10.0.5.0/24", "0.0.0.0/0",
                "192.0.2.0/24",
            ];
            let sites: Vec<Site> = chosen
                .iter()
                .map(|(a, b, c, d)| {
                    let two: Vec<&str> = [a, b].iter().filter_map(|at| networks.get(**at).copied()).collect();
                    let ids: Vec<&str> = [c, d].iter().filter_map(|at| ["x", "x*", "xy*", "xyz"].get(**at).copied()).collect();
                    site(&two, &ids)
                })
                .filter(|site| site.matching != SiteMatch::default())
                .collect();
            let mut earlier = Earlier::new(&sites);
            for (index, site) in sites.iter().enumerate() {
                let expected = sites[..index]
                    .iter()
                    .position(|other| covers(&other.matching, &site.matching));
                prop_assert_eq!(earlier.covering(&site.matching), expected);
                earlier.add(index);
            }
        }
    }
}
