//! What a file's template has written by `part` is taken as it was written before: it must be what this phone would have
//! got without any phone before it.

use std::fs;
use std::path::Path;

use offhook_catalogue::overlay::OverlayFile;
use offhook_core::fields::FIELDS;
use offhook_phone_files::Makers;
use serde_json::{Value, json};

use super::every::{kin, policy};
use super::writer::{Site, Written};

/// The makers with a template that has parts.
fn with_parts(vendor: &str) -> bool {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../catalogue/vendors").join(vendor);
    let files =
        fs::read_dir(folder).expect("a vendor's folder").map(|file| file.expect("a file").path());
    let mut templates = files.filter(|path| path.extension().is_some_and(|ending| ending == "j2"));
    templates.any(|path| fs::read_to_string(path).expect("a template").contains("part("))
}

/// Phones that differ in each field, one after another under one policy, and the other way round.
#[test]
fn no_phone_gets_what_was_written_for_another() {
    let makers = Makers::new(&[]).expect("files.toml");
    let common = json!({ "server": "all.example.com", "codecs": ["pcmu"], "utc-offset": "-05:00" });
    let mut compared = 0;
    for kin in kin(&makers).iter().filter(|kin| with_parts(kin.vendor)) {
        for told in [false, true] {
            let mut policy = policy(|_| told);
            if told {
                policy["phone-settings"] = common.clone();
            }
            let has = |field: &str| kin.has(field) && field != "keys";
            let all = || FIELDS.iter().map(|field| field.name).filter(|field| has(field));
            let lists = all().flat_map(|one| {
                // A port belongs to its server.
                let port = |field: &str| field == "outbound-port";
                let wanted = |field: &str| (field == one) == told && !port(field) && has(field);
                [kin.list(wanted), kin.list(has)]
            });
            let lists: Vec<Value> = lists.collect();
            // The other way round each phone has others before it.
            let (once, again) = (Site::new(&policy), Site::new(&policy));
            let there: Vec<Written> = lists.iter().map(|list| once.write(list)).collect();
            let back: Vec<Written> = lists.iter().rev().map(|list| again.write(list)).collect();
            for (list, (one, other)) in lists.iter().zip(there.iter().zip(back.iter().rev())) {
                assert_eq!(one, other, "{} {}: {list}", kin.vendor, kin.model);
                compared += usize::from(one.is_ok());
            }
        }
    }
    assert!(compared > 300, "{compared}");
}

fn yealink(part: &str, call: &str, phones: &[(&str, Value)]) -> Vec<Result<String, String>> {
    let file = |name: &str, text: &str| {
        OverlayFile::new(format!("mine/vendors/yealink/{name}"), text.to_owned())
    };
    let overlay = [file("phone.cfg.j2", call), file("mine.cfg.j2", part)];
    let site = Site::new(&policy(|_| false)).anew(&overlay);
    let written = phones.iter().zip(1..).map(|((field, value), number)| {
        let mac = format!("00:15:65:00:00:{number:02x}");
        let mut phone = json!({ "mac": mac, "model": "T46S", "lines": [{ "user": "1001" }] });
        phone[*field] = value.clone();
        let files = site.write(&json!([phone]))?;
        let own = files.into_iter().find(|(path, _)| path.ends_with(".cfg"));
        Ok(own.expect("its own file").1)
    });
    written.collect()
}

fn all_well(written: &[Result<String, String>]) -> Vec<&str> {
    written.iter().map(|text| text.as_deref().expect("a file")).collect()
}

#[test]
fn a_part_sees_the_files_names_and_what_it_is_handed() {
    let part = "{# lines #}{{ n }} {{ language or \"-\" }} {{ model }} {{ zone.minutes if zone else \"-\" }} \
                {{ admin_password or \"-\" }}\n";
    let call = "{% for line in lines %}{{ part(\"mine.cfg.j2\", n=line.number) -}}{% endfor %}";
    let phones = [
        ("language", json!("de")),
        ("language", json!("en")),
        ("utc-offset", json!("+01:00")),
        ("utc-offset", json!("+02:00")),
        ("language", json!("de")),
        ("admin-password", json!("one")),
        ("admin-password", json!("two")),
        ("lines", json!([{ "user": "1" }, { "user": "2" }])),
    ];
    assert_eq!(
        all_well(&yealink(part, call, &phones)),
        [
            "1 de T46S - -\n",
            "1 en T46S - -\n",
            "1 - T46S 60 -\n",
            "1 - T46S 120 -\n",
            "1 de T46S - -\n",
            "1 - T46S - one\n",
            "1 - T46S - two\n",
            "1 - T46S - -\n2 - T46S - -\n",
        ]
    );
}

/// Lines, keys and settings are a phone's own: a part with them is written anew.
#[test]
fn what_cannot_be_compared_is_written_anew() {
    let part = "{% for line in lines %}{{ line.user }} {% endfor %}{{ settings|length }}\n";
    let phones = [
        ("lines", json!([{ "user": "1" }])),
        ("lines", json!([{ "user": "2" }, { "user": "3" }])),
        ("settings", json!({ "a": "1" })),
    ];
    let written = yealink(part, "{{ part('mine.cfg.j2') -}}", &phones);
    assert_eq!(all_well(&written), ["1 0\n", "2 3 0\n", "1001 1\n"]);
}

/// More texts than are kept, several times over.
#[test]
fn texts_that_were_put_aside_are_written_again() {
    let phones: Vec<(&str, Value)> =
        (0..120).map(|at| ("resync-minutes", json!(60 + at % 40))).collect();
    let written = yealink("{{ resync_minutes }}", "{{ part(\"mine.cfg.j2\") }}", &phones);
    let expected: Vec<String> = (0..120).map(|at| format!("{}", 60 + at % 40)).collect();
    assert_eq!(all_well(&written), expected);
}

#[test]
fn a_mistake_in_a_part_names_its_file_and_line() {
    let one = [("language", json!("de"))];
    let told =
        |part: &str, call: &str| yealink(part, call, &one)[0].clone().expect_err("a mistake");
    for (part, call, expected) in [
        // What the file has set is not handed over by itself.
        (
            "\n{{ mine }}",
            "{% set mine = 1 %}{{ part(\"mine.cfg.j2\") }}",
            "mine/vendors/yealink/mine.cfg.j2:2",
        ),
        ("x", "{{ part(\"other.cfg.j2\") }}", "other.cfg.j2"),
        (
            "{{ part(\"mine.cfg.j2\") }}",
            "{{ part(\"mine.cfg.j2\") }}",
            "mine/vendors/yealink/mine.cfg.j2:1",
        ),
        ("{{ refuse(\"not this one\") }}", "{{ part(\"mine.cfg.j2\") }}", "not this one"),
    ] {
        let told = told(part, call);
        assert!(told.contains(expected), "{call}: no {expected:?} in {told}");
    }
}

/// What the policy says is looked at once for a model where it is well, and again for each phone where it is not.
#[test]
fn what_the_policy_says_wrongly_is_told_of_each_phone() {
    let mut policy = policy(|field| field == "time-servers");
    policy["time-servers"] = json!(["192.0.2.1", "192.0.2.2", "192.0.2.3"]);
    policy["phone-settings"] =
        json!({ "server": "sip.example.com", "language": "eo", "utc-offset": "+01:00" });
    let site = Site::new(&policy);
    let phone = |number: u8, more: &[(&str, Value)]| {
        let mac = format!("00:15:65:00:00:{number:02x}");
        let mut phone = json!({ "mac": mac, "model": "T46S", "lines": [{ "user": "1001" }] });
        for (field, value) in more {
            phone[*field] = value.clone();
        }
        site.write(&json!([phone]))
    };
    let german = ("language", json!("de"));
    let no_zone = ("time-zone", json!("Europe/Berlin"));
    assert!(phone(1, std::slice::from_ref(&german)).is_ok());
    for number in [2, 3] {
        let told = phone(number, &[]).expect_err("no such language");
        assert!(told.contains("has no \"eo\""), "{told}");
    }
    assert!(phone(4, &[german.clone(), no_zone]).is_ok());
    assert!(phone(5, &[german.clone(), ("lines", json!([]))]).is_ok());
    let lines: Vec<Value> = (1..=17).map(|line| json!({ "user": format!("{line}") })).collect();
    let told =
        phone(6, &[german.clone(), ("lines", json!(lines))]).expect_err("a T46S has 16 lines");
    assert!(told.contains("has 16 lines"), "{told}");
    let rows: Vec<Value> = (1..=3)
        .map(|row| {
            json!({ "mac": format!("00:15:65:00:01:{row:02x}"), "model": "T46S", "language": "de",
                           "lines": [{ "user": format!("10{row}") }] })
        })
        .collect();
    let site = Site::new(&policy);
    assert!(site.write(&json!(rows)).is_ok());
    let doubts = site.doubts();
    let lost = doubts.iter().find(|doubt| doubt.contains("192.0.2.3")).expect("a doubt");
    assert!(lost.starts_with("rows 1, 2, 3: "), "{lost}");
}
