//! `offhook phones --unlisted`: devices that look like phones of no maker in the catalogue, and their packets as
//! files that `offhook vendors new` turns into a draft.

use std::io::Write;
use std::net::Ipv4Addr;
use std::path::Path;

use offhook_core::Mac;
use offhook_core::text::{parse_hex, printable};
use offhook_edge::folder::Folder;
use serde::Serialize;
use serde_json::{Value, json};

use crate::book;
use crate::input::{self, Failure, wrong};
use crate::kea::Kea;
use crate::kea::pages::UNRECOGNISED;

/// A device that may be a phone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Device {
    pub mac: String,
    pub address: Option<Ipv4Addr>,
    /// The weak signs by which it is named; empty: it is not named, and only looks like a phone.
    pub signs: Vec<String>,
    /// Why it looks like a phone.
    pub looks_like_a_phone_by: Option<String>,
    pub vendor_class: Option<String>,
    pub site: Option<String>,
    /// Seconds since 1970.
    pub last_seen: Option<u64>,
    /// Where this was read.
    pub server: String,
    /// Where its packet was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub packet: Option<String>,
    /// Its packet, as hex digits.
    #[serde(skip)]
    digits: Option<String>,
}

/// Visits what a Kea has seen.
pub fn from_kea(kea: &Kea, packets: bool, mut visit: impl FnMut(Device)) -> Result<(), Failure> {
    let target = kea.shown();
    kea.pages(&UNRECOGNISED, &mut |entry| {
        let Some(mut device) = seen(entry, &target) else { return Ok(()) };
        if packets {
            let wanted = json!({ "hw-address": device.mac, "packet": true });
            device.digits = text(&kea.ask("phone-get", wanted)?["packet"]);
        }
        visit(device);
        Ok(())
    })
}

fn seen(entry: &Value, server: &str) -> Option<Device> {
    let device = Device {
        mac: Mac::parse(entry["hw-address"].as_str()?)?.to_string(),
        address: entry["ip-address"].as_str().and_then(|text| text.parse().ok()),
        signs: texts(&entry["unlisted"]),
        looks_like_a_phone_by: text(&entry["looks-like-a-phone-by"]),
        vendor_class: text(&entry["vendor-class"]),
        site: text(&entry["site"]),
        last_seen: entry["last-seen"].as_u64(),
        server: server.to_owned(),
        packet: None,
        digits: None,
    };
    // Another catalogue may have shown more than the one in force.
    (!device.signs.is_empty() || device.looks_like_a_phone_by.is_some()).then_some(device)
}

/// Visits what the dnsmasq companion has recorded.
pub fn from_dnsmasq(directory: &Path, mut visit: impl FnMut(Device)) -> Result<(), Failure> {
    book::records(directory, |record| {
        let signs = texts(&record["unlisted"]);
        let mac = record["mac"].as_str().and_then(Mac::parse);
        let Some(mac) = mac.filter(|_| !signs.is_empty()) else { return };
        visit(Device {
            mac: mac.to_string(),
            address: record["address"].as_str().and_then(|text| text.parse().ok()),
            signs,
            looks_like_a_phone_by: None,
            vendor_class: text(&record["vendor-class"]),
            site: text(&record["site"]),
            last_seen: record["last-seen"].as_u64(),
            server: directory.display().to_string(),
            packet: None,
            digits: text(&record["packet"]),
        });
    })
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(text).collect()
}

/// Writes each device's packet into a file of its own, which must not be there yet.
fn write_packets(devices: &mut [Device], directory: &Path) -> Result<(), Failure> {
    let shown = directory.display();
    let folder =
        Folder::open_or_make(directory).map_err(|error| wrong(format!("{shown}: {error}")))?;
    for device in devices {
        let Some(mac) = Mac::parse(&device.mac) else { continue };
        // A server's word: digits, or it is not written.
        let bytes = device.digits.as_deref().map(parse_hex);
        let Some(Ok(bytes)) = bytes.filter(|bytes| bytes.as_ref().is_ok_and(|b| !b.is_empty()))
        else {
            continue;
        };
        let name = format!("{}.hex", hex::encode(mac.0));
        let cannot = |error: std::io::Error| {
            let what = match error.kind() {
                std::io::ErrorKind::AlreadyExists => {
                    "is there already; remove it, or name another folder".to_owned()
                }
                _ => error.to_string(),
            };
            wrong(format!("{shown}/{name}: {what}"))
        };
        let mut file = folder.new_private_file(&name).map_err(cannot)?;
        file.write_all(format!("{}\n", hex::encode(bytes)).as_bytes()).map_err(cannot)?;
        device.packet = Some(directory.join(&name).display().to_string());
    }
    Ok(())
}

/// Writes the packets where they are wanted, and prints the list.
pub fn print(mut devices: Vec<Device>, packets: Option<&Path>, json: bool) -> Result<(), Failure> {
    devices.sort();
    devices.dedup_by(|a, b| a.mac == b.mac);
    if let Some(directory) = packets {
        write_packets(&mut devices, directory)?;
    }
    if json {
        return input::json(&devices);
    }
    let shown = |text: &Option<String>| match text {
        Some(text) => printable(text.as_bytes()),
        None => "-".to_owned(),
    };
    for device in &devices {
        let address = device.address.map_or_else(|| "-".to_owned(), |address| address.to_string());
        let why = match (&device.signs[..], device.looks_like_a_phone_by.as_deref()) {
            ([], Some("request-list")) => {
                "not named: it only requests an option that phones request".to_owned()
            }
            ([], _) => {
                "not named: it only has an address of a block that phones have too".to_owned()
            }
            (signs, _) => printable(signs.join("; ").as_bytes()),
        };
        input::line(format!(
            "{:15} {} {:14} {:30} {why}",
            address,
            device.mac,
            shown(&device.site),
            shown(&device.vendor_class)
        ))?;
    }
    let named = devices.iter().filter(|device| !device.signs.is_empty()).count();
    input::line(format!(
        "{} devices of no known maker that look like phones, {named} of them named",
        devices.len()
    ))?;
    if let Some(directory) = packets {
        let written = devices.iter().filter(|device| device.packet.is_some()).count();
        input::line(format!(
            "{written} packets written to {}; next: offhook vendors new --from-packet FILE",
            directory.display()
        ))?;
    }
    Ok(())
}
