//! The index for recognition: which rule's head is the longest in a value, which ranges hold a
//! hardware address. Built with the crate for the built-in catalogue, at load for an overlay.
//!
//! Looking up costs a binary search and a short walk up a chain of prefixes, so it grows with the
//! logarithm of the catalogue, and allocates nothing.

/// Option values: the rule with the longest head.
mod heads;
/// Hardware addresses: the narrowest range.
mod macs;

pub use heads::{Found, Head, HeadTable, Owner};
pub use macs::{MacTable, Slot, Span};

use crate::facts::{Field, Rule, Vendor};
use crate::other_devices::OtherDevices;
use crate::record::{List, record};

record! {
    /// For each sign of a packet, the rules that it may lead to.
    pub struct Index {
        /// Heads of option 60.
        pub vendor_class: HeadTable,
        /// Heads of option 77.
        pub user_class: HeadTable,
        /// Heads of option 12.
        pub host_name: HeadTable,
        /// Sorted by number.
        pub enterprises: List<Enterprise>,
        /// Ranges of hardware addresses.
        pub macs: MacTable,
    }
}

record! {
    /// Where a rule is: its vendor's position, and its own among that vendor's rules.
    #[derive(Copy, Eq)]
    pub struct RuleRef {
        /// Position among the vendors.
        pub vendor: u16,
        /// Position among the vendor's rules.
        pub rule: u16,
    }
}

record! {
    /// An enterprise number and its rule.
    #[derive(Copy)]
    pub struct Enterprise {
        /// The number (IANA, Private Enterprise Numbers).
        pub number: u32,
        /// The rule.
        pub at: RuleRef,
    }
}

impl Index {
    /// Builds the index over vendors in the order in which they will be kept.
    pub fn build(vendors: &[Vendor], others: &OtherDevices) -> Index {
        let mut enterprises = Vec::new();
        for (at, rule) in rules(vendors, Field::Enterprise) {
            enterprises.extend(rule.number.map(|number| Enterprise { number, at }));
        }
        enterprises.sort_by_key(|entry| entry.number);
        Index {
            vendor_class: HeadTable::build(
                rules(vendors, Field::VendorClass),
                &others.vendor_classes,
            ),
            user_class: HeadTable::build(rules(vendors, Field::UserClass), &others.user_classes),
            host_name: HeadTable::build(rules(vendors, Field::HostName), &[]),
            enterprises: enterprises.into(),
            macs: MacTable::build(vendors),
        }
    }

    /// The rule for an enterprise number.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::VariantIx;

    fn rule(head: &str, exact: bool) -> Rule {
        let any: Vec<u8> = head.bytes().map(|b| u8::from(b == b'?')).collect();
        Rule {
            field: Field::VendorClass,
            head: head.bytes().collect(),
            any: if any.contains(&1) { any.into() } else { List::default() },
            exact,
            number: None,
            read: None,
            model_sub: None,
            firmware_sub: None,
            model: None,
            variant: VariantIx::NONE,
            phone: true,
            weak: false,
            recalled: false,
            sources: List::default(),
        }
    }

    fn find(heads: &[(&str, bool)], value: &str) -> Option<u16> {
        let rules: Vec<Rule> = heads.iter().map(|(head, exact)| rule(head, *exact)).collect();
        let refs = rules.iter().zip(0u16..).map(|(r, i)| (RuleRef { vendor: 0, rule: i }, r));
        HeadTable::build(refs, &[]).find(value.as_bytes()).rule.map(|at| at.rule)
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
        use crate::facts::MacRule;
        use crate::source;
        let mut vendor = source::vendor("a", "name = \"A\"\n[sources]\n").unwrap();
        let span = |first, last| MacRule {
            first,
            last,
            shared: None,
            variant: VariantIx::NONE,
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
}
