//! What a trial on real servers needs: the phones to ask, and the places at which they are.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use offhook_core::Mac;
use offhook_core::catalogue::Tables;
use offhook_core::parts::Parts;

use crate::evaluate::Asked;
use crate::model::{Old, Target};
use crate::probes::{by_address, probes, single, stranger};

/// A place at which phones are asked.
#[derive(Debug, Clone)]
pub struct Ground {
    /// For people; empty: outside of every subnet that the configuration names.
    pub name: String,
    /// The network around it.
    pub network: Ipv4Net,
    /// The part of it where something else holds, for pools.
    pub part: Option<Ipv4Net>,
    /// The relay's address there.
    pub relay: Ipv4Addr,
    /// Its position in [`Old::locations`].
    pub location: Option<usize>,
}

/// What the configuration sends to every client at a place, by its rules.
pub fn everyone(old: &Old, ground: &Ground) -> BTreeMap<u8, Vec<u8>> {
    let told = Asked::new(old).ask(&stranger(), ground.location);
    told.options.into_iter().map(|(code, said)| (code, said.bytes)).collect()
}

/// A phone that is asked.
#[derive(Debug, Clone)]
pub struct Asker {
    /// For people.
    pub name: String,
    /// Its packet.
    pub parts: Parts,
    /// The address that the configuration reserves for it: it is asked only there.
    pub reserved: Option<Ipv4Addr>,
}

/// The places of a configuration, as far as their networks can hold a relay and a lease.
pub fn grounds(old: &Old) -> Vec<Ground> {
    let mut grounds: Vec<Ground> = Vec::new();
    for (at, location) in old.locations.iter().enumerate() {
        let Some(first) = location.networks.first().copied() else { continue };
        let around =
            location.inside.and_then(|at| old.locations.get(at)?.networks.first().copied());
        let network = around.unwrap_or(first);
        if network.prefix_len() > 29
            || grounds
                .iter()
                .any(|ground| ground.network == network && ground.part == around.map(|_| first))
        {
            continue;
        }
        let relay = Ipv4Addr::from(u32::from(network.broadcast()) - 1);
        grounds.push(Ground {
            name: location.name.clone(),
            network,
            part: around.map(|_| first),
            relay,
            location: Some(at),
        });
    }
    grounds
}

/// One phone for each maker and model of the catalogue's examples, the phones that the configuration names one
/// by one (of them at most `most`), and a client that is not a phone.
pub fn askers(tables: &Tables, old: &Old, most: usize) -> Vec<Asker> {
    let all = probes(tables, old);
    let named: BTreeSet<Mac> = single(old).iter().map(|host| host.mac).collect();
    let requests = requests(tables, old);
    let mut seen = BTreeSet::new();
    let mut askers = vec![Asker { name: STRANGER.to_owned(), parts: stranger(), reserved: None }];
    for probe in &all {
        let by_class = probe.parts.options.iter().any(|(code, _)| *code == 60);
        let by_mac = probe.parts.mac != stranger_mac();
        let known = (probe.vendor, probe.variant, probe.model.clone(), by_class, by_mac);
        let is_named = probe.parts.mac.is_some_and(|mac| named.contains(&mac));
        if probe.example && !is_named && seen.insert(known) {
            let mut parts = probe.parts.clone();
            // Each client has an address of its own: a lease belongs to it.
            if !by_mac {
                let number = u32::try_from(askers.len()).unwrap_or(u32::MAX).to_be_bytes();
                parts.mac = Some(Mac([2, 0, number[0], number[1], number[2], number[3]]));
            }
            parts.options.retain(|(code, _)| *code != 82);
            askers.push(Asker { name: probe.name.clone(), parts, reserved: None });
        }
    }
    for host in single(old).into_iter().take(most) {
        if let Some((vendor, parts)) = by_address(tables, &all, host.mac) {
            let name = format!("{}: {}, named one by one", tables.at(vendor).id, host.mac);
            askers.push(Asker { name, parts, reserved: host.address });
        }
    }
    for asker in &mut askers {
        if !asker.parts.options.iter().any(|(code, _)| *code == 55) {
            asker.parts.options.push((55, requests.clone()));
        }
    }
    askers
}

/// What a phone requests whose example has no request list: everything that one of the two sides may send.
/// Servers leave out what is not requested, and dnsmasq puts it into other fields.
fn requests(tables: &Tables, old: &Old) -> Vec<u8> {
    let mut codes: BTreeSet<u8> = BTreeSet::from([1, 3, 6, 12, 15, 28, 42]);
    for rule in &old.rules {
        match &rule.target {
            Target::Option(code) | Target::Encapsulate { outer: code, .. } => {
                _ = codes.insert(*code)
            }
            _ => {}
        }
    }
    for vendor in &*tables.vendors {
        codes.extend(vendor.tells.iter().map(|tell| tell.option.code).filter(|code| *code > 0));
        let reads = vendor.reads.iter().filter_map(|read| Some(read.code.option()?.0));
        codes.extend(reads);
    }
    codes.into_iter().collect()
}

/// The name of the client that is not a phone.
pub const STRANGER: &str = "a client that is not a phone";

/// The address that the catalogue's examples have where they give none.
fn stranger_mac() -> Option<Mac> {
    Some(Mac([2, 0, 0, 0, 0, 1]))
}
