//! What the old server sends to one client, by its rules.

use std::collections::{BTreeMap, HashMap};

use offhook_core::Mac;
use offhook_core::parts::Parts;
use offhook_core::tlv::Tlv;

use crate::model::{Cond, Expr, Mode, Old, Order, Target};

/// A value in the answer, and the rules that made it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said {
    /// The option's bytes.
    pub bytes: Vec<u8>,
    /// Its parts, where the old configuration has it in parts.
    pub subs: Option<Vec<(u8, Vec<u8>)>>,
    /// Positions in [`Old::rules`].
    pub by: Vec<usize>,
    /// Made of the client's hardware address.
    pub of_mac: bool,
}

/// What a client is sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Told {
    /// By code.
    pub options: BTreeMap<u8, Said>,
    /// `siaddr`.
    pub next_server: Option<Said>,
    /// `sname`.
    pub server_name: Option<Said>,
    /// `file`.
    pub boot_file: Option<Said>,
}

/// A configuration that is asked many times.
pub struct Asked<'o> {
    old: &'o Old,
    general: Vec<usize>,
    by_mac: HashMap<Mac, Vec<usize>>,
}

type Spaces = BTreeMap<(String, u32), Said>;

struct Answer<'c> {
    client: &'c Parts,
    location: Option<usize>,
    told: Told,
    spaces: Spaces,
    around: BTreeMap<u8, (String, usize)>,
}

impl<'o> Asked<'o> {
    pub fn new(old: &'o Old) -> Asked<'o> {
        let (mut general, mut by_mac) = (Vec::new(), HashMap::<Mac, Vec<usize>>::new());
        for (at, rule) in old.rules.iter().enumerate() {
            match rule.when.only_mac() {
                Some(mac) => by_mac.entry(mac).or_default().push(at),
                None => general.push(at),
            }
        }
        Asked { old, general, by_mac }
    }

    /// Whether a rule is for this client at this place, also if another one wins.
    pub fn is_for(&self, at: usize, client: &Parts, location: Option<usize>) -> bool {
        let answer = Answer::new(client, location);
        self.old.rules.get(at).is_some_and(|rule| answer.holds(&rule.when))
    }

    /// What this client gets at this place.
    pub fn ask(&self, client: &Parts, location: Option<usize>) -> Told {
        let mut answer = Answer::new(client, location);
        let own = client.mac.and_then(|mac| self.by_mac.get(&mac)).map_or(&[][..], Vec::as_slice);
        let mut rules: Vec<usize> = Vec::new();
        let order = match own {
            [] => &self.general,
            own => {
                rules.extend(&self.general);
                rules.extend(own);
                rules.sort_unstable();
                &rules
            }
        };
        for at in order {
            let Some(rule) = self.old.rules.get(*at) else { continue };
            if answer.holds(&rule.when) {
                answer.apply(*at, rule);
            }
        }
        answer.finish(self.old.sub_options)
    }
}

impl<'c> Answer<'c> {
    fn new(client: &'c Parts, location: Option<usize>) -> Answer<'c> {
        let (told, spaces, around) = Default::default();
        Answer { client, location, told, spaces, around }
    }

    fn apply(&mut self, at: usize, rule: &crate::model::Rule) {
        if let Target::Encapsulate { outer, space } = &rule.target {
            match rule.mode {
                Mode::Remove => self.around.remove(outer),
                _ => self.around.insert(*outer, (space.clone(), at)),
            };
            return;
        }
        let value = self.value(&rule.value);
        let of_mac = rule.value.has_mac();
        let mut slot = match &rule.target {
            Target::Option(code) => Slot::of(self.told.options.remove(code)),
            Target::Space(space, code) => Slot::of(self.spaces.remove(&(space.clone(), *code))),
            Target::NextServer => Slot::of(self.told.next_server.take()),
            Target::ServerName => Slot::of(self.told.server_name.take()),
            Target::BootFile => Slot::of(self.told.boot_file.take()),
            Target::Encapsulate { .. } => return,
        };
        slot.change(rule.mode, value, at, of_mac);
        let Some(said) = slot.0 else { return };
        match &rule.target {
            Target::Option(code) => _ = self.told.options.insert(*code, said),
            Target::Space(space, code) => _ = self.spaces.insert((space.clone(), *code), said),
            Target::NextServer => self.told.next_server = Some(said),
            Target::ServerName => self.told.server_name = Some(said),
            Target::BootFile => self.told.boot_file = Some(said),
            Target::Encapsulate { .. } => {}
        }
    }

    fn finish(mut self, order: Order) -> Told {
        for (outer, (space, at)) in std::mem::take(&mut self.around) {
            let mut parts: Vec<(u8, &Said)> = self
                .spaces
                .iter()
                .filter(|((name, _), _)| *name == space)
                .filter_map(|((_, code), said)| Some((u8::try_from(*code).ok()?, said)))
                .collect();
            if parts.is_empty() || self.told.options.contains_key(&outer) {
                continue;
            }
            match order {
                Order::Codes => {}
                Order::Lines => parts.sort_by_key(|(_, said)| said.by.first().copied()),
                Order::LastFirst => {
                    parts.sort_by_key(|(_, said)| std::cmp::Reverse(said.by.first().copied()));
                }
            }
            let mut said = Said { by: vec![at], ..Said::default() };
            let mut subs = Vec::new();
            for (code, part) in parts {
                let bytes = part.bytes.get(..part.bytes.len().min(255)).unwrap_or_default();
                said.bytes.push(code);
                said.bytes.push(u8::try_from(bytes.len()).unwrap_or(u8::MAX));
                said.bytes.extend_from_slice(bytes);
                said.by.extend(&part.by);
                said.of_mac |= part.of_mac;
                subs.push((code, bytes.to_vec()));
            }
            if matches!(outer, 124 | 125) {
                let number: u32 = space.parse().unwrap_or_default();
                let mut block = number.to_be_bytes().to_vec();
                block.push(u8::try_from(said.bytes.len()).unwrap_or(u8::MAX));
                block.append(&mut said.bytes);
                said.bytes = block;
            } else {
                said.subs = Some(subs);
            }
            self.told.options.insert(outer, said);
        }
        self.told
    }

    fn option(&self, code: u8) -> Option<Vec<u8>> {
        let pieces = self.client.options.iter().filter(|(found, _)| *found == code);
        let mut whole: Option<Vec<u8>> = None;
        for (_, piece) in pieces {
            whole.get_or_insert_default().extend_from_slice(piece);
        }
        match (code, whole) {
            (53, None) => Some(vec![self.client.message.number()]),
            (_, whole) => whole,
        }
    }

    fn value(&self, value: &Expr) -> Option<Vec<u8>> {
        match value {
            Expr::Bytes(bytes) => Some(bytes.clone()),
            Expr::Option(code) => self.option(*code),
            Expr::Relay(sub) => {
                let relay = self.option(82)?;
                let found = Tlv::plain(&relay).values().find(|(code, _)| code == sub);
                found.map(|(_, value)| value.to_vec())
            }
            Expr::Mac => self.client.mac.map(|mac| mac.0.to_vec()),
            Expr::Config(space, code) => match (space.as_str(), u8::try_from(*code)) {
                ("", Ok(code)) => Some(self.told.options.get(&code)?.bytes.clone()),
                _ => Some(self.spaces.get(&(space.clone(), *code))?.bytes.clone()),
            },
            Expr::Part { of, from, length } => {
                let whole = self.value(of)?;
                let rest = whole.get(*from..).unwrap_or_default();
                Some(rest.get(..(*length).min(rest.len())).unwrap_or_default().to_vec())
            }
            Expr::End(of, length) => {
                let whole = self.value(of)?;
                whole.get(whole.len().saturating_sub(*length)..).map(<[u8]>::to_vec)
            }
            Expr::Concat(parts) => {
                let mut whole = Vec::new();
                for part in parts {
                    whole.extend(self.value(part)?);
                }
                Some(whole)
            }
            Expr::Case(of, upper) => self.value(of).map(|bytes| match upper {
                true => bytes.to_ascii_uppercase(),
                false => bytes.to_ascii_lowercase(),
            }),
            Expr::Digits { base, width, separator, padded, of } => {
                let bytes = self.value(of)?;
                let numbers = bytes.chunks_exact((*width).max(1)).map(|chunk| {
                    let number = chunk.iter().fold(0u64, |sum, byte| sum << 8 | u64::from(*byte));
                    match (base, padded) {
                        (16, true) => format!("{number:02x}"),
                        (16, false) => format!("{number:x}"),
                        (8, _) => format!("{number:o}"),
                        _ => number.to_string(),
                    }
                });
                let numbers: Vec<String> = numbers.collect();
                let separator = String::from_utf8_lossy(separator);
                Some(numbers.join(&separator).into_bytes())
            }
            Expr::First(parts) => parts.iter().find_map(|part| self.value(part)),
            Expr::If(cond, yes, no) => self.value(if self.holds(cond) { yes } else { no }),
        }
    }

    fn holds(&self, cond: &Cond) -> bool {
        match cond {
            Cond::All(parts) => parts.iter().all(|part| self.holds(part)),
            Cond::Any(parts) => parts.iter().any(|part| self.holds(part)),
            Cond::Not(inner) => !self.holds(inner),
            Cond::Same(left, right) => self.value(left) == self.value(right),
            Cond::SameText(left, right) => match (self.value(left), self.value(right)) {
                (Some(left), Some(right)) => left.eq_ignore_ascii_case(&right),
                (left, right) => left == right,
            },
            Cond::Contains(value, part) => self.value(value).is_some_and(|value| {
                part.is_empty() || value.windows(part.len()).any(|window| window == part)
            }),
            Cond::Begins(value, wanted) => self.value(value).is_some_and(|value| {
                wanted.len() <= value.len()
                    && wanted.iter().zip(&value).all(|(w, byte)| w.is_none_or(|w| w == *byte))
            }),
            Cond::Item(value, item) => self
                .value(value)
                .is_some_and(|value| value.chunks_exact(item.len().max(1)).any(|c| c == item)),
            Cond::Exists(code) => self.option(*code).is_some(),
            Cond::FromRelay(sub) => self.value(&Expr::Relay(*sub)).is_some(),
            Cond::Mac(pattern) => self.client.mac.is_some_and(|mac| {
                pattern.iter().zip(mac.0).all(|(wanted, byte)| wanted.is_none_or(|w| w == byte))
            }),
            Cond::At(places) => self.location.is_some_and(|here| places.contains(&here)),
        }
    }
}

/// A value that a rule changes.
struct Slot(Option<Said>);

impl Slot {
    fn of(said: Option<Said>) -> Slot {
        Slot(said)
    }

    fn change(&mut self, mode: Mode, value: Option<Vec<u8>>, at: usize, of_mac: bool) {
        let Some(value) = value else { return };
        let fresh = |bytes| Said { bytes, subs: None, by: vec![at], of_mac };
        match (mode, &mut self.0) {
            (Mode::Remove, slot) => *slot = None,
            (Mode::Default, Some(_)) => {}
            (Mode::Set | Mode::Default, slot) | (Mode::Append | Mode::Prepend, slot @ None) => {
                *slot = Some(fresh(value));
            }
            (Mode::Append, Some(said)) => {
                said.bytes.extend(value);
                said.by.push(at);
                said.of_mac |= of_mac;
            }
            (Mode::Prepend, Some(said)) => {
                said.bytes.splice(0..0, value);
                said.by.push(at);
                said.of_mac |= of_mac;
            }
        }
    }
}
