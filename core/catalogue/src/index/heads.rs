//! Which rule's head is the longest in a value: a binary search, and a walk up a chain of prefixes.

use super::RuleRef;
use crate::facts::Rule;
use crate::record::{List, record};

record! {
    /// The heads of one field, sorted by their literal beginning.
    pub struct HeadTable {
        /// The heads, sorted by `literal`.
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
        /// The rule.
        pub at: RuleRef,
    }
}

impl HeadTable {
    pub(super) fn build<'v>(rules: impl Iterator<Item = (RuleRef, &'v Rule)>) -> HeadTable {
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
