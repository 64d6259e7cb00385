//! Random makers whose texts begin alike, and random clients: dnsmasq decides as the core does. The built-in catalogue has
//! few such texts; an overlay may have any.

use super::property::decisions::{explain, told};
use super::property::{Dice, number};
use crate::dnsmasq::catalogue::in_dnsmasqs_words;
use crate::peers::dnsmasq::Setup;
use crate::peers::packet::{DISCOVER, hex, show_all};
use crate::peers::phone::Phone;
use serde_json::{Map, json};
use std::fmt::Write;

const MAKERS: usize = 6;
const CATALOGUES: u64 = 12;
const CLIENTS: usize = 80;

/// A text of few letters, so that many begin alike.
fn text(dice: &mut Dice, letters: &[u8]) -> Vec<u8> {
    let more = dice.below(5) + 1;
    b"Qq".iter().copied().chain((0..more).map(|_| *dice.one_of(letters))).collect()
}

/// Signs so far: the option and the text. Of two that may fit the same value one must be longer.
type Taken = Vec<(&'static str, Vec<u8>)>;

fn new_text(option: &'static str, letters: &[u8], dice: &mut Dice, taken: &mut Taken) -> Vec<u8> {
    loop {
        let text = text(dice, letters);
        let same = |other: &[u8]| {
            let mut pairs = text.iter().zip(other);
            text.len() == other.len() && pairs.all(|(a, b)| a == b || *a == b'?' || *b == b'?')
        };
        // NULs at the end never count; a text may be longer than any other in the end.
        let tie = taken.iter().any(|(of, other)| *of == option && same(other));
        if text.last() != Some(&0) && !tie || text.len() == 6 && dice.percent(5) {
            taken.push((option, text.clone()));
            return text;
        }
    }
}

/// One sign in option 60 or 77, in the words of a maker's file.
fn sign(dice: &mut Dice, taken: &mut Taken) -> String {
    let option = if dice.percent(75) { "option-60" } else { "option-77" };
    let whole = dice.percent(30);
    let mut sign = format!("[[{option}]]\nsource = [\"test\"]\n");
    if dice.percent(20) {
        let key = if whole { "is-hex" } else { "starts-hex" };
        let _ = writeln!(sign, "{key} = \"{}\"", hex(&new_text(option, b"ab\0", dice, taken)));
    } else {
        let text = String::from_utf8(new_text(option, b"aabb?", dice, taken)).expect("ASCII");
        let _ = writeln!(sign, "{} = \"{text}\"", if whole { "is" } else { "starts" });
    }
    if dice.percent(20) {
        sign.push_str("phone = false\n");
    }
    sign
}

fn maker(number: usize, dice: &mut Dice, taken: &mut Taken) -> String {
    let mut file = format!("name = \"Made up {number}\"\n\n[sources]\ntest = \"made up\"\n\n");
    for _ in 0..1 + dice.below(4) {
        file.push_str(&sign(dice, taken));
    }
    file
}

fn client(at: usize, dice: &mut Dice) -> Phone {
    let mut phone = Phone::new(&format!("02:00:00:00:01:{at:02x}")).wants(&[1, 3, 6, 66]);
    let end = |mut text: Vec<u8>, dice: &mut Dice| {
        text.extend(vec![0; [0, 0, 0, 1, 2, 4][dice.below(6)]]);
        text
    };
    if dice.percent(90) {
        phone = phone.option(60, end(text(dice, b"ab"), dice));
    }
    if dice.percent(30) {
        phone = phone.option(77, end(text(dice, b"ab"), dice));
    }
    phone
}

/// What differs; `None` if no such catalogue can be written for dnsmasq.
fn differences(dice: &mut Dice) -> Option<Vec<String>> {
    let setup = Setup::new();
    let (mut vendors, mut taken) = (Map::new(), Taken::new());
    for number in 0..MAKERS {
        let id = format!("made-up-{number}");
        setup.folder.make(&format!("own/vendors/{id}"));
        setup
            .folder
            .write(&format!("own/vendors/{id}/vendor.toml"), maker(number, dice, &mut taken));
        let url = format!("http://192.0.2.1/{number}/");
        vendors.insert(id, json!({ "options": [{ "code": 66, "text": url }] }));
    }
    let own = setup.folder.join("own").display().to_string();
    let policy = json!({ "vendors": vendors }).to_string();
    let rendered = setup.try_render(&policy, &["--vendors-directory", &own]);
    if !rendered.status.success() {
        return None;
    }
    let conf = format!("conf-file={}", setup.rendered().display());
    let server = setup.line(conf).start();
    let relay = server.relay();
    let clients: Vec<Phone> = (0..CLIENTS).map(|at| client(at, dice)).collect();
    let questions: Vec<_> = clients.iter().map(|phone| relay.question(phone, DISCOVER)).collect();
    let lines = questions.iter().fold(String::new(), |mut lines, question| {
        let _ = writeln!(lines, "{}", json!({ "packet": hex(&question.write()) }));
        lines
    });
    let policy = server.setup.folder.join("policy.json");
    let decided = explain(&policy, &["--vendors-directory", &own], lines);
    let mut wrong = Vec::new();
    for ((phone, decision), answer) in clients.iter().zip(&decided).zip(relay.ask_all(&questions)) {
        let expected = in_dnsmasqs_words(phone, &told(decision));
        let answer = answer.expect("an answer");
        let found: Vec<(u8, Vec<u8>)> =
            answer.option(66).map(|value| (66, value.to_vec())).into_iter().collect();
        if found != expected {
            wrong.push(format!(
                "{}\n  decided {}, expected {}, found {}",
                show_all(&phone.options),
                decision["vendor"],
                show_all(&expected),
                show_all(&found)
            ));
        }
    }
    Some(wrong)
}

#[test]
fn the_longest_text_decides_as_in_the_core() {
    let seed = number("OFFHOOK_SEED", 20_261_129);
    let wanted = number("OFFHOOK_CATALOGUES", CATALOGUES);
    let mut dice = Dice::new(seed);
    let (mut tried, mut written) = (0, 0);
    while written < wanted {
        tried += 1;
        assert!(
            tried < wanted * 20,
            "expected one catalogue of twenty to be written, found {written} of {tried}"
        );
        let Some(wrong) = differences(&mut dice) else { continue };
        written += 1;
        assert!(
            wrong.is_empty(),
            "seed {seed}, catalogue {tried}: {} differ\n{}",
            wrong.len(),
            wrong.join("\n")
        );
    }
}
