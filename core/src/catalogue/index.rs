//! The index for recognition: which rule's head is the longest in a value, which ranges hold a
//! hardware address. Built with the crate for the built-in catalogue, at load for an overlay.
//!
//! Looking up costs a binary search and a short walk up a chain of prefixes, so it grows with the
//! logarithm of the catalogue, and allocates nothing.

use super::record::{List, record};
use super::{Field, Rule, Vendor};

record! {
    pub struct Index {
        pub vendor_class: HeadTable,
        pub user_class: HeadTable,
        pub host_name: HeadTable,
        /// Sorted by number.
        pub enterprises: List<Enterprise>,
        pub macs: MacTable,
    }
}

record! {
    /// Where a rule stands: its vendor's position, and its own among that vendor's rules.
    #[derive(Copy, Eq)]
    pub struct RuleRef {
        pub vendor: u16,
        pub rule: u16,
    }
}

record! {
    #[derive(Copy)]
    pub struct Enterprise {
        pub number: u32,
        pub at: RuleRef,
    }
}

record! {
    /// The heads of one field, sorted by their literal beginning.
    pub struct HeadTable {
        pub heads: List<Head>,
        /// Beside each head: the first eight bytes of its literal as a number, so that searching
        /// touches one short array and no text.
        pub keys: List<u64>,
        /// For each first byte, the end of its heads in `heads` (256 entries; empty if no heads).
        pub ends: List<u16>,
        /// Heads that begin with a free byte: looked at one by one, so keep them few.
        pub floating: List<Head>,
    }
}

record! {
    pub struct Head {
        /// The bytes up to the first free one.
        pub literal: List<u8>,
        /// The rest, pairs of (byte, 1 if any byte will do).
        pub rest: List<u8>,
        pub exact: bool,
        /// 1 + the position of the entry with the longest literal that begins this one; 0: none.
        pub parent: u16,
        pub at: RuleRef,
    }
}

record! {
    /// Address ranges sorted by their first address, the wider before the narrower. No range goes
    /// beyond its first three bytes, so those three lead to it at once: the law of the catalogue.
    pub struct MacTable {
        pub spans: List<Span>,
        /// Open addressing over the first three bytes; a power of two long, or empty.
        pub slots: List<Slot>,
    }
}

record! {
    #[derive(Copy)]
    pub struct Slot {
        /// 1 + the first three bytes; 0: free.
        pub key: u32,
        /// Where the spans of these bytes end in `spans`.
        pub end: u16,
    }
}

record! {
    #[derive(Copy)]
    pub struct Span {
        pub first: u64,
        pub last: u64,
        pub shared: bool,
        /// 1 + the position of the narrowest span that holds this one (or equals it); 0: none.
        pub parent: u16,
        pub vendor: u16,
        /// Position among the vendor's `macs`.
        pub rule: u16,
    }
}

impl Index {
    /// Builds the index over vendors in the order in which they will stand.
    pub fn build(vendors: &[Vendor]) -> Index {
        let mut enterprises = Vec::new();
        for (at, rule) in rules(vendors, Field::Enterprise) {
            enterprises.push(Enterprise { number: rule.number, at });
        }
        enterprises.sort_by_key(|entry| entry.number);
        Index {
            vendor_class: HeadTable::build(rules(vendors, Field::VendorClass)),
            user_class: HeadTable::build(rules(vendors, Field::UserClass)),
            host_name: HeadTable::build(rules(vendors, Field::HostName)),
            enterprises: enterprises.into(),
            macs: MacTable::build(vendors),
        }
    }

    pub fn enterprise(&self, number: u32) -> Option<RuleRef> {
        let found = self.enterprises.binary_search_by_key(&number, |entry| entry.number).ok()?;
        self.enterprises.get(found).map(|entry| entry.at)
    }
}

fn rules(vendors: &[Vendor], field: Field) -> impl Iterator<Item = (RuleRef, &Rule)> {
    let numbered = vendors.iter().zip(0u16..);
    numbered.flat_map(move |(vendor, index)| {
        let rules = vendor.rules.iter().zip(0u16..).filter(move |(rule, _)| rule.field == field);
        rules.map(move |(rule, number)| (RuleRef { vendor: index, rule: number }, rule))
    })
}

impl HeadTable {
    fn build<'v>(rules: impl Iterator<Item = (RuleRef, &'v Rule)>) -> HeadTable {
        let (mut heads, mut floating) = (Vec::new(), Vec::new());
        for (at, rule) in rules {
            let head = Head::new(at, rule);
            if head.literal.is_empty() { floating.push(head) } else { heads.push(head) }
        }
        heads.sort_by(|a, b| (&*a.literal, a.len()).cmp(&(&*b.literal, b.len())));
        for index in 1..heads.len() {
            let parent = Self::parent(&heads, index);
            heads[index].parent = parent;
        }
        let keys = heads.iter().map(|head| key(&head.literal)).collect();
        let ends = (0..=255u8).map(|byte| {
            let end = heads.partition_point(|head: &Head| head.literal.first() <= Some(&byte));
            u16::try_from(end).unwrap_or(u16::MAX)
        });
        let ends = if heads.is_empty() { List::default() } else { ends.collect() };
        HeadTable { heads: heads.into(), keys, ends, floating: floating.into() }
    }

    /// The nearest entry before `index` whose literal begins (or equals) this one's.
    fn parent(heads: &[Head], index: usize) -> u16 {
        let mut candidate = index;
        while candidate > 0 {
            let head = &heads[candidate - 1];
            if heads[index].literal.starts_with(&head.literal) {
                return u16::try_from(candidate).unwrap_or(0);
            }
            candidate = usize::from(head.parent);
        }
        0
    }

    /// The rule whose head is the longest in `value`; a whole value wins over a mere beginning.
    pub fn find(&self, value: &[u8]) -> Option<RuleRef> {
        let mut best: Option<(usize, RuleRef)> = None;
        let mut consider = |head: &Head| {
            let weight = head.len() * 2 + usize::from(head.exact);
            if best.is_none_or(|(other, _)| weight > other) && head.rest_matches(value) {
                best = Some((weight, head.at));
            }
        };
        for head in self.floating.iter() {
            consider(head);
        }
        let first = usize::from(*value.first()?);
        let end = usize::from(self.ends.get(first).copied().unwrap_or(0));
        let start = match first {
            0 => 0,
            _ => usize::from(self.ends.get(first - 1).copied().unwrap_or(0)),
        };
        // The last entry that does not come after the value: every literal that begins the value is
        // this entry's or one of its parents'.
        let wanted = key(value);
        let keys = self.keys.get(start..end).unwrap_or_default();
        let mut next = start + keys.partition_point(|key| *key <= wanted);
        while next > start
            && self.keys.get(next - 1) == Some(&wanted)
            && self.heads.get(next - 1).is_some_and(|head| *head.literal > *value)
        {
            next -= 1;
        }
        if next == start {
            return best.map(|(_, at)| at);
        }
        let Some(last) = self.heads.get(next - 1) else { return best.map(|(_, at)| at) };
        let common = last.literal.iter().zip(value).take_while(|(a, b)| a == b).count();
        while let Some(head) = next.checked_sub(1).and_then(|at| self.heads.get(at)) {
            if head.literal.len() <= common {
                consider(head);
            }
            next = usize::from(head.parent);
        }
        best.map(|(_, at)| at)
    }
}

/// The first eight bytes as a number, shorter texts filled up with zeros.
fn key(text: &[u8]) -> u64 {
    match text.first_chunk::<8>() {
        Some(bytes) => u64::from_be_bytes(*bytes),
        None => {
            let mut bytes = [0; 8];
            bytes[..text.len()].copy_from_slice(text);
            u64::from_be_bytes(bytes)
        }
    }
}

impl Head {
    fn new(at: RuleRef, rule: &Rule) -> Head {
        let split = rule.any.iter().position(|any| *any == 1).unwrap_or(rule.head.len());
        let rest = (split..rule.head.len())
            .flat_map(|i| [rule.head[i], rule.any.get(i).copied().unwrap_or(0)]);
        Head {
            literal: rule.head[..split].to_vec().into(),
            rest: rest.collect(),
            exact: rule.exact,
            parent: 0,
            at,
        }
    }

    /// How many bytes of the value this head covers.
    pub fn len(&self) -> usize {
        self.literal.len() + self.rest.len() / 2
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether what follows the literal is as the head wants it.
    fn rest_matches(&self, value: &[u8]) -> bool {
        if value.len() < self.len() || (self.exact && value.len() != self.len()) {
            return false;
        }
        let tail = &value[self.literal.len()..];
        self.rest.chunks_exact(2).zip(tail).all(|(want, byte)| want[1] == 1 || want[0] == *byte)
    }
}

impl MacTable {
    fn build(vendors: &[Vendor]) -> MacTable {
        let mut spans = Vec::new();
        for (vendor, index) in vendors.iter().zip(0u16..) {
            for (rule, number) in vendor.macs.iter().zip(0u16..) {
                spans.push(Span {
                    first: rule.first,
                    last: rule.last,
                    shared: !rule.shared.is_empty(),
                    parent: 0,
                    vendor: index,
                    rule: number,
                });
            }
        }
        spans.sort_by_key(|span| (span.first, u64::MAX - span.last, !span.shared, span.vendor));
        for index in 1..spans.len() {
            let mut candidate = index;
            while candidate > 0 && spans[candidate - 1].last < spans[index].last {
                candidate = usize::from(spans[candidate - 1].parent);
            }
            spans[index].parent = u16::try_from(candidate).unwrap_or(0);
        }
        let slots = MacTable::slots(&spans);
        MacTable { spans: spans.into(), slots: slots.into() }
    }

    fn slots(spans: &[Span]) -> Vec<Slot> {
        if spans.is_empty() {
            return Vec::new();
        }
        let mut slots = vec![Slot { key: 0, end: 0 }; (spans.len() * 3).next_power_of_two()];
        for (span, end) in spans.iter().zip(1u16..) {
            let key = Self::key(span.first);
            let mut at = Self::spread(key) & (slots.len() - 1);
            while slots[at].key != 0 && slots[at].key != key {
                at = (at + 1) & (slots.len() - 1);
            }
            slots[at] = Slot { key, end };
        }
        slots
    }

    fn key(address: u64) -> u32 {
        (address >> 24) as u32 + 1
    }

    fn spread(key: u32) -> usize {
        (key.wrapping_mul(0x9e37_79b9) >> 12) as usize
    }

    /// The spans that hold an address, the narrowest first.
    pub fn holding(&self, address: u64) -> impl Iterator<Item = &Span> {
        let mut next = self.last_before(address);
        std::iter::from_fn(move || {
            loop {
                let span = self.spans.get(next.checked_sub(1)?)?;
                next = usize::from(span.parent);
                if address <= span.last {
                    return Some(span);
                }
            }
        })
    }

    /// 1 + the position of the last span of the same three bytes that begins at or before it.
    fn last_before(&self, address: u64) -> usize {
        let key = Self::key(address);
        let Some(mask) = self.slots.len().checked_sub(1) else { return 0 };
        let mut at = Self::spread(key) & mask;
        loop {
            match self.slots.get(at) {
                Some(slot) if slot.key == key => {
                    let mut end = usize::from(slot.end);
                    while end > 0 && self.spans.get(end - 1).is_some_and(|s| s.first > address) {
                        end -= 1;
                    }
                    return end;
                }
                Some(slot) if slot.key != 0 => at = (at + 1) & mask,
                _ => return 0,
            }
        }
    }
}

/// A part of a `read` pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadPart<'p> {
    Literal(&'p str),
    Model,
    Firmware,
    Anything,
}

/// Cuts `digium_{model}_{firmware}` into its parts.
pub fn read_parts(pattern: &str) -> Result<Vec<ReadPart<'_>>, String> {
    let mut parts = Vec::new();
    let mut rest = pattern;
    while let Some(open) = rest.find('{') {
        if open > 0 {
            parts.push(ReadPart::Literal(&rest[..open]));
        } else if matches!(parts.last(), Some(part) if !matches!(part, ReadPart::Literal(_))) {
            return Err(format!("two parts without a text between them in {pattern:?}"));
        }
        let Some(close) = rest[open..].find('}') else {
            return Err(format!("\"{{\" without \"}}\" in {pattern:?}"));
        };
        parts.push(match &rest[open + 1..open + close] {
            "model" => ReadPart::Model,
            "firmware" => ReadPart::Firmware,
            "*" => ReadPart::Anything,
            other => return Err(format!("{{{other}}} is not {{model}}, {{firmware}} or {{*}}")),
        });
        rest = &rest[open + close + 1..];
    }
    if !rest.is_empty() {
        parts.push(ReadPart::Literal(rest));
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::record::Text;

    fn rule(head: &str, exact: bool) -> Rule {
        let any: Vec<u8> = head.bytes().map(|b| u8::from(b == b'?')).collect();
        Rule {
            field: Field::VendorClass,
            head: head.bytes().collect(),
            any: if any.contains(&1) { any.into() } else { List::default() },
            exact,
            number: 0,
            read: Text::default(),
            model_sub: 0,
            firmware_sub: 0,
            model: Text::default(),
            variant: 0,
            phone: true,
            weak: false,
            recalled: false,
            sources: List::default(),
        }
    }

    fn find(heads: &[(&str, bool)], value: &str) -> Option<u16> {
        let rules: Vec<Rule> = heads.iter().map(|(head, exact)| rule(head, *exact)).collect();
        let refs = rules.iter().zip(0u16..).map(|(r, i)| (RuleRef { vendor: 0, rule: i }, r));
        HeadTable::build(refs).find(value.as_bytes()).map(|at| at.rule)
    }

    #[test]
    fn the_longest_head_wins() {
        let heads = [
            ("Cisco Systems, Inc. IP Phone", false),
            ("Cisco Systems, Inc. IP Phone CP-????-3PCC", false),
            ("Cisco Systems, Inc.", true),
            ("C", false),
            ("Ca", false),
            ("??Thomson", false),
        ];
        assert_eq!(find(&heads, "Cisco Systems, Inc. IP Phone CP-8841"), Some(0));
        assert_eq!(find(&heads, "Cisco Systems, Inc. IP Phone CP-8841-3PCC"), Some(1));
        assert_eq!(find(&heads, "Cisco Systems, Inc."), Some(2));
        assert_eq!(find(&heads, "Cisco Systems, Inc"), Some(3));
        assert_eq!(find(&heads, "Cisco Systems, Inc. C1000"), Some(3));
        assert_eq!(find(&heads, "Cz"), Some(3));
        assert_eq!(find(&heads, "\x01\x02Thomson&ST2030"), Some(5));
        assert_eq!(find(&heads, "D"), None);
        assert_eq!(find(&heads, ""), None);
        assert_eq!(find(&heads, "\u{7f}"), None);
    }

    #[test]
    fn agrees_with_a_plain_scan() {
        let heads = [("a", false), ("ab", true), ("abc", false), ("ab?d", false), ("b", true)];
        let plain = |value: &str| {
            let fits = |(head, exact): &(&str, bool)| {
                let same = head.bytes().zip(value.bytes()).all(|(h, v)| h == b'?' || h == v);
                same && value.len() >= head.len() && (!exact || value.len() == head.len())
            };
            let all = heads.iter().zip(0u16..).filter(|(head, _)| fits(head));
            all.max_by_key(|((head, exact), _)| (head.len(), *exact)).map(|(_, index)| index)
        };
        let letters = ["", "a", "b", "c", "d"];
        for a in letters {
            for b in letters {
                for c in letters {
                    for d in letters {
                        let value = format!("{a}{b}{c}{d}");
                        assert_eq!(find(&heads, &value), plain(&value), "{value}");
                    }
                }
            }
        }
    }

    #[test]
    fn the_narrowest_span_comes_first_and_outsiders_have_none() {
        use crate::catalogue::{MacRule, source};
        let mut vendor = source::vendor("a", "name = \"A\"\n[sources]\n").unwrap();
        let span = |first, last| MacRule {
            first,
            last,
            shared: Text::default(),
            variant: 0,
            recalled: false,
            sources: List::default(),
        };
        vendor.macs = vec![
            span(0x0015_6500_0000, 0x0015_65ff_ffff),
            span(0x0015_6510_0000, 0x0015_651f_ffff),
            span(0x0015_6518_0000, 0x0015_6518_0fff),
            span(0x0004_f200_0000, 0x0004_f2ff_ffff),
        ]
        .into();
        let table = MacTable::build(std::slice::from_ref(&vendor));
        let found = |address| table.holding(address).map(|span| span.rule).collect::<Vec<_>>();
        assert_eq!(found(0x0015_6518_0001), [2, 1, 0]);
        assert_eq!(found(0x0015_6519_0000), [1, 0]);
        assert_eq!(found(0x0015_65ff_ffff), [0]);
        assert_eq!(found(0x0004_f200_0000), [3]);
        assert!(found(0x0004_f300_0000).is_empty());
        assert!(found(0x0015_6600_0000).is_empty());
    }

    #[test]
    fn patterns_are_cut_into_parts() {
        use ReadPart::{Firmware, Literal, Model};
        assert_eq!(
            read_parts("digium_{model}_{firmware}"),
            Ok(vec![Literal("digium_"), Model, Literal("_"), Firmware])
        );
        assert!(read_parts("{model}{firmware}").is_err());
        assert!(read_parts("{modell}").is_err());
    }
}
