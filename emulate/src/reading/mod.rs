//! What an answer says to this phone: its options in the phone's own order, read as it reads them.

mod locate;

use std::net::Ipv4Addr;

use offhook_catalogue::{Gives, HeaderField, Read, ReadFrom};

use crate::forms::{Heard, Reader, sub_option};
use crate::packet::Answer;
use crate::phone::Phone;
use crate::report::shown;
pub use locate::{NoPlace, Place};
pub(crate) use locate::{fallbacks, place};

/// A value and where it was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Said<T> {
    /// `option 66`, `option 43, sub-option 2`, `siaddr`.
    pub by: String,
    /// The value itself.
    pub value: T,
    /// What the maker says of it: only if switched on ...
    pub note: String,
}

/// Everything that the phone understands of an answer; each list is in the order of the options.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Understood {
    /// Where its files are.
    pub places: Vec<Said<Place>>,
    /// What is tried after the first of the places, if that does not answer: the same host by other schemes.
    pub fallbacks: Vec<Place>,
    /// The VLAN of its own traffic.
    pub vlan: Option<Said<Vlan>>,
    /// The servers for the time of day.
    pub time_servers: Option<Said<Vec<String>>>,
    /// The SIP servers.
    pub sip_servers: Option<Said<Vec<String>>>,
    /// Other values of the answer, as they are.
    pub other: Vec<Said<String>>,
    /// Values that are there and not of the form that this phone reads.
    pub unreadable: Vec<Said<String>>,
    /// Where a URL was looked for, in order.
    pub asked: Vec<String>,
}

/// A VLAN for the phone's own traffic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Vlan {
    /// 1 to 4094 (IEEE 802.1Q).
    pub id: u16,
    /// 0 to 7 (IEEE 802.1p).
    pub priority: Option<u8>,
}

/// The options of the maker's reading order, the first first. What has no known order comes last.
pub fn order(phone: &Phone) -> Vec<&Read> {
    let reads = phone.vendor.reads.iter().filter(|read| phone.reads_now(read.code));
    let mut reads: Vec<&Read> =
        reads.filter(|read| read.fits(&phone.model, &phone.firmware)).collect();
    reads.sort_by_key(|read| read.order.unwrap_or(u16::MAX));
    reads
}

/// Reads an answer.
pub fn read(phone: &Phone, answer: &Answer) -> Understood {
    let mut understood = Understood::default();
    let mut file: Option<String> = None;
    let mut hosts: Vec<Said<String>> = Vec::new();
    let (mut vlan, mut priority) = (None::<Said<u16>>, None::<u8>);
    for read in order(phone) {
        let by = read.code.in_words();
        if read.if_switched_on {
            if value_of(read.code, answer).is_some() {
                let value = "skipped: this phone reads it only if that is switched on".to_owned();
                understood.other.push(Said { by, value, note: String::new() });
            }
            continue;
        }
        if read.gives == Gives::Url && !understood.asked.contains(&by) {
            understood.asked.push(by.clone());
        }
        let Some(bytes) = value_of(read.code, answer) else { continue };
        let said = |value| Said { by: by.clone(), value, note: note(read) };
        let reader = reader(phone, read);
        let heard = match reader.read(&bytes) {
            Ok(heard) => heard,
            Err(why) => {
                understood.unreadable.push(said(format!("{}: {why}", shown(&bytes))));
                continue;
            }
        };
        let part = phone.character.url_of.as_ref().is_some_and(|of| of.has(read.code));
        if heard.is_empty() && !part {
            understood.other.push(said(shown(&bytes)));
        }
        for heard in heard {
            match heard {
                Heard::Url(name) if read.gives == Gives::File => file = file.or(Some(name)),
                Heard::Url(url) if !hosts.iter().any(|known| known.by == by) => {
                    hosts.push(said(url));
                }
                Heard::Url(_) => {}
                Heard::Vlan(id) if read.gives == Gives::VlanPriority => {
                    priority = priority.or(u8::try_from(id).ok());
                }
                Heard::Vlan(id) => vlan = vlan.or_else(|| Some(said_number(&by, id, read))),
                Heard::Priority(value) => priority = priority.or(Some(value)),
                Heard::Names(names) if read.gives == Gives::TimeServers => {
                    understood.time_servers.get_or_insert_with(|| said_names(&by, names, read));
                }
                Heard::Names(names) => {
                    understood.sip_servers.get_or_insert_with(|| said_names(&by, names, read));
                }
            }
        }
    }
    hosts.extend(composed(phone, answer));
    understood.vlan = vlan.map(|said| Said {
        by: said.by,
        value: Vlan { id: said.value, priority },
        note: said.note,
    });
    for said in hosts {
        match place(phone, &said.value, file.as_deref()) {
            Ok(place) => {
                if understood.places.is_empty() {
                    understood.fallbacks = fallbacks(phone, &said.value, file.as_deref());
                }
                understood.places.push(Said { by: said.by, value: place, note: said.note })
            }
            Err(why) => understood.unreadable.push(Said {
                by: said.by,
                value: format!("\"{}\": {why}", said.value),
                note: said.note,
            }),
        }
    }
    understood
}

fn note(read: &Read) -> String {
    read.note.as_deref().unwrap_or_default().to_owned()
}

fn said_number(by: &str, value: u16, read: &Read) -> Said<u16> {
    Said { by: by.to_owned(), value, note: note(read) }
}

fn said_names(by: &str, value: Vec<String>, read: &Read) -> Said<Vec<String>> {
    Said { by: by.to_owned(), value, note: note(read) }
}

/// A URL whose parts are in several sub-options.
fn composed(phone: &Phone, answer: &Answer) -> Option<Said<String>> {
    let of = phone.character.url_of.as_ref()?;
    let text = |code: ReadFrom| {
        let bytes = value_of(code, answer)?;
        String::from_utf8(bytes).ok().map(|text| text.trim_end_matches('\0').to_owned())
    };
    let (scheme, host) = (text(of.scheme)?, text(of.host)?);
    let port = text(of.port).map(|port| format!(":{port}")).unwrap_or_default();
    let path = text(of.path).unwrap_or_default();
    Some(Said {
        by: format!("options {} to {}", of.scheme, of.path),
        value: format!("{scheme}://{host}{port}{path}"),
        note: String::new(),
    })
}

/// How this phone reads an option: as its maker's folder says, else as such an option is read.
pub fn reader(phone: &Phone, read: &Read) -> Reader {
    if let Some(reader) = phone.character.reads.get(&read.code) {
        return *reader;
    }
    if read.opaque {
        return Reader::Opaque;
    }
    match (read.gives, read.code) {
        // Parts of a URL: see `composed`.
        (Gives::Url, code) if phone.character.url_of.as_ref().is_some_and(|of| of.has(code)) => {
            Reader::Opaque
        }
        (Gives::Url, ReadFrom::Option(150 | 72)) => Reader::AddressesOrText,
        (Gives::Url | Gives::File, _) => Reader::Text,
        (Gives::VoiceVlan | Gives::VlanPriority, _) => Reader::Number,
        (Gives::TimeServers, _) => Reader::Addresses,
        (Gives::SipServers, _) => Reader::SipServers,
        (Gives::Other, _) => Reader::Opaque,
    }
}

impl crate::character::UrlOf {
    fn has(&self, code: ReadFrom) -> bool {
        [self.scheme, self.host, self.port, self.path].contains(&code)
    }
}

/// The bytes that are there; none if it is not in the answer.
fn value_of(code: ReadFrom, answer: &Answer) -> Option<Vec<u8>> {
    let filled = |bytes: &[u8]| (!bytes.is_empty()).then(|| bytes.to_vec());
    match code {
        ReadFrom::Header(HeaderField::Siaddr) => {
            let address = answer.siaddr;
            (address != Ipv4Addr::UNSPECIFIED).then(|| address.to_string().into_bytes())
        }
        ReadFrom::Header(HeaderField::File) => filled(&answer.file),
        ReadFrom::Header(HeaderField::Sname) => filled(&answer.sname),
        ReadFrom::SubOption(at) => {
            sub_option(answer.option(at.option)?, at.sub).map(<[u8]>::to_vec)
        }
        ReadFrom::Option(code) => answer.option(code).map(<[u8]>::to_vec),
    }
}

#[cfg(test)]
mod tests;
