//! Kinds of faults that were found once in one maker's files, tried with every maker and family of models.

use std::collections::BTreeSet;

use offhook_phone_files::Makers;
use offhook_phone_files::makers::{Characters, Fact};
use serde_json::{Value, json};

use super::every::{Kin, digits, kin};
use super::writer::{Site, Written};

fn site() -> Site {
    Site::new(&json!({
        "systems": [{ "system": "files", "url": "https://prov.example.com/phones/" }],
    }))
}

/// A phone of this kin with one line, and what else it has.
fn phone(kin: &Kin<'_>, more: &[(&str, Value)]) -> Value {
    let mut phone = json!({
        "mac": "02:00:00:0a:0b:0c", "vendor": kin.vendor, "model": kin.model,
        "lines": [{ "user": "1001" }],
    });
    for (field, value) in more {
        phone[*field] = value.clone();
    }
    json!([phone])
}

/// All files in one text.
fn text(written: Written) -> Result<String, String> {
    Ok(written?.into_values().collect::<Vec<_>>().join("\n"))
}

/// Runs a check for each maker and family, and tells all that is wrong at once.
fn each(check: impl Fn(&Site, &Kin<'_>, &str, &mut Vec<String>)) {
    let (makers, site, mut wrong) = (Makers::new(&[]).expect("files.toml"), site(), Vec::new());
    for kin in kin(&makers) {
        check(&site, &kin, &format!("{} {}", kin.vendor, kin.model), &mut wrong);
    }
    assert!(wrong.is_empty(), "{} of them:\n{}", wrong.len(), wrong.join("\n"));
}

const WORDS: [(&str, &[&str]); 6] = [
    ("transport", &["udp", "tcp", "tls"]),
    ("srtp", &["off", "optional", "required"]),
    ("dtmf", &["rfc4733", "info", "inband"]),
    ("codecs", &["opus", "g722", "pcma", "pcmu", "g729", "ilbc", "g726"]),
    ("subscribe-mwi", &["true", "false"]),
    ("call-waiting", &["true", "false"]),
];

#[test]
fn each_word_of_ours_is_the_makers_or_refused() {
    each(|site, kin, what, wrong| {
        for (field, words) in WORDS {
            let Some(fact) = kin.fact(field) else { continue };
            let known = kin.maker.words(kin.family, fact);
            let server = ("server", json!("s.example.com"));
            let without =
                text(site.write(&phone(kin, std::slice::from_ref(&server)))).expect("files");
            for word in words {
                let said = [server.clone(), (field, json!(word))];
                let written = text(site.write(&phone(kin, &said)));
                match (written, known.get(*word)) {
                    // The maker takes a truth by another sign than a word.
                    (Ok(written), None) if known.is_empty() && written != without => {}
                    (Err(told), None) if told.contains(&format!("has no {word:?}")) => {}
                    (Ok(written), Some(theirs)) => {
                        let all = theirs.split(' ').all(|part| written.contains(part));
                        // `udp` is written unasked where the file must name a transport.
                        let unasked = *theirs == "udp" && without.contains("udp");
                        if !all || (written == without && !unasked) {
                            wrong.push(format!("{what}: {field} {word} is not written"));
                        }
                    }
                    (written, _) => wrong.push(format!("{what}: {field} {word}: {written:?}")),
                }
            }
        }
    });
}

/// A field of a line, two values of it, and what it needs beside it.
type OfLine = (&'static str, &'static str, &'static str, &'static [(&'static str, &'static str)]);

/// Where there are no values, two of the maker's words are taken.
const OF_LINES: [OfLine; 16] = [
    ("user", "1001", "2002", &[]),
    ("auth-user", "one", "two", &[]),
    ("password", "first", "second", &[]),
    ("display-name", "First", "Second", &[]),
    ("label", "First", "Second", &[]),
    ("server", "one.example.com", "two.example.com", &[]),
    ("port", "5071", "5072", &[("server", "sip.example.com")]),
    ("transport", "", "", &[("server", "sip.example.com")]),
    ("outbound-proxy", "one.example.com", "two.example.com", &[("server", "sip.example.com")]),
    ("outbound-port", "5071", "5072", &[("outbound-proxy", "edge.example.com")]),
    ("backup-server", "one.example.com", "two.example.com", &[("server", "sip.example.com")]),
    ("backup-port", "5071", "5072", &[("backup-server", "b.example.com")]),
    ("register-seconds", "600", "1200", &[]),
    ("voicemail", "*97", "*98", &[]),
    ("srtp", "", "", &[]),
    ("dtmf", "", "", &[]),
];

/// A value of the second or the last line is in the files, or refused, or told as lost.
#[test]
fn each_line_has_its_own_value() {
    each(|site, kin, what, wrong| {
        let count = kin.maker.lines_of(kin.model).unwrap_or(6).min(20);
        for (field, one, two, besides) in OF_LINES {
            let Some(fact) = kin.fact(field) else { continue };
            let words: Vec<&String> = kin.maker.words(kin.family, fact).keys().collect();
            let (one, two) = match (&words[..], one) {
                ([first, second, ..], "") => (first.as_str(), second.as_str()),
                (_, "") => continue,
                _ => (one, two),
            };
            let list = |odd: u16| {
                let line = |number: u16| {
                    let mut line =
                        json!({ "user": format!("30{number:02}"), "server": "s.example.com" });
                    for (field, value) in besides {
                        line[*field] = json!(value);
                    }
                    line[field] = json!(if number == odd { two } else { one });
                    if field == "user" {
                        line[field] = json!(if number == odd {
                            two.to_owned()
                        } else {
                            format!("40{number:02}")
                        });
                    }
                    line
                };
                let lines: Vec<Value> = (1..=count).map(line).collect();
                phone(kin, &[("lines", json!(lines))])
            };
            let alike = text(site.write(&list(0))).unwrap_or_else(|told| panic!("{what}: {told}"));
            // The first ones have names of their own here and there, and the last may be beyond a table.
            let odd_ones = BTreeSet::from([2, 3, 5, count]);
            for odd in odd_ones.into_iter().filter(|odd| (2..=count).contains(odd)) {
                let before = site.doubts().len();
                let written = text(site.write(&list(odd)));
                let told = site.doubts().len() > before;
                let well = match (&written, fact.same) {
                    (Ok(written), false) => *written != alike,
                    (Err(_), true) => true,
                    (Ok(_), true) => told,
                    (Err(_), false) => false,
                };
                if !well {
                    wrong.push(format!(
                        "{what}: {field} of line {odd} is lost: {:?}",
                        written.err()
                    ));
                }
            }
        }
    });
}

#[test]
fn more_lines_than_a_model_has_are_refused() {
    each(|site, kin, what, wrong| {
        let Some(most) = kin.maker.lines_of(kin.model) else { return };
        let lines: Vec<Value> =
            (0..=most).map(|user| json!({ "user": format!("3{user}") })).collect();
        let told = site.write(&phone(kin, &[("lines", json!(lines))]));
        if !told.is_err_and(|told| told.contains(&format!("has {most} line"))) {
            wrong.push(format!("{what}: {} lines are taken", most + 1));
        }
    });
}

/// With TLS no port that is for UDP is left to a phone: 5061 is written, for registrar, proxy and backup alike.
#[test]
fn tls_has_its_port_wherever_the_phone_does_not_know_it() {
    // Theirs follows the transport: SIP URIs and `transport=tls` name no port (RFC 3263, section 4.2).
    const OWN: [&str; 2] = ["polycom", "snom"];
    each(|site, kin, what, wrong| {
        let tls = kin.fact("transport").is_some_and(|fact| fact.words.contains_key("tls"));
        if !tls {
            return;
        }
        if kin.maker.tls_port == OWN.contains(&kin.vendor) {
            wrong.push(format!("{what}: tls-port is {}", kin.maker.tls_port));
        }
        let mut said = vec![("server", json!("s.example.com")), ("transport", json!("tls"))];
        let mut ports = vec![("port", json!(5061))];
        for (server, port) in
            [("outbound-proxy", "outbound-port"), ("backup-server", "backup-port")]
        {
            if kin.has(server) && kin.has(port) {
                said.push((server, json!(format!("{server}.example.com"))));
                ports.push((port, json!(5061)));
            }
        }
        let without = text(site.write(&phone(kin, &said))).expect("files");
        let with = text(site.write(&phone(kin, &[&said[..], &ports[..]].concat()))).expect("files");
        if kin.maker.tls_port && without != with {
            wrong.push(format!("{what}: not the same as with port 5061:\n{without}"));
        }
        if without.contains("5060") || !with.contains("5061") {
            wrong.push(format!("{what}: 5060 beside TLS, or no 5061"));
        }
    });
}

/// Beside UDP no port of TLS is written, and what the list says counts.
#[test]
fn a_port_that_is_said_counts() {
    each(|site, kin, what, wrong| {
        let has =
            |word: &str| kin.fact("transport").is_some_and(|fact| fact.words.contains_key(word));
        let list = |transport: &str, port: Option<u16>| {
            let mut said =
                vec![("server", json!("s.example.com")), ("transport", json!(transport))];
            said.extend(port.map(|port| ("port", json!(port))));
            text(site.write(&phone(kin, &said))).expect("files")
        };
        if has("udp") && list("udp", None).contains("5061") {
            wrong.push(format!("{what}: 5061 beside UDP"));
        }
        if has("tls") && kin.has("port") {
            let written = list("tls", Some(5099));
            if !written.contains("5099") && !written.contains("0x13eb") || written.contains("5061")
            {
                wrong.push(format!("{what}: 5099 is said, and not written"));
            }
        }
    });
}

/// Zones of one offset, with and without summer time.
const PAIRS: [(&str, &str, &str); 6] = [
    ("Europe/Berlin", "Africa/Algiers", "+01:00"),
    ("America/New_York", "America/Bogota", "-05:00"),
    ("Europe/London", "Africa/Abidjan", "+00:00"),
    ("America/Denver", "America/Phoenix", "-07:00"),
    ("Australia/Sydney", "Australia/Brisbane", "+10:00"),
    ("Europe/Athens", "Africa/Johannesburg", "+02:00"),
];

#[test]
fn a_zone_with_summer_time_is_no_offset() {
    each(|site, kin, what, wrong| {
        if !kin.has("time-zone") {
            return;
        }
        let written =
            |field: &str, value: &str| text(site.write(&phone(kin, &[(field, json!(value))])));
        let mut tried = 0;
        for (with, without, offset) in PAIRS {
            let Ok(changing) = written("time-zone", with) else { continue };
            tried += 1;
            if written("time-zone", without).is_ok_and(|fixed| fixed == changing) {
                wrong.push(format!("{what}: {with} is {without}"));
            }
            if kin.has("utc-offset")
                && written("utc-offset", offset).is_ok_and(|fixed| fixed == changing)
            {
                wrong.push(format!("{what}: {with} is an offset"));
            }
        }
        if tried == 0 {
            wrong.push(format!("{what}: takes none of the zones"));
        }
    });
}

const PASSWORDS: [&str; 3] = ["admin-password", "user-password", "provisioning-password"];

fn unfit(fact: &Fact) -> Vec<String> {
    let good = digits(Some(fact)).to_owned();
    let characters = match fact.characters {
        Some(Characters::Digits) => vec!["abcd".to_owned(), "12 34".to_owned(), "12é4".to_owned()],
        Some(Characters::Alphanumeric) => vec!["s3cret!pass".to_owned(), "sécret123".to_owned()],
        None => Vec::new(),
    };
    let short = fact.min_length.map(|least| good[..least - 1].to_owned());
    let long = fact.max_length.map(|most| "1".repeat(most + 1));
    characters.into_iter().chain(short).chain(long).collect()
}

/// A phone that does not take a password keeps the factory's.
#[test]
fn a_password_that_a_phone_does_not_take_is_refused_and_not_told() {
    each(|site, kin, what, wrong| {
        for (field, fact) in PASSWORDS.iter().filter_map(|field| Some((*field, kin.fact(field)?))) {
            for password in unfit(fact) {
                let told = text(site.write(&phone(kin, &[(field, json!(password))])));
                let expected = format!("{field}: expected ");
                if !told.as_ref().is_err_and(|told| told.contains(&expected)) {
                    wrong.push(format!("{what}: {field} {password:?} is taken: {told:?}"));
                } else if told.is_err_and(|told| told.contains(&password)) {
                    wrong.push(format!("{what}: {field} is in the message"));
                }
            }
        }
    });
}

#[test]
fn a_number_beyond_the_makers_range_is_refused() {
    let fields = ["register-seconds", "resync-minutes", "keep-alive-seconds", "pc-port-vlan"];
    each(|site, kin, what, wrong| {
        for (field, fact) in fields.iter().filter_map(|field| Some((*field, kin.fact(field)?))) {
            let written = |value: u32| site.write(&phone(kin, &[(field, json!(value))]));
            for (beyond, within) in
                [(fact.from.map(|from| from - 1), fact.from), (fact.to.map(|to| to + 1), fact.to)]
            {
                if let Some(told) = beyond.map(written).and_then(Result::ok) {
                    wrong.push(format!("{what}: {field} {beyond:?} is taken: {told:?}"));
                }
                if let Some(told) = within.map(written).and_then(Result::err) {
                    wrong.push(format!("{what}: {field} {within:?}: {told}"));
                }
            }
        }
    });
}

/// However a person writes a model, the names of its files are those that the phone requests.
#[test]
fn a_model_is_one_in_any_usual_spelling() {
    each(|site, kin, what, wrong| {
        let files = |model: &str| {
            let list = phone(kin, &[("model", json!(model))]);
            site.write(&list).map(|files| files.into_keys().collect::<Vec<_>>())
        };
        let right = files(kin.model);
        let vendor = match kin.vendor {
            "cisco-spa" | "cisco-mpp" | "cisco-enterprise" => "cisco",
            "mitel-sip" => "mitel",
            // The maker's name and the brand's.
            "auerswald" => "comfortel",
            other => other,
        };
        let model = kin.model;
        for spelt in [
            model.to_lowercase(),
            model.to_uppercase(),
            format!(" {model} "),
            format!("{vendor} {model}"),
            format!("{vendor}-{model}"),
            format!("{vendor}_{}", model.to_lowercase()),
            format!("{} {model}", vendor.to_uppercase()),
        ] {
            if files(&spelt) != right {
                wrong.push(format!("{what}: {spelt:?}: {:?}, not {right:?}", files(&spelt)));
            }
        }
    });
}
