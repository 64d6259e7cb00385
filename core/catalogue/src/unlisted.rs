//! Signs that a device may be a phone of a maker that the catalogue does not have, and what such a phone
//! is sent (`core/catalogue/unlisted/`).
//!
//! Each sign is weak. One names a device; two of different kinds, and the policy's word, let it be sent
//! something. [`crate::other_devices`] outweighs all of them.

use crate::byte_set::{ByteSet, FirstBytes, SIEVED, Sieve};
use crate::error::Mistakes;
use crate::facts::{MacRule, Source, Vendor};
use crate::mac::Mac;
use crate::other_devices::options;
use crate::reader::{Cursor, Table};
use crate::record::{Bytes, List, record};
use crate::source::{Known, each, read_macs, read_proof, read_sources};
use crate::tree::Tree;

/// The id of the answer's pseudo maker: no folder of a maker may have it.
pub const UNLISTED: &str = "unlisted";

record! {
    /// All weak signs and vetoes, and the answer.
    pub struct UnlistedSigns {
        /// What option 60 says of phones.
        pub words: Words,
        /// What phones list in option 55.
        pub request_list: WeakList,
        /// How host names begin that go on with the client's own hardware address, sorted.
        pub host_names: List<Bytes>,
        /// Blocks of makers of telephones, sorted.
        pub macs: List<MacRule>,
        /// Texts of option 60 that have one of the words in another meaning.
        pub vetoes: Words,
        /// Options of option 55 that only another device lists together.
        pub list_vetoes: List<Bytes>,
        /// What such a phone is sent.
        pub answer: Vendor,
        /// The documents that the facts are from.
        pub sources: List<Source>,
    }
}

record! {
    /// Texts to look for in an option's value.
    pub struct Words {
        /// Sorted by text.
        pub words: List<Word>,
        /// Where in `words` those of a first byte are.
        pub firsts: FirstBytes,
        /// Where in a value one of them may begin.
        pub sieve: Sieve,
    }
}

record! {
    /// A text of option 60.
    pub struct Word {
        /// The bytes, as they are spelled.
        pub text: Bytes,
        /// At any place; else at the beginning only.
        pub anywhere: bool,
    }
}

record! {
    /// An option that must be in option 55, and others of which some must be.
    pub struct WeakList {
        /// The option that must be there.
        pub asks: u8,
        /// The others.
        pub of: Bytes,
        /// How many of them.
        pub at_least: u8,
    }
}

/// The weak signs that a client shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WeakSigns {
    /// A word in option 60: its position among the words.
    pub word: Option<u16>,
    /// Option 55.
    pub request_list: bool,
    /// A host name made of the hardware address.
    pub host_name: bool,
    /// The block of the hardware address: its position among the blocks.
    pub address: Option<u16>,
}

impl WeakSigns {
    /// How many kinds of signs there are.
    pub fn count(self) -> usize {
        let kinds =
            [self.word.is_some(), self.request_list, self.host_name, self.address.is_some()];
        kinds.into_iter().filter(|holds| *holds).count()
    }

    /// Whether they are enough to send the client something.
    pub fn are_enough(self) -> bool {
        self.count() >= 2
    }
}

impl UnlistedSigns {
    /// The signs of a client by its option 60 (without trailing NULs), option 55, host name and hardware
    /// address; `None`: it shows none, or a veto counts.
    pub fn signs(
        &self,
        class: &[u8],
        asked: ByteSet,
        host_name: &[u8],
        mac: Option<Mac>,
    ) -> Option<WeakSigns> {
        let signs = WeakSigns {
            word: self.words.find(class),
            request_list: self.request_list.holds(asked),
            host_name: mac.is_some_and(|mac| self.is_named_by(host_name, mac)),
            address: mac.and_then(|mac| self.block(mac)),
        };
        let vetoed = || {
            let all = |veto: &Bytes| veto.iter().all(|code| asked.has(*code));
            self.vetoes.find(class).is_some() || self.list_vetoes.iter().any(all)
        };
        (signs.count() > 0 && !vetoed()).then_some(signs)
    }

    fn is_named_by(&self, host_name: &[u8], mac: Mac) -> bool {
        // Most names do not even end as the address does.
        let ends_as = |last: &u8| char::from(*last).to_digit(16) == Some(u32::from(mac.0[5] & 15));
        if host_name.len() <= 12 || !host_name.last().is_some_and(ends_as) {
            return false;
        }
        let after = |head: &Bytes| host_name.strip_prefix(&**head);
        self.host_names.iter().filter_map(after).any(|rest| {
            let digits = rest.strip_prefix(b"-").or(rest.strip_prefix(b"_")).unwrap_or(rest);
            digits.len() == 12
                && digits.chunks(2).zip(mac.0).all(|(pair, byte)| {
                    let digit = |at: usize| pair.get(at).and_then(|c| char::from(*c).to_digit(16));
                    digit(0) == Some(u32::from(byte >> 4)) && digit(1) == Some(u32::from(byte & 15))
                })
        })
    }

    fn block(&self, mac: Mac) -> Option<u16> {
        let number = mac.number();
        let after = self.macs.partition_point(|block| block.first <= number);
        let at = after.checked_sub(1)?;
        let holds = self.macs.get(at).is_some_and(|block| number <= block.last);
        u16::try_from(at).ok().filter(|_| holds)
    }
}

impl WeakList {
    fn holds(&self, asked: ByteSet) -> bool {
        let others = || self.of.iter().filter(|code| asked.has(**code)).count();
        asked.has(self.asks) && others() >= usize::from(self.at_least)
    }
}

impl Words {
    fn of(words: Vec<Word>) -> Words {
        let firsts: Vec<_> = words.iter().map(|word| word.text.first().copied()).collect();
        let sieve = Sieve::of(words.iter().map(|word| &*word.text));
        Words { words: words.into(), firsts: FirstBytes::of(&firsts), sieve }
    }

    /// The first of them that is in the value.
    fn find(&self, value: &[u8]) -> Option<u16> {
        self.sieve.starts(value).find_map(|start| {
            let rest = value.get(start..)?;
            let range = self.firsts.range(*rest.first()?);
            let fits = |word: &Word| (word.anywhere || start == 0) && rest.starts_with(&word.text);
            let at = self.words.get(range.clone())?.iter().position(fits)?;
            u16::try_from(range.start + at).ok()
        })
    }
}

/// Reads `signs.toml`; `answer` is what `answer.toml` says.
///
/// # Errors
/// Every mistake in it, each with its place.
pub(crate) fn unlisted_phones(signs: &Tree, answer: Vendor) -> Result<UnlistedSigns, Mistakes> {
    let root = Cursor::root(signs);
    let mut mistakes = Mistakes::default();
    let read = read(&root, answer, &mut mistakes);
    mistakes.or(read)
}

const KEYS: [&str; 7] = [
    "sources",
    "option-60",
    "request-list",
    "host-name",
    "mac",
    "veto-option-60",
    "veto-request-list",
];

fn read(root: &Cursor<'_>, answer: Vendor, mistakes: &mut Mistakes) -> Option<UnlistedSigns> {
    let table = root.table(&KEYS, mistakes)?;
    let known = Known { sources: read_sources(&table, mistakes), variants: List::default() };
    let vetoes = words(&table, "veto-option-60", &["contains"], &known, mistakes);
    let words = words(&table, "option-60", &["contains", "starts"], &known, mistakes);
    let host_names = each(&table, "host-name", mistakes, |at, m| {
        let table = at.table(&["starts", "status", "source"], m)?;
        read_proof(at, &table, &known, m);
        let texts = table.texts("starts", "beginnings of host names", m);
        Some(texts.into_iter().map(|text| text.bytes().collect()).collect::<Vec<Bytes>>())
    });
    let mut host_names: Vec<Bytes> = host_names.into_iter().flatten().collect();
    host_names.sort_by_key(|name| name.to_vec());
    let macs = each(&table, "mac", mistakes, |at, m| read_macs(at, &known, m));
    let mut macs: Vec<MacRule> = macs.into_iter().flatten().collect();
    macs.sort_by_key(|block| block.first);
    let list_vetoes = each(&table, "veto-request-list", mistakes, |at, m| {
        let table = at.table(&["all", "device", "status", "source"], m)?;
        read_proof(at, &table, &known, m);
        table.need("device", "what such a device is", m)?;
        Some(options(table.get("all"), m))
    });
    let request_list = table.need("request-list", "what phones list in option 55", mistakes)?;
    let request_list = read_list(&request_list, &known, mistakes)?;
    Some(UnlistedSigns {
        words,
        request_list,
        host_names: host_names.into(),
        macs: macs.into(),
        vetoes,
        list_vetoes: list_vetoes.into(),
        answer,
        sources: known.sources,
    })
}

fn words(
    table: &Table<'_>,
    key: &str,
    keys: &[&str],
    known: &Known,
    mistakes: &mut Mistakes,
) -> Words {
    let keys: Vec<&str> = keys.iter().copied().chain(["device", "status", "source"]).collect();
    let lists = each(table, key, mistakes, |at, m| {
        let table = at.table(&keys, m)?;
        read_proof(at, &table, known, m);
        let anywhere = table.texts("contains", "texts", m).into_iter().map(|text| (text, true));
        let anywhere: Vec<(&str, bool)> = anywhere.collect();
        let starts = match table.has("starts") {
            true => table.texts("starts", "texts", m),
            false => Vec::new(),
        };
        let all = anywhere.into_iter().chain(starts.into_iter().map(|text| (text, false)));
        let word = |(text, anywhere): (&str, bool)| Word { text: text.bytes().collect(), anywhere };
        Some(all.map(word).collect::<Vec<_>>())
    });
    let mut words: Vec<Word> = lists.into_iter().flatten().collect();
    words.sort_by_key(|word| (word.text.to_vec(), word.anywhere));
    for pair in words.windows(2).filter(|pair| pair[0].text == pair[1].text) {
        let shown = crate::text::printable(&pair[0].text);
        mistakes.push(key, format!("{shown:?} is listed twice"));
    }
    if let Some(short) = words.iter().find(|word| word.text.len() < SIEVED) {
        let shown = crate::text::printable(&short.text);
        let text = format!("expected texts of at least {SIEVED} bytes, found {shown:?}");
        mistakes.push(key, text);
    }
    Words::of(words)
}

fn read_list(at: &Cursor<'_>, known: &Known, mistakes: &mut Mistakes) -> Option<WeakList> {
    let table = at.table(&["asks", "of", "at-least", "status", "source"], mistakes)?;
    read_proof(at, &table, known, mistakes);
    let asks = table.need("asks", "an option", mistakes)?.integer(1, 254, mistakes)?;
    let at_least = table.need("at-least", "a number", mistakes)?.integer(1, 10, mistakes)?;
    Some(WeakList {
        asks: u8::try_from(asks).ok()?,
        of: options(table.get("of"), mistakes),
        at_least: u8::try_from(at_least).ok()?,
    })
}

/// The signs in words, for people.
pub fn in_words(phones: &UnlistedSigns, signs: WeakSigns) -> Vec<String> {
    let mut words = Vec::new();
    if let Some(word) = signs.word.and_then(|at| phones.words.words.get(usize::from(at))) {
        words.push(format!("option 60 has {:?} in it", crate::text::printable(&word.text)));
    }
    if signs.request_list {
        words.push("option 55 requests what phones request".to_owned());
    }
    if signs.host_name {
        words.push("the host name is a word for a phone and the hardware address".to_owned());
    }
    if let Some(block) = signs.address.and_then(|at| phones.macs.get(usize::from(at))) {
        words.push(format!(
            "the hardware address is in a block from {}",
            Mac::from_number(block.first)
        ));
    }
    words
}
