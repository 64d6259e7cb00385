//! Recognition against public collections of DHCP strings
//! (`tests/collections/*.tsv`; its README says where each line comes from).

// A test fails by panicking.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use std::path::Path;

use offhook_core::parts::Parts;
use offhook_core::recognise::{Finding, recognise};
use offhook_core::text::parse_hex;
use offhook_core::{Mac, Query, builtin};

pub struct Line {
    pub vendor: String,
    pub parts: Parts,
    pub shown: String,
}

fn value(text: &str) -> Vec<u8> {
    match text.strip_prefix("0x").map(parse_hex) {
        Some(Ok(bytes)) => bytes,
        _ => text.as_bytes().to_vec(),
    }
}

pub fn lines() -> Vec<Line> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/collections");
    let mut lines = Vec::new();
    for entry in std::fs::read_dir(folder).expect("tests/collections").flatten() {
        let path = entry.path();
        if path.extension().is_none_or(|extension| extension != "tsv") {
            continue;
        }
        let name = entry.file_name().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).expect("a text file");
        let lists =
            text.lines().any(|line| line.starts_with("# expected\t") && line.contains("option-55"));
        for line in text.lines() {
            if line.is_empty() || line.starts_with('#') || line.starts_with("vendor\t") {
                continue;
            }
            let cells: Vec<&str> = line.split('\t').collect();
            let cell = |index: usize| cells.get(index).copied().unwrap_or_default();
            let mut parts = Parts { mac: Mac::parse(cell(1)), ..Parts::default() };
            parts.option(60, value(cell(2)));
            parts.option(77, value(cell(3)));
            parts.option(12, value(cell(4)));
            if lists {
                parts.option(
                    55,
                    offhook_core::parts::request_list(cell(5)).expect("option numbers"),
                );
            }
            let shown = format!("{name}: {}", cells[..cells.len().min(6)].join(" | "));
            lines.push(Line { vendor: cell(0).to_owned(), parts, shown });
        }
    }
    lines
}

#[test]
fn phones_are_named_rightly_and_nothing_else_is_taken_for_one() {
    let tables = builtin::built_in();
    let (mut phones, mut right, mut others) = (0, 0, 0);
    let (mut missed, mut misnamed, mut taken) = (Vec::new(), Vec::new(), Vec::new());
    let mut with_address = 0;
    for line in lines() {
        let found = match recognise(tables, &Query::from_parts(&line.parts, &[])) {
            Finding::Phone(identity) => Some(&*tables.at(identity.vendor).id),
            _ => None,
        };
        match (&*line.vendor, found) {
            ("-", None) => {
                others += 1;
                with_address += usize::from(has_phone_makers_address(&line.parts));
            }
            ("-", Some(found)) => taken.push(format!("taken for {found}: {}", line.shown)),
            (wanted, Some(found)) if wanted == found => {
                phones += 1;
                right += 1;
            }
            (_, Some(found)) => {
                phones += 1;
                misnamed.push(format!("named {found}: {}", line.shown));
            }
            (_, None) => {
                phones += 1;
                missed.push(format!("not named: {}", line.shown));
            }
        }
    }
    println!("{right} of {phones} phones named rightly; {others} others left alone");
    println!("{}", missed.join("\n"));
    println!("{with_address} of the others have an address of a phone maker");
    assert!(phones >= 150 && others >= 900, "{phones} phones, {others} others: too few to tell");
    assert!(with_address >= 120, "{with_address} with a phone maker's address: too few to tell");
    assert!(taken.is_empty(), "{}", taken.join("\n"));
    assert!(misnamed.is_empty(), "{}", misnamed.join("\n"));
    let missed = missed.join("\n");
    assert!(right * 100 >= phones * 97, "{right} of {phones} named rightly:\n{missed}");
}

/// Whether the address alone would be that of a phone.
fn has_phone_makers_address(parts: &Parts) -> bool {
    let tables = builtin::built_in();
    let mac = parts.mac.map(Mac::number);
    mac.is_some_and(|mac| {
        let ranges = tables.vendors.iter().flat_map(|vendor| vendor.macs.iter());
        ranges
            .filter(|range| range.shared.is_none())
            .any(|range| (range.first..=range.last).contains(&mac))
    })
}

/// A device that its option 60 gives away is not a phone with any maker's address.
#[test]
fn no_phone_makers_address_outweighs_the_text_of_another_device() {
    let tables = builtin::built_in();
    let own: Vec<(&str, Mac)> = tables
        .vendors
        .iter()
        .flat_map(|vendor| vendor.macs.iter().map(move |range| (vendor, range)))
        .filter(|(_, range)| range.shared.is_none())
        .map(|(vendor, range)| (&*vendor.id, Mac::from_number(range.first + 7)))
        .collect();
    let (mut tried, mut taken) = (0, Vec::new());
    for line in lines().iter().filter(|line| line.vendor == "-") {
        let has_text = line.parts.options.iter().any(|(code, _)| *code == 60);
        for (vendor, mac) in own.iter().filter(|_| has_text) {
            let parts = Parts { mac: Some(*mac), ..line.parts.clone() };
            tried += 1;
            if matches!(recognise(tables, &Query::from_parts(&parts, &[])), Finding::Phone(_)) {
                taken.push(format!("with an address of {vendor}: {}", line.shown));
            }
        }
    }
    taken.dedup_by_key(|line| line.split(": ").skip(1).collect::<String>());
    println!("{tried} tried");
    assert!(taken.is_empty(), "{} of {tried}:\n{}", taken.len(), taken.join("\n"));
}
