//! Signs that a device is not a phone, whatever its hardware address: boot loaders, computers, mobile
//! phones, access points (`core/catalogue/other-devices/signs.toml`).
//!
//! A maker's own rules come first: these signs only outweigh a hardware address and weak signs.

use crate::error::Mistakes;
use crate::facts::Source;
use crate::reader::Cursor;
use crate::record::{Bytes, List, Text, record};
use crate::source::{Known, each, own, read_head, read_proof, read_sources};
use crate::tree;

record! {
    /// All signs, and what a phone requests.
    pub struct OtherDevices {
        /// Sorted by the text they begin with.
        pub vendor_classes: List<OtherText>,
        /// Likewise, of option 77.
        pub user_classes: List<OtherText>,
        /// What such devices list in option 55.
        pub request_lists: List<OtherList>,
        /// Options that hardly any device but a phone lists in its option 55.
        pub phone_options: Bytes,
        /// The same, but some computers list them too: a reason to look at a device, and no more.
        pub perhaps_phone_options: Bytes,
        /// The documents that the facts are from.
        pub sources: List<Source>,
    }
}

record! {
    /// How option 60 or 77 of such devices begins.
    pub struct OtherText {
        /// The beginning of the option's value.
        pub head: Bytes,
        /// The head is the whole value.
        pub exact: bool,
        /// What such a device is.
        pub device: Text,
        /// Phones send this text too: it does not count if the client lists one of the phones' options.
        pub unless_asked: bool,
        /// Where it is documented: keys of `sources`.
        pub sources: List<Text>,
    }
}

record! {
    /// Options that such devices list in option 55, and phones do not.
    pub struct OtherList {
        /// The options: one of them in option 55 is enough.
        pub any: Bytes,
        /// What such a device is.
        pub device: Text,
        /// As [`OtherText::unless_asked`].
        pub unless_asked: bool,
        /// Where it is documented: keys of `sources`.
        pub sources: List<Text>,
    }
}

/// A sign that was found: which one, by its position in its list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OtherSign {
    /// Of option 60.
    VendorClass(u16),
    /// Of option 77.
    UserClass(u16),
    /// Of option 55.
    RequestList(u16),
}

/// A sign and whether it counts against every weak sign, or against a hardware address alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// The sign.
    pub sign: OtherSign,
    /// It outweighs a hardware address alone.
    pub unless_asked: bool,
}

impl OtherDevices {
    /// The first sign that counts for a client with this option 60, 77 and 55 (texts without trailing
    /// NULs); a sign that phones never show comes before one that they may.
    pub fn sign<'q>(
        &self,
        vendor_class: &[u8],
        mut user_classes: impl Iterator<Item = &'q [u8]>,
        asked: &[u8],
    ) -> Option<Counted> {
        let class = position(&self.vendor_classes, vendor_class);
        let mut user = || user_classes.find_map(|text| position(&self.user_classes, text));
        let list = || {
            let any = |list: &OtherList| list.any.iter().any(|code| asked.contains(code));
            self.request_lists.iter().zip(0u16..).filter(move |(list, _)| any(list))
        };
        let texts = [
            class.map(|(at, text)| (OtherSign::VendorClass(at), text.unless_asked)),
            user().map(|(at, text)| (OtherSign::UserClass(at), text.unless_asked)),
        ];
        let lists = list().map(|(list, at)| (OtherSign::RequestList(at), list.unless_asked));
        let mut found: Option<Counted> = None;
        for (sign, unless_asked) in texts.into_iter().flatten().chain(lists) {
            if !unless_asked {
                return Some(Counted { sign, unless_asked });
            }
            found = found.or(Some(Counted { sign, unless_asked }));
        }
        found.filter(|_| !self.asks_as_a_phone(asked))
    }

    /// Whether any sign is there, also one that phones may show.
    pub fn any<'q>(
        &self,
        vendor_class: &[u8],
        mut user_classes: impl Iterator<Item = &'q [u8]>,
        asked: &[u8],
    ) -> bool {
        position(&self.vendor_classes, vendor_class).is_some()
            || user_classes.any(|text| position(&self.user_classes, text).is_some())
            || self.request_lists.iter().flat_map(|list| &list.any).any(|code| asked.contains(code))
    }

    /// Whether the client lists an option that hardly any device but a phone lists.
    fn asks_as_a_phone(&self, asked: &[u8]) -> bool {
        asked.iter().any(|code| self.phone_options.contains(code))
    }

    /// The same, with the options that some computers list too.
    pub fn asks_perhaps_as_a_phone(&self, asked: &[u8]) -> bool {
        self.asks_as_a_phone(asked)
            || asked.iter().any(|code| self.perhaps_phone_options.contains(code))
    }

    /// What such a device is.
    pub fn device(&self, sign: OtherSign) -> &str {
        let device = match sign {
            OtherSign::VendorClass(at) => {
                self.vendor_classes.get(usize::from(at)).map(|s| &s.device)
            }
            OtherSign::UserClass(at) => self.user_classes.get(usize::from(at)).map(|s| &s.device),
            OtherSign::RequestList(at) => {
                self.request_lists.get(usize::from(at)).map(|s| &s.device)
            }
        };
        device.map_or("", |device| device)
    }
}

/// The longest head that begins the value.
fn position<'s>(signs: &'s [OtherText], value: &[u8]) -> Option<(u16, &'s OtherText)> {
    let first = value.first();
    let start = signs.partition_point(|sign| sign.head.first() < first);
    let fits = |sign: &OtherText| match sign.exact {
        true => *sign.head == *value,
        false => value.starts_with(&sign.head),
    };
    let same = signs.iter().enumerate().skip(start);
    let (at, sign) = same
        .take_while(|(_, sign)| sign.head.first() == first)
        .filter(|(_, sign)| fits(sign))
        .last()?;
    Some((u16::try_from(at).ok()?, sign))
}

/// Reads the text of `signs.toml`.
///
/// # Errors
/// Every mistake in `text`, each with its place.
pub fn other_devices(text: &str) -> Result<OtherDevices, Mistakes> {
    let tree = tree::from_toml(text)?;
    let root = Cursor::root(&tree);
    let mut mistakes = Mistakes::default();
    let read = read(&root, &mut mistakes);
    mistakes.or(read)
}

fn read(root: &Cursor<'_>, mistakes: &mut Mistakes) -> Option<OtherDevices> {
    let keys = [
        "phone-options",
        "perhaps-phone-options",
        "sources",
        "option-60",
        "option-77",
        "request-list",
    ];
    let table = root.table(&keys, mistakes)?;
    let known = Known { sources: read_sources(&table, mistakes), variants: List::default() };
    let mut texts = |key: &str| {
        let mut texts = each(&table, key, mistakes, |at, m| read_text(at, &known, m));
        texts.sort_by(|a, b| a.head.cmp(&b.head));
        for pair in texts.windows(2).filter(|pair| pair[0].head == pair[1].head) {
            let shown = crate::text::printable(&pair[0].head);
            mistakes.push(key, format!("{shown:?} is listed twice"));
        }
        texts.into()
    };
    let (vendor_classes, user_classes) = (texts("option-60"), texts("option-77"));
    let lists = each(&table, "request-list", mistakes, |at, m| read_list(at, &known, m));
    Some(OtherDevices {
        vendor_classes,
        user_classes,
        request_lists: lists.into(),
        phone_options: options(table.get("phone-options"), mistakes),
        perhaps_phone_options: options(table.get("perhaps-phone-options"), mistakes),
        sources: known.sources,
    })
}

fn read_text(at: &Cursor<'_>, known: &Known, mistakes: &mut Mistakes) -> Option<OtherText> {
    let table =
        at.table(&["is", "starts", "device", "unless-asked", "status", "source"], mistakes)?;
    let (sources, _) = read_proof(at, &table, known, mistakes);
    let (head, any, exact) = read_head(at, &table, mistakes)?;
    if !any.is_empty() {
        at.mistake("a \"?\" is not possible here", mistakes);
    }
    let device = table.need("device", "what such a device is", mistakes)?;
    Some(OtherText {
        head,
        exact,
        device: own(device.text("what such a device is", mistakes)?),
        unless_asked: table.bool("unless-asked", mistakes).unwrap_or(false),
        sources,
    })
}

fn read_list(at: &Cursor<'_>, known: &Known, mistakes: &mut Mistakes) -> Option<OtherList> {
    let table = at.table(&["any", "device", "unless-asked", "status", "source"], mistakes)?;
    let (sources, _) = read_proof(at, &table, known, mistakes);
    let device = table.need("device", "what such a device is", mistakes)?;
    Some(OtherList {
        any: options(table.get("any"), mistakes),
        device: own(device.text("what such a device is", mistakes)?),
        unless_asked: table.bool("unless-asked", mistakes).unwrap_or(false),
        sources,
    })
}

pub(crate) fn options(at: Option<Cursor<'_>>, mistakes: &mut Mistakes) -> Bytes {
    let Some(at) = at else { return List::default() };
    let items: Vec<_> = at.list("option numbers", mistakes).collect();
    let number = |item: &Cursor<'_>, mistakes: &mut Mistakes| {
        item.integer(1, 254, mistakes).and_then(|code| u8::try_from(code).ok())
    };
    let read: Vec<u8> = items.iter().filter_map(|item| number(item, mistakes)).collect();
    read.into()
}
