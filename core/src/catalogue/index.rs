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
    /// Address ranges sorted by their first address, the wider before the narrower.
    pub struct MacTable {
        pub spans: List<Span>,
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
        let ends = (0..=255u8).map(|byte| {
            let end = heads.partition_point(|head: &Head| head.literal.first() <= Some(&byte));
            u16::try_from(end).unwrap_or(u16::MAX)
        });
        let ends = if heads.is_empty() { List::default() } else { ends.collect() };
        HeadTable { heads: heads.into(), ends, floating: floating.into() }
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
        let bucket = self.heads.get(start..end).unwrap_or_default();
        // The last entry that does not come after the value: every literal that begins the value is
        // this entry's or one of its parents'.
        let mut next = start + bucket.partition_point(|head| *head.literal <= *value);
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
        MacTable { spans: spans.into() }
    }

    /// The spans that hold an address, the narrowest first.
    pub fn holding(&self, address: u64) -> impl Iterator<Item = &Span> {
        let mut next = self.spans.partition_point(|span| span.first <= address);
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
