//! Which rule's head is the longest in a value: a binary search, and a walk up a chain of prefixes.

use std::ops::Range;

use super::RuleRef;
use crate::byte_set::FirstBytes;
use crate::facts::Rule;
use crate::other_devices::OtherText;
use crate::record::{List, choice, record};

record! {
    /// The heads of one field, sorted by their literal beginning.
    pub struct HeadTable {
        /// The heads, sorted by `literal`.
        pub heads: List<Head>,
        /// Beside each head: the first eight bytes of its literal as a number, so that searching
        /// touches one short array and no text.
        pub keys: List<u64>,
        /// Where in `heads` those of a first byte are.
        pub firsts: FirstBytes,
        /// Heads that begin with a free byte: looked at one by one, so keep them few.
        pub floating: List<Head>,
    }
}

record! {
    /// The beginning of a text, and the rule that it leads to.
    pub struct Head {
        /// The bytes up to the first free one.
        pub literal: List<u8>,
        /// The rest, pairs of (byte, 1 if any byte will do).
        pub rest: List<u8>,
        /// The head is the whole text.
        pub exact: bool,
        /// 1 + the position of the entry with the longest literal that begins this one; 0: none.
        pub parent: u16,
        /// Whose it is.
        pub owner: Owner,
    }
}

choice! {
    /// Whose a head is.
    #[derive(Copy, Eq)]
    pub enum Owner {
        /// A maker's rule.
        Rule(RuleRef),
        /// A text of devices that are not phones, by its position among those of this field.
        OtherDevice(u16),
    }
}

/// What a value leads to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Found {
    /// The rule with the longest head.
    pub rule: Option<RuleRef>,
    /// The longest text of a device that is not a phone.
    pub other_device: Option<u16>,
}

impl HeadTable {
    pub(super) fn build<'v>(
        rules: impl Iterator<Item = (RuleRef, &'v Rule)>,
        others: &[OtherText],
    ) -> HeadTable {
        let (mut heads, mut floating) = (Vec::new(), Vec::new());
        let rules =
            rules.map(|(at, rule)| Head::new(&rule.head, &rule.any, rule.exact, Owner::Rule(at)));
        let others = others
            .iter()
            .zip(0u16..)
            .map(|(text, at)| Head::new(&text.head, &[], text.exact, Owner::OtherDevice(at)));
        for head in rules.chain(others) {
            if head.literal.is_empty() { floating.push(head) } else { heads.push(head) }
        }
        heads.sort_by(|a, b| (&*a.literal, a.len()).cmp(&(&*b.literal, b.len())));
        for index in 1..heads.len() {
            let parent = Self::parent(&heads, index);
            heads[index].parent = parent;
        }
        let keys = heads.iter().map(|head| key(&head.literal)).collect();
        let firsts: Vec<_> = heads.iter().map(|head| head.literal.first().copied()).collect();
        let firsts = FirstBytes::of(&firsts);
        HeadTable { heads: heads.into(), keys, firsts, floating: floating.into() }
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

    /// Whose heads are the longest in `value`; a whole value wins over a mere beginning.
    pub fn find(&self, value: &[u8]) -> Found {
        let mut found = Found::default();
        let (mut rule, mut other) = (0, 0);
        let mut consider = |head: &Head| {
            let best = match head.owner {
                Owner::Rule(_) => &mut rule,
                Owner::OtherDevice(_) => &mut other,
            };
            let weight = head.len() * 2 + usize::from(head.exact);
            if weight > *best && head.rest_matches(value) {
                *best = weight;
                match head.owner {
                    Owner::Rule(at) => found.rule = Some(at),
                    Owner::OtherDevice(at) => found.other_device = Some(at),
                }
            }
        };
        for head in self.floating.iter() {
            consider(head);
        }
        let Some(first) = value.first() else { return found };
        let Range { start, end } = self.firsts.range(*first);
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
            return found;
        }
        let Some(last) = self.heads.get(next - 1) else { return found };
        let common = match self.keys.get(next - 1).map(|key| (key ^ wanted).leading_zeros() / 8) {
            Some(same) if same < 8 => same as usize,
            _ => last.literal.iter().zip(value).take_while(|(a, b)| a == b).count(),
        };
        while let Some(head) = next.checked_sub(1).and_then(|at| self.heads.get(at)) {
            if head.literal.len() <= common {
                consider(head);
            }
            next = usize::from(head.parent);
        }
        found
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
    /// `any`: 1 beside each byte of the head that may be any other; empty if none may.
    fn new(head: &[u8], any: &[u8], exact: bool, owner: Owner) -> Head {
        let split = any.iter().position(|any| *any == 1).unwrap_or(head.len());
        let any = any.iter().copied().chain(std::iter::repeat(0));
        let rest = head.iter().copied().zip(any).skip(split).flat_map(|(byte, any)| [byte, any]);
        let literal = head.iter().copied().take(split).collect();
        Head { literal, rest: rest.collect(), exact, parent: 0, owner }
    }

    /// How many bytes of the value this head covers.
    pub fn len(&self) -> usize {
        self.literal.len() + self.rest.len() / 2
    }

    /// Whether there are no heads.
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
