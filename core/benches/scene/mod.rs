//! What the benches decide about: catalogues, policies and packets.

use std::fmt::Write;
use std::sync::Arc;

use offhook_core::catalogue::Tables;
use offhook_core::parts::Parts;
use offhook_core::{Context, Edits, Engine, Mac, Query, builtin};

pub const SITE: &str = r#"{"systems": [{"system": "files", "url": "https://provision.example.com/p/"}],
    "voice-vlan": {"id": 120}, "time-servers": ["192.0.2.1"]"#;

/// A catalogue of the first `count` vendors (always with the measured one), repeated under other
/// names and other signs until there are enough.
pub fn tables(count: usize) -> Arc<Tables> {
    let built = builtin::built_in();
    let measured = |id: &str| ["yealink", "polycom", "snom"].contains(&id);
    let mut vendors: Vec<_> =
        built.vendors.iter().filter(|vendor| measured(&vendor.id)).cloned().collect();
    let others: Vec<_> =
        built.vendors.iter().filter(|vendor| !measured(&vendor.id)).cloned().collect();
    let mut round = 0u8;
    while vendors.len() < count {
        for vendor in others.iter().take(count - vendors.len()) {
            let mut vendor = vendor.clone();
            vendor.id = format!("{}-{round}", vendor.id).into();
            if round > 0 {
                for rule in vendor.rules.to_mut() {
                    rule.head = rule.head.iter().copied().chain([b'#', round]).collect();
                    if !rule.any.is_empty() {
                        rule.any = rule.any.iter().copied().chain([0, 0]).collect();
                    }
                    rule.number = rule.number.map(|number| number + 100_000 * u32::from(round));
                }
                for mac in vendor.macs.to_mut() {
                    let shift = 0x0200_0000_0000 * u64::from(round);
                    (mac.first, mac.last) = (mac.first + shift, mac.last + shift);
                }
            }
            vendors.push(vendor);
        }
        round += 1;
    }
    let mut systems: Vec<_> = built.systems.iter().filter(|s| &*s.id == "files").cloned().collect();
    systems.truncate(1);
    // What is for makers that are not among these is left out.
    let there = |id: &str| vendors.iter().any(|vendor| vendor.id == id);
    for system in &mut systems {
        system.serves.to_mut().retain(|serve| serve.vendors.named().iter().all(|id| there(id)));
    }
    Arc::new(
        Tables::build(vendors, systems, built.other_devices.clone(), built.unlisted.clone())
            .unwrap_or_else(|wrong| panic!("{wrong}")),
    )
}

pub fn policy(devices: usize) -> String {
    let mut policy = format!("{SITE}, \"devices\": [");
    for number in 0..devices {
        let mac = Mac::from_number(0x0015_6500_0000 + (number as u64) * 7);
        let comma = if number == 0 { "" } else { "," };
        let _ = write!(
            policy,
            "{comma}{{\"mac\":\"{mac}\",\"vendor\":\"yealink\",\"options\":[{{\"code\":66,\"text\":\"http://lab/{number}.cfg\"}}]}}"
        );
    }
    policy.push_str("]}");
    policy
}

pub fn packet(mac: u64, class: &[u8], host: &str) -> Vec<u8> {
    let mut parts = Parts { mac: Some(Mac::from_number(mac)), ..Parts::default() };
    parts.option(61, [1, 0, 0, 0, 0, 0, 1]);
    parts.option(12, host.as_bytes());
    parts.option(57, [5, 220]);
    parts.option(60, class);
    parts.option(55, [1, 3, 6, 15, 28, 42, 43, 66, 120, 160]);
    parts.wire(1)
}

pub fn phone() -> Vec<u8> {
    packet(0x0004_f200_0001, b"Polycom-VVX410", "Polycom_0004f2000001")
}

pub fn decide(engine: &Engine, wire: &[u8], edits: &mut Edits) {
    if let Some(query) = Query::from_wire(wire, Context::default()) {
        engine.decide(&query).edits(engine, &query, edits);
    }
}
