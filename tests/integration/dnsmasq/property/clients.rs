//! Random clients: what the catalogue's examples send, taken apart and put together anew.

use super::{Case, Dice, NETWORKS};
use crate::catalogue::{systems, vendors};
use crate::peers::phone::Phone;

/// Option values and addresses that are seen in the catalogue's examples.
#[derive(Default)]
struct Parts {
    macs: Vec<[u8; 6]>,
    values: Vec<(u8, Vec<u8>)>,
}

impl Parts {
    fn collect() -> Parts {
        let mut parts = Parts::default();
        let (examples, misses) = vendors();
        let more = systems();
        let all = examples.values().chain(more.values()).flatten().chain(&misses);
        for example in all {
            parts.macs.push(example.phone.mac);
            parts.values.extend(example.phone.options.iter().cloned());
        }
        parts
    }

    fn of<'a>(&'a self, code: u8, dice: &mut Dice) -> Option<&'a [u8]> {
        let fitting: Vec<&[u8]> =
            self.values.iter().filter(|(c, _)| *c == code).map(|(_, v)| &v[..]).collect();
        (!fitting.is_empty()).then(|| *dice.one_of(&fitting))
    }
}

pub fn some(count: usize, dice: &mut Dice) -> Vec<Case> {
    let parts = Parts::collect();
    let mut cases: Vec<Case> = Vec::new();
    for number in 0..count {
        let mut phone = Phone::stranger(u32::try_from(number).expect("a number"));
        if dice.percent(75) {
            let [a, b, c, ..] = *dice.one_of(&parts.macs);
            let [x, y] = [(number >> 8) as u8, number as u8];
            phone.mac = [a, b, c, dice.below(256) as u8, x, y];
            if dice.percent(40) {
                // Narrow ranges end within the fourth and fifth byte.
                let whole = *dice.one_of(&parts.macs);
                phone.mac = [whole[0], whole[1], whole[2], whole[3], whole[4], y];
            }
        }
        for (code, chance) in [(60, 70), (12, 40), (77, 12), (124, 8), (125, 8), (55, 60)] {
            if dice.percent(chance)
                && let Some(value) = parts.of(code, dice)
            {
                phone = phone.option(code, changed(code, value, dice));
            }
        }
        let vpn = !phone.options.iter().any(|(code, _)| *code == 77) && dice.percent(15);
        if vpn {
            phone = phone.option(77, "vpn");
        }
        if dice.percent(30) {
            phone = phone.option(82, relay_ids(dice));
        }
        // Room for everything: what a small answer must leave out is not a matter of the policy.
        phone = phone.option(57, [5, 120]);
        let network = dice.one_of(&NETWORKS).0;
        cases.push(Case { phone, network, inform: dice.percent(15), vpn });
    }
    // Each address once, so that no two cases are one client.
    cases.sort_by_key(|case| case.phone.mac);
    for at in 1..cases.len() {
        if cases[at].phone.mac <= cases[at - 1].phone.mac {
            let mut mac = cases[at - 1].phone.mac;
            mac[5] = mac[5].wrapping_add(1);
            cases[at].phone.mac = mac;
        }
    }
    cases
}

/// A value, or something near it.
fn changed(code: u8, value: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut value = value.to_vec();
    match (code, dice.below(10)) {
        (60, 0) => value.truncate(1 + dice.below(value.len())),
        (60, 1) => value.extend_from_slice(b" 1.2=3\0x"),
        (60 | 12, 2) => value.extend(std::iter::repeat_n(0, 1 + dice.below(3))),
        (60, 3) => {
            let at = dice.below(value.len());
            value[at] ^= 1 << dice.below(7);
        }
        (60, 4) => value.make_ascii_uppercase(),
        (77, 0..=4) => {
            let length = u8::try_from(value.len()).expect("a short text");
            value.insert(0, length);
        }
        (124, 0..=2) => {
            // Another enterprise first, then this one with data in the form of RFC 3925: a later one
            // without is not an enterprise to dnsmasq.
            let mut first = vec![0, 0, 1, 2, 2, b'a', b'b'];
            value.truncate(4);
            value.extend([2, 1, b'y']);
            first.extend(value);
            value = first;
        }
        _ => {}
    }
    value
}

fn relay_ids(dice: &mut Dice) -> Vec<u8> {
    let ids: [&[u8]; 5] = [b"ge-0/0/7", b"ge-0/0/8", b"\0\x04\0\x0a", b"ge-0/0/7\0", b"x"];
    let mut value = Vec::new();
    for sub in [1u8, 2] {
        if dice.percent(60) {
            let id = dice.one_of(&ids);
            value.extend([sub, u8::try_from(id.len()).expect("short")]);
            value.extend_from_slice(id);
        }
    }
    if value.is_empty() { vec![1, 1, b'y'] } else { value }
}
