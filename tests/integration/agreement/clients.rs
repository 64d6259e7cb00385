//! Clients by chance: what the catalogue's examples send, mixed.

use super::{Chance, RELAYS};
use crate::catalogue::{Example, vendors};
use crate::peers::packet::{DISCOVER, INFORM, hex, show};
use crate::peers::phone::Phone;
use std::collections::BTreeSet;
use std::fmt;

pub struct Client {
    pub phone: Phone,
    pub kind: u8,
    /// At which of the relays it is.
    pub place: usize,
}

impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}", self.phone.mac_text(), RELAYS[self.place])?;
        if self.kind == INFORM {
            f.write_str(" (INFORM)")?;
        }
        for (code, value) in &self.phone.options {
            write!(f, ", {code} {} ({})", show(value), hex(value))?;
        }
        Ok(())
    }
}

/// What clients are made of.
pub struct Parts {
    examples: Vec<Example>,
    pub vendors: Vec<String>,
}

pub const CIRCUITS: [&str; 3] = ["ge-0/0/7", "ge-0/0/8", "ge-0/0/70"];

impl Parts {
    pub fn read() -> Parts {
        let (phones, near_misses) = vendors();
        let examples: Vec<Example> = phones.into_values().flatten().chain(near_misses).collect();
        let id = |example: &Example| {
            let place = example.place.strip_prefix("vendors/")?;
            Some(place.split(':').next()?.to_owned())
        };
        let vendors: BTreeSet<String> = examples.iter().filter_map(id).collect();
        Parts { examples, vendors: vendors.into_iter().collect() }
    }

    pub fn client(&self, chance: &mut Chance) -> Client {
        let base = chance.one(&self.examples);
        let mut phone = base.phone.clone();
        let mut kind = if base.inform { INFORM } else { DISCOVER };
        if chance.percent(8) {
            kind = if kind == INFORM { DISCOVER } else { INFORM };
        }
        if chance.percent(30) {
            phone.mac = chance.one(&self.examples).phone.mac;
        } else if chance.percent(10) {
            phone.mac = Phone::stranger(chance.number()).mac;
        }
        if chance.percent(25) {
            // What another client says too, where this one is silent.
            let other = &chance.one(&self.examples).phone.options;
            for (code, value) in other {
                if !phone.options.iter().any(|(present, _)| present == code) {
                    phone.options.push((*code, value.clone()));
                }
            }
        }
        if chance.percent(15)
            && let Some((_, class)) = phone.options.iter_mut().find(|(code, _)| *code == 60)
        {
            self.bend(class, chance);
        }
        if chance.percent(30) {
            phone.options.retain(|(code, _)| *code != 55);
            if chance.percent(80) {
                let all = [1, 3, 6, 15, 42, 43, 66, 67, 120, 132, 150, 160, 224];
                let list: Vec<u8> = all.into_iter().filter(|_| chance.percent(60)).collect();
                phone.options.push((55, if list.is_empty() { vec![1] } else { list }));
            }
        }
        if chance.percent(30) {
            let circuit = *chance.one(&CIRCUITS);
            let mut ids = [&[1, circuit.len() as u8], circuit.as_bytes()].concat();
            if chance.percent(50) {
                ids.extend([2, 2, 0, 0xff]);
            }
            phone.options.push((82, ids));
        }
        Client { phone, kind, place: usize::from(chance.percent(30)) }
    }

    /// The same maker's string, a little different: longer, shorter, NULs at its end.
    fn bend(&self, class: &mut Vec<u8>, chance: &mut Chance) {
        match chance.below(4) {
            0 => class.extend_from_slice(b" 9.9-x"),
            1 => class.push(0),
            2 => class.truncate(class.len().saturating_sub(1).max(1)),
            _ => class.make_ascii_lowercase(),
        }
        class.truncate(255);
    }
}
