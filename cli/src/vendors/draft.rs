//! `offhook vendors new --from-packet`: a packet of an unknown phone becomes a draft of its folder.
//!
//! Says what the packet contains and what has to be found out; invents no fact.

use std::fmt::{self, Write};
use std::path::PathBuf;

use offhook_core::catalogue::Tables;
use offhook_core::catalogue::unlisted::in_words;
use offhook_core::query::{Context, Query, trimmed};
use offhook_core::recognise::{Finding, recognise};
use offhook_core::text::printable;

use crate::capture;
use crate::input::{self, Catalogue, Failure, wrong};

/// Prints a draft of a vendor's folder from a packet of one of its phones
#[derive(clap::Args)]
#[command(after_help = "Example:
  offhook vendors new --from-packet unknown-phone.pcap > vendor.toml")]
pub struct Arguments {
    /// A capture (pcap, pcapng), or one DHCP packet in bytes or hex digits
    #[arg(long, value_name = "FILE")]
    from_packet: PathBuf,
    #[command(flatten)]
    catalogue: Catalogue,
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let packets = capture::read(&arguments.from_packet)?;
    let Some(packet) = packets.iter().find(|packet| packet.is_clients()) else {
        let file = arguments.from_packet.display();
        return Err(wrong(format!("{file}: no packet of a client (BOOTREQUEST) in it")));
    };
    let Some(query) = Query::from_wire(&packet.bytes, Context::default()) else {
        return Err(wrong("not even a BOOTP header"));
    };
    let tables = arguments.catalogue.tables()?;
    let text = draft(&tables, &query).map_err(wrong)?;
    input::line(text.trim_end())
}

fn draft(tables: &Tables, query: &Query<'_>) -> Result<String, fmt::Error> {
    let mut out = String::new();
    match recognise(tables, query) {
        Finding::Phone(identity) => {
            let vendor = &tables.at(identity.vendor).id;
            writeln!(
                out,
                "# This packet is recognised already, as {vendor}. See `offhook vendors {vendor}`."
            )?;
        }
        Finding::NoPhone(at) => {
            let vendor = tables.vendors.get(usize::from(at.vendor)).map_or("", |v| &*v.id);
            writeln!(out, "# The catalogue says that this is not a phone ({vendor}).")?;
        }
        Finding::OtherDevice(sign) => {
            let device = tables.other_devices.device(sign);
            writeln!(out, "# The catalogue says that this is not a phone, but {device}.")?;
        }
        Finding::Unlisted(signs) => {
            let signs = in_words(&tables.unlisted, signs).join("; ");
            writeln!(
                out,
                "# Perhaps a phone of a maker that the catalogue does not have: {signs}."
            )?;
        }
        Finding::Unknown => {}
    }
    writeln!(
        out,
        "# core/catalogue/vendors/ID/vendor.toml. Every line that says FIND OUT wants a fact with a source."
    )?;
    writeln!(out, "name = \"FIND OUT\"\n\n[sources]")?;
    writeln!(out, "capture = \"FIND OUT: model, firmware, date and who captured it\"\n")?;
    let class = query.class_text();
    if !class.is_empty() {
        writeln!(out, "[[option-60]]")?;
        let head = head(class);
        if class.iter().all(|byte| (0x20..0x7f).contains(byte)) {
            let text = String::from_utf8_lossy(class);
            let start = String::from_utf8_lossy(&class[..head]);
            if head < class.len() {
                writeln!(out, "starts = {}", quoted(&start))?;
                writeln!(
                    out,
                    "read = {}  # of {}",
                    quoted(&format!("{start}{{model}}")),
                    quoted(&text)
                )?;
            } else {
                writeln!(out, "is = {}", quoted(&text))?;
            }
        } else {
            writeln!(
                out,
                "starts-hex = \"{}\"  # {}",
                hex::encode(&class[..head]),
                printable(class)
            )?;
        }
        writeln!(out, "source = \"capture\"\n")?;
    }
    for (number, data) in query.enterprises() {
        writeln!(out, "[[enterprise]]\nnumber = {number}  # {}", printable(data))?;
        writeln!(out, "source = \"capture\"\n")?;
    }
    for text in query.user_classes() {
        writeln!(out, "[[option-77]]\nstarts = {}", quoted(&printable(text)))?;
        writeln!(out, "source = \"capture\"\n")?;
    }
    if let Some(mac) = query.mac {
        let text = mac.to_string();
        writeln!(out, "[[mac]]\nprefixes = [\"{}\"]", text.get(..8).unwrap_or_default())?;
        writeln!(
            out,
            "# shared = \"FIND OUT what else of this maker uses it; then it never decides alone\""
        )?;
        writeln!(out, "source = \"capture\"\n")?;
    }
    let asked = |code: u8| query.request_list.as_deref().is_some_and(|list| list.contains(&code));
    writeln!(out, "[url]\ntakes = \"base\"  # FIND OUT: base, host or file\n")?;
    for code in [66u8, 160, 159, 114, 150].into_iter().filter(|code| asked(*code)).take(1) {
        writeln!(
            out,
            "[[tell]]\nwhat = \"url\"\ncode = {code}  # it requests it; FIND OUT whether it wants a URL there"
        )?;
        writeln!(out, "text = \"{{{{url}}}}\"\nsource = \"capture\"\n")?;
    }
    example(query, &mut out)?;
    Ok(out)
}

/// `examples.toml`, as a comment behind the draft: it is a file of its own.
fn example(query: &Query<'_>, out: &mut String) -> fmt::Result {
    writeln!(
        out,
        "# core/catalogue/vendors/ID/examples.toml:\n#\n# [[example]]\n# name = \"FIND OUT\""
    )?;
    if let Some(mac) = query.mac {
        writeln!(out, "# mac = \"{mac}\"")?;
    }
    if let Some(class) = query.vendor_class.as_deref() {
        match std::str::from_utf8(class) {
            Ok(text) if text.chars().all(|c| !c.is_control()) => {
                writeln!(out, "# option-60 = {}", quoted(text))?;
            }
            _ => writeln!(out, "# option-60-hex = \"{}\"", hex::encode(class))?,
        }
    }
    if let Some(class) = query.user_class.as_deref() {
        writeln!(out, "# option-77-hex = \"{}\"", hex::encode(class))?;
    }
    if let Some(name) = query.host_name.as_deref() {
        writeln!(out, "# host-name = {}", quoted(&printable(trimmed(name))))?;
    }
    if let Some(list) = query.request_list.as_deref() {
        writeln!(out, "# option-55 = {list:?}")?;
    }
    for (code, value) in [(124, &query.vendor_identifying_class), (125, &query.vendor_identifying)]
    {
        if let Some(value) = value.as_deref() {
            writeln!(out, "# option-{code}-hex = \"{}\"", hex::encode(value))?;
        }
    }
    writeln!(
        out,
        "# source = \"capture\"\n# told = []  # FIND OUT: the full answer, from the maker's documents"
    )
}

/// A guess at the part that all of the maker's phones have in common: up to the first digit.
fn head(class: &[u8]) -> usize {
    let digit = class.iter().position(u8::is_ascii_digit).unwrap_or(class.len());
    if digit < 3 { class.len() } else { digit }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
