//! Signs that a device is not a phone, whatever its hardware address: boot loaders, computers, mobile
//! phones, access points (`core/catalogue/other-devices/signs.toml`).
//!
//! A maker's own rules come first: these signs only outweigh a hardware address and weak signs.

use crate::byte_set::ByteSet;
use crate::error::Mistakes;
use crate::facts::Source;
use crate::reader::Cursor;
use crate::record::{Bytes, List, Text, record};
use crate::source::{Known, each, own, read_head, read_proof, read_sources};
use crate::tree::Tree;

record! {
    /// All signs, and what a phone requests.
    pub struct OtherDevices {
        /// Of option 60, sorted by the text they begin with.
        pub vendor_classes: List<OtherText>,
        /// Of option 77, likewise.
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

/// The texts of such devices that a client sends, by their positions: the index finds them.
#[derive(Debug, Clone, Copy, Default)]
pub struct OtherTexts {
    /// Among [`OtherDevices::vendor_classes`].
    pub vendor_class: Option<u16>,
    /// Among [`OtherDevices::user_classes`].
    pub user_class: Option<u16>,
}

impl OtherTexts {
    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.vendor_class.is_none() && self.user_class.is_none()
    }
}

impl OtherDevices {
    /// The first sign that counts for a client with these texts and this option 55; a sign that phones never
    /// show comes before one that they may.
    pub fn sign(&self, texts: OtherTexts, asked: ByteSet) -> Option<Counted> {
        let class = texts.vendor_class.and_then(|at| {
            let text = self.vendor_classes.get(usize::from(at))?;
            Some(Counted { sign: OtherSign::VendorClass(at), unless_asked: text.unless_asked })
        });
        let user = texts.user_class.and_then(|at| {
            let text = self.user_classes.get(usize::from(at))?;
            Some(Counted { sign: OtherSign::UserClass(at), unless_asked: text.unless_asked })
        });
        let lists = self.request_lists.iter().zip(0u16..);
        let lists = lists.filter(|(list, _)| asked.has_any(&list.any)).map(|(list, at)| Counted {
            sign: OtherSign::RequestList(at),
            unless_asked: list.unless_asked,
        });
        let mut found: Option<Counted> = None;
        for counted in class.into_iter().chain(user).chain(lists) {
            if !counted.unless_asked {
                return Some(counted);
            }
            found = found.or(Some(counted));
        }
        found.filter(|_| !self.asks_as_a_phone(asked))
    }

    /// Whether option 55 has any sign, also one that phones may show.
    pub fn lists_any(&self, asked: ByteSet) -> bool {
        self.request_lists.iter().any(|list| asked.has_any(&list.any))
    }

    /// Whether the client lists an option that hardly any device but a phone lists.
    fn asks_as_a_phone(&self, asked: ByteSet) -> bool {
        asked.has_any(&self.phone_options)
    }

    /// The same, with the options that some computers list too.
    pub fn asks_perhaps_as_a_phone(&self, asked: ByteSet) -> bool {
        self.asks_as_a_phone(asked) || asked.has_any(&self.perhaps_phone_options)
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

/// Reads `signs.toml`.
///
/// # Errors
/// Every mistake in it, each with its place.
pub(crate) fn other_devices(tree: &Tree) -> Result<OtherDevices, Mistakes> {
    let root = Cursor::root(tree);
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
