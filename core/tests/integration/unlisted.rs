//! Phones of makers that the catalogue does not have: every example, and how many of the phones and other devices of
//! the public collections are named and sent something, as if no maker were known.

// A test fails by panicking.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use std::collections::BTreeSet;

use offhook_core::catalogue::record::List;
use offhook_core::catalogue::unlisted::WeakSigns;
use offhook_core::catalogue::{Tables, index::Index};
use offhook_core::examples::{self, UNLISTED_POLICY, UnlistedExample};
use offhook_core::parts::Parts;
use offhook_core::recognise::{Finding, recognise};
use offhook_core::{Context, Edits, Engine, Host, Query, builtin, explain};

use crate::collections::{Line, lines};

fn kinds(signs: Option<WeakSigns>) -> BTreeSet<&'static str> {
    let signs = signs.unwrap_or_default();
    let all = [
        ("option-60", signs.word.is_some()),
        ("option-55", signs.request_list),
        ("host-name", signs.host_name),
        ("hardware-address", signs.address.is_some()),
    ];
    all.into_iter().filter(|(_, holds)| *holds).map(|(kind, _)| kind).collect()
}

fn told(engine: &Engine, parts: &Parts) -> (Option<WeakSigns>, Vec<(u8, Vec<u8>)>) {
    let wire = parts.wire(1);
    let query = Query::from_wire(&wire, Context::default()).expect("a whole packet");
    let decision = engine.decide(&query);
    let mut edits = Edits::default();
    decision.edits(engine, &query, &mut edits);
    let told = edits.iter().map(|edit| {
        assert!(edit.keep_existing, "what the server itself sends stays: {}", edit.code);
        (edit.code, edits.bytes(engine, edit.value.expect("nothing is removed")).to_vec())
    });
    let told = told.collect();
    let header = &edits.header;
    let fields = [header.server_hostname.is_some(), header.boot_file_name.is_some()];
    assert!(header.next_server.is_none() && fields == [false; 2], "no header field");
    (decision.unlisted, told)
}

fn examples() -> Vec<UnlistedExample> {
    examples::unlisted().unwrap_or_else(|wrong| panic!("unlisted/examples.toml:\n{wrong}"))
}

#[test]
fn every_example_shows_its_signs_and_is_sent_what_it_must() {
    let engine = Engine::new(builtin::shared(), UNLISTED_POLICY, Host::ANY).unwrap();
    for example in examples() {
        let (signs, told) = told(&engine, &example.packet);
        let wanted: BTreeSet<&str> = example.signs.iter().map(String::as_str).collect();
        assert_eq!(kinds(signs), wanted, "{}", example.name);
        assert_eq!(told, example.told, "{}", example.name);
    }
}

#[test]
fn every_kind_of_sign_and_every_veto_has_an_example() {
    let examples = examples();
    let texts: Vec<String> = examples
        .iter()
        .flat_map(|example| &example.packet.options)
        .filter(|(code, _)| *code == 60)
        .map(|(_, value)| String::from_utf8_lossy(value).into_owned())
        .collect();
    for word in ["Phone", "voip", "SIP", "ATA", "handset", "dect", "intercom", "iPhone"] {
        assert!(texts.iter().any(|text| text.contains(word)), "no example with {word:?}");
    }
    let kinds: BTreeSet<&str> =
        examples.iter().flat_map(|example| &example.signs).map(String::as_str).collect();
    assert_eq!(kinds.len(), 4, "{kinds:?}");
    let pxe = |example: &UnlistedExample| {
        let mut lists = example.packet.options.iter().filter(|(code, _)| *code == 55);
        lists.any(|(_, list)| (128..=131).all(|code| list.contains(&code)))
    };
    assert!(examples.iter().any(|example| pxe(example) && example.signs.is_empty()));
}

#[test]
fn without_the_policys_word_they_are_named_and_sent_nothing() {
    let policy = UNLISTED_POLICY.replace(r#""unlisted-phones": "send","#, "");
    let named = Engine::new(builtin::shared(), &policy, Host::ANY).unwrap();
    let policy = policy.replacen('{', r#"{ "unlisted-phones": "ignore","#, 1);
    let ignored = Engine::new(builtin::shared(), &policy, Host::ANY).unwrap();
    for example in examples() {
        let (signs, sent) = told(&named, &example.packet);
        assert_eq!((signs.is_some(), sent), (!example.signs.is_empty(), Vec::new()));
        assert_eq!(told(&ignored, &example.packet), (None, Vec::new()), "{}", example.name);
    }
}

#[test]
fn a_site_decides_for_itself_and_a_listed_device_is_not_unlisted() {
    let example = examples().swap_remove(0);
    let ask = |policy: &str| {
        let engine = Engine::new(builtin::shared(), policy, Host::ANY);
        let engine = engine.unwrap_or_else(|wrong| panic!("{wrong}"));
        let (signs, told) = told(&engine, &example.packet);
        (signs.is_some(), told.len())
    };
    let policy = |more: &str| {
        format!(
            r#"{{ "systems": [{{ "system": "url", "url": "http://p.example.com/" }}], {more} }}"#
        )
    };
    let site = |more: &str| {
        format!(r#""sites": [{{ "name": "a", "match": {{ "networks": ["0.0.0.0/0"] }}, {more} }}]"#)
    };
    let mut at_site = example.packet.clone();
    at_site.giaddr = Some([10, 0, 0, 1].into());
    let send = policy(r#""unlisted-phones": "send""#);
    assert_eq!(ask(&send), (true, 2));
    let engine = |text: String| Engine::new(builtin::shared(), &text, Host::ANY).unwrap();
    let not_here = site(r#""unlisted-phones": "ignore""#);
    let not_here = engine(policy(&format!(r#""unlisted-phones": "send", {not_here}"#)));
    assert_eq!(told(&not_here, &at_site), (None, Vec::new()));
    let only_here = engine(policy(&site(r#""unlisted-phones": "send""#)));
    assert_eq!(told(&only_here, &at_site).1.len(), 2);
    let device = |own: &str| {
        policy(&format!(
            r#""unlisted-phones": "send", "devices": [{{ "mac": "02:00:00:00:00:01", {own} }}]"#
        ))
    };
    assert_eq!(ask(&device(r#""ignore": true"#)).1, 0);
    assert_eq!(ask(&device(r#""options": [{ "code": 66, "text": "x" }]"#)).1, 0);
    // A token belongs to a phone of which the maker is known.
    let token = r#"{ "systems": [{ "system": "url", "url": "http://p.example.com/{{token}}/" }],
        "unlisted-phones": "send", "file-access": { "token": { "key-file": "/k" } } }"#;
    assert_eq!(ask(token), (true, 0));
}

#[test]
fn a_key_that_does_nothing_is_a_doubt_and_in_the_wrong_place_a_mistake() {
    let doubts = |policy: &str| {
        let engine = Engine::new(builtin::shared(), policy, Host::ANY).unwrap();
        let doubts = offhook_core::check::doubts(&engine, offhook_core::check::Makers::All);
        let about = doubts.into_iter().filter(|doubt| doubt.place.ends_with("unlisted-phones"));
        about.map(|doubt| doubt.to_string()).collect::<Vec<_>>()
    };
    let pascom =
        r#""systems": [{ "system": "pascom", "server": "10.0.0.5", "phonesystem": "acme" }]"#;
    let url = r#""systems": [{ "system": "url", "url": "http://p.example.com/" }]"#;
    assert_eq!(doubts(&format!(r#"{{ {url}, "unlisted-phones": "send" }}"#)), [""; 0]);
    assert_eq!(doubts(&format!("{{ {pascom} }}")), [""; 0]);
    let text = doubts(&format!(r#"{{ {pascom}, "unlisted-phones": "send" }}"#));
    assert!(text[0].contains("no entry of \"systems\" serves them"), "{text:?}");
    let text = doubts(&format!(r#"{{ {url}, "answer": "phones", "unlisted-phones": "send" }}"#));
    assert!(text[0].contains("only a phone that is recognised"), "{text:?}");
    for policy in [
        r#"{ "vendors": { "yealink": { "unlisted-phones": "send" } } }"#,
        r#"{ "devices": [{ "mac": "02:00:00:00:00:01", "unlisted-phones": "send" }] }"#,
        r#"{ "unlisted-phones": "tell" }"#,
    ] {
        let wrong = Engine::new(builtin::shared(), policy, Host::ANY).unwrap_err().to_string();
        assert!(wrong.contains("unlisted-phones"), "{wrong}");
    }
}

#[test]
fn explain_says_by_which_signs_and_what_comes_of_it() {
    let example = examples().swap_remove(0);
    let wire = example.packet.wire(1);
    let query = Query::from_wire(&wire, Context::default()).unwrap();
    let engine = Engine::new(builtin::shared(), UNLISTED_POLICY, Host::ANY).unwrap();
    let explained = explain(&engine, &query, "PHONE");
    assert_eq!((explained.vendor, explained.system.as_deref()), (None, Some("url")));
    assert_eq!(explained.classes, ["PHONE_UNLISTED"]);
    assert_eq!(explained.unlisted.len(), 2, "{:?}", explained.unlisted);
    let codes: Vec<u8> = explained.options.iter().map(|option| option.code).collect();
    assert_eq!(codes, [42, 66, 160]);
    let reasons = explained.reasons.join("\n");
    assert!(reasons.contains("option 60 has \"Phone\" in it"), "{reasons}");
    assert!(reasons.contains("\"unlisted-phones\" is \"send\" here: it is sent"), "{reasons}");
}

/// A maker of the catalogue is not unlisted: its blocks are facts of its folder.
#[test]
fn no_block_of_a_known_maker_is_among_those_of_unlisted_ones() {
    let tables = builtin::built_in();
    for block in tables.unlisted.macs.iter() {
        for vendor in tables.vendors.iter() {
            let known = |mac: &offhook_core::catalogue::MacRule| {
                mac.first <= block.last && block.first <= mac.last
            };
            assert!(!vendor.macs.iter().any(known), "{}", vendor.id);
        }
    }
}

/// The catalogue without any maker: what recognition is to a phone of a maker that it does not have.
fn no_makers() -> Tables {
    let tables = builtin::built_in().clone();
    let index = Index::build(&[], &tables.other_devices);
    Tables { vendors: List::default(), index, ..tables }
}

fn bears_a_sign(line: &Line) -> bool {
    let option = |code: u8| line.parts.options.iter().find(|(own, _)| *own == code);
    let class = option(60).map(|(_, value)| String::from_utf8_lossy(value).to_lowercase());
    let words = ["phone", "voip", "sip", "ata", "handset", "dect", "intercom"];
    class.is_some_and(|class| words.iter().any(|word| class.contains(word)))
        || option(55).is_some_and(|(_, list)| list.contains(&66))
}

#[test]
fn of_the_collections_most_unlisted_phones_are_named_and_no_other_device() {
    let (known, unknown) = (builtin::built_in(), no_makers());
    let (mut phones, mut bearing, mut named, mut sent) = (0, 0, 0, 0);
    let (mut others, mut wrong, mut missed) = (0, Vec::new(), Vec::new());
    for line in lines() {
        let names = line.parts.class_names();
        let query = Query::from_parts(&line.parts, &names);
        let signs = match recognise(&unknown, &query) {
            Finding::Unlisted(signs) => Some(signs),
            _ => None,
        };
        if line.vendor == "-" {
            others += 1;
            let by_all = matches!(recognise(known, &query), Finding::Unlisted(_));
            if signs.is_some() || by_all {
                wrong.push(format!("{:?}: {}", kinds(signs), line.shown));
            }
            continue;
        }
        phones += 1;
        sent += usize::from(signs.is_some_and(WeakSigns::are_enough));
        if bears_a_sign(&line) {
            bearing += 1;
            named += usize::from(signs.is_some());
            if signs.is_none() {
                missed.push(line.shown.clone());
            }
        }
    }
    println!(
        "as if no maker were known: {named} of {bearing} phones whose option 55 or 60 bears a sign are named ({phones} \
         phones in all), {sent} show two signs; {} of {others} other devices named",
        wrong.len()
    );
    println!("{}", missed.join("\n"));
    assert!(others >= 800 && bearing >= 100, "{others} others, {bearing} phones: too few to tell");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(named * 100 >= bearing * 60, "{named} of {bearing} named:\n{}", missed.join("\n"));
}
