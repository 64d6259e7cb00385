//! What `offhook check` doubts: each kind once, and nothing where nothing is doubtful.

// A test fails by panicking.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use std::collections::BTreeSet;

use offhook_core::{Engine, Host, builtin, check};

fn doubts(policy: &str) -> Vec<String> {
    let engine = Engine::new(builtin::shared(), policy, Host::ANY);
    let engine = engine.unwrap_or_else(|wrong| panic!("{policy}: {wrong}"));
    check::doubts(&engine, check::Makers::All).iter().map(ToString::to_string).collect()
}

fn files(url: &str) -> String {
    format!(r#"{{ "systems": [{{ "system": "files", "url": "{url}" }}] }}"#)
}

#[test]
fn classes_that_kea_names_by_option_60_are_doubtful() {
    let site = |class: &str| {
        format!(
            r#"{{ "sites": [{{ "name": "a", "match": {{ "client-classes": ["{class}"] }} }}] }}"#
        )
    };
    let found = doubts(&site("VENDOR_CLASS_my phone"));
    assert!(
        found.iter().any(|doubt| doubt.starts_with("sites[0].match.client-classes: Kea names ")),
        "{found:?}"
    );
    assert!(!doubts(&site("VPN")).iter().any(|doubt| doubt.contains("client-classes")));
}

#[test]
fn each_kind_is_told_with_its_place() {
    let long = format!("https://provision.example.com/{}/", "x".repeat(60));
    for (policy, expected) in [
        (
            r#"{ "sites": [{ "name": "a", "match": { "networks": ["10.0.0.0/8"] } },
                           { "name": "b", "match": { "networks": ["10.7.0.0/16"] } }] }"#
                .to_owned(),
            "sites[1]: \"b\" is never reached: all its clients are at \"a\", which comes first",
        ),
        (
            r#"{ "sites": [{ "name": "a", "match": { "client-classes": ["VPN"] }, "answer": "phones" }] }"#
                .to_owned(),
            "sites[0].answer: client classes are not known yet",
        ),
        (
            r#"{ "systems": [{ "system": "files", "url": "https://a.example.com/" },
                             { "system": "url", "url": "https://b.example.com/" }] }"#
                .to_owned(),
            "systems[1]: this entry (\"url\") is never reached",
        ),
        (
            r#"{ "vendors": { "avm": { "options": [{ "code": 66, "text": "http://a/" }] } } }"#.to_owned(),
            "vendors.avm: nothing of this is sent: the catalogue leaves ",
        ),
        (files(&long), "systems[0]: a URL of 91 bytes: the phone takes at most 74 (gigaset)"),
        (
            files("https://a.example.com/"),
            "systems[0]: https:// is not known to work: http (technicolor)",
        ),
        (
            files("https://a.example.com/"),
            "systems: not sent: these phones take tftp only (mitel-minet)",
        ),
        (
            r#"{ "vendors": { "aastra": { "voice-vlan": { "id": 5 } } } }"#.to_owned(),
            "vendors.aastra.voice-vlan: not sent: its form by option 132 is only recalled, not verified; \
             write it as an option of \"vendors\" if it works; these phones take it by LLDP-MED",
        ),
        (
            r#"{ "vendors": { "grandstream": { "voice-vlan": { "id": 5 } } } }"#.to_owned(),
            "vendors.grandstream.voice-vlan: sent by option 132, which these phones read only if VLAN by DHCP \
             is switched on in them (grandstream)",
        ),
        (
            r#"{ "vendors": { "polycom": { "voice-vlan": { "id": 5, "priority": 3 } } } }"#.to_owned(),
            "vendors.polycom.voice-vlan.priority: not sent: no form by DHCP is known (polycom)",
        ),
        (
            r#"{ "systems": [{ "system": "url", "url": "http://a.example.com/", "for": ["huawei"] }] }"#
                .to_owned(),
            "systems[0]: this entry (\"url\") is never reached: no form is known in which the phones that \
             \"for\" names take a URL by DHCP",
        ),
        (
            r#"{ "vendors": { "shoretel": { "ignore": false } },
                 "sites": [{ "name": "a", "match": { "relays": ["10.0.0.1"] }, "voice-vlan": { "id": 3 },
                             "vendors": { "unify": { "voice-vlan": { "id": 7 } } } }] }"#
                .to_owned(),
            "sites[0].vendors.unify.voice-vlan: not sent: the catalogue leaves these phones alone",
        ),
        (
            r#"{ "devices": [{ "mac": "00:11:22:33:44:55", "vendor": "gigaset", "voice-vlan": { "id": 5 } }] }"#
                .to_owned(),
            "devices[0].voice-vlan: not sent: no form by DHCP is known; these phones take it by LLDP-MED",
        ),
        (
            r#"{ "options": [{ "code": 42, "text": "pool.ntp.org" }] }"#.to_owned(),
            "options[0]: option 42 (ntp-servers): the letters of a text are not its form: expected IPv4",
        ),
        (
            r#"{ "options": [{ "code": 4, "hex": "c0a801" }] }"#.to_owned(),
            "options[0]: option 4 (time-servers): this is not its form: expected IPv4 addresses",
        ),
        (
            r#"{ "options": [{ "code": 3, "ipv4": ["10.0.0.1"] }] }"#.to_owned(),
            "options[0]: option 3 is the routers of every client",
        ),
        (
            format!(
                r#"{{ "options": [{}] }}"#,
                (150..222).map(|code| format!(r#"{{ "code": {code}, "hex": "{}" }}"#, "00".repeat(100)))
                    .collect::<Vec<_>>().join(",")
            ),
            "options: an answer of 72 options and up to 7200 bytes: at most 64 options and 4096 bytes",
        ),
        (
            format!(
                r#"{{ "devices": [{{ "mac": "00:15:65:00:00:01", "vendor": "yealink", "options": [{}] }}] }}"#,
                (150..222).map(|code| format!(r#"{{ "code": {code}, "hex": "{}" }}"#, "00".repeat(100)))
                    .collect::<Vec<_>>().join(",")
            ),
            "devices (00:15:65:00:00:01): an answer of 72 options and up to 7200 bytes: at most 64 options",
        ),
        (
            format!(r#"{{ "options": [{{ "code": 224, "text": "{}" }}] }}"#, "x".repeat(300)),
            "options[0]: option 224 may be 300 bytes: over 255 it goes out in pieces",
        ),
        (files("https://a.example.com/"), "url: option 66 leans on a fact that is only recalled"),
        (
            files("http://a.example.com:8080/x/"),
            "systems[0]: the URL's port 8080 is not sent: these phones get its host apart (3com, bogen, cetis, cisco-enterprise, ",
        ),
    ] {
        let found = doubts(&policy);
        let told = found.iter().any(|doubt| doubt.starts_with(expected));
        assert!(told, "{policy}: expected {expected:?} among {found:#?}");
    }
}

#[test]
fn a_port_that_is_told_or_usual_is_no_doubt() {
    let lost = |policy: &str| doubts(policy).iter().any(|doubt| doubt.contains("'s port"));
    assert!(!lost(&files("http://a.example.com/x/")));
    // A phone that is sent the whole URL has the port in it.
    let url = r#"{ "systems": [{ "system": "url", "url": "http://a.example.com:8080/", "for": ["yealink", "snom"] }] }"#;
    assert!(!lost(url));
    assert_eq!(doubts("{}"), [""; 0]);
}

#[test]
fn what_is_sent_is_no_doubt_and_what_is_ignored_on_purpose_neither() {
    let named = |policy: &str| {
        let engine = Engine::new(builtin::shared(), policy, Host::ANY).unwrap();
        let found = check::doubts(&engine, check::Makers::All).into_iter();
        found.filter(|doubt| doubt.named).map(|doubt| doubt.to_string()).collect::<Vec<_>>()
    };
    for policy in [
        r#"{ "vendors": { "yealink": { "voice-vlan": { "id": 5 } }, "snom": { "voice-vlan": null } } }"#,
        // Sent at a site, because the top level says so.
        r#"{ "vendors": { "shoretel": { "ignore": false } }, "sites": [{ "name": "a",
             "match": { "relays": ["10.0.0.1"] }, "vendors": { "shoretel": { "options": [{ "code": 156,
             "text": "ftpservers=10.0.0.2" }] } } }] }"#,
        r#"{ "vendors": { "avm": { "ignore": true }, "yealink": { "ignore": true } } }"#,
        // Its author writes the option.
        r#"{ "vendors": { "mitel-sip": { "voice-vlan": { "id": 5 },
             "options": [{ "code": 132, "text": "{{vlan-id}}" }] } } }"#,
        r#"{ "options": [{ "code": 150, "text": "http://a.example.com/" }, { "code": 66, "text": "x" },
                         { "code": 42, "ipv4": ["192.0.2.1"] }, { "code": 121, "hex": "00c0000201" }] }"#,
    ] {
        assert_eq!(named(policy), [""; 0], "{policy}");
    }
}

#[test]
fn one_doubt_at_many_places_is_one_and_makers_that_nobody_named_come_last() {
    let sites: Vec<String> = (0..60)
        .map(|at| {
            format!(
                r#"{{ "name": "s{at}", "match": {{ "relays": ["10.0.{}.{}"] }},
                      "systems": [{{ "system": "url", "url": "https://a.example.com/" }}] }}"#,
                at / 50,
                at % 50 + 1
            )
        })
        .collect();
    let policy = format!(
        r#"{{ "vendors": {{ "grandstream": {{ "voice-vlan": {{ "id": 5 }} }} }}, "sites": [{}] }}"#,
        sites.join(",")
    );
    let engine = Engine::new(builtin::shared(), &policy, Host::ANY).unwrap();
    let all = check::doubts(&engine, check::Makers::All);
    assert!(all.len() < 20, "{all:#?}");
    assert!(all[0].to_string().starts_with("vendors.grandstream.voice-vlan: sent by"), "{all:#?}");
    let near: Vec<bool> = all.iter().map(|doubt| doubt.named).collect();
    assert!(near.is_sorted_by(|a, b| a >= b), "{all:#?}");
    let grouped = "at 60 places, first sites[0].systems[0]: https:// is not known to work: http (technicolor)";
    assert!(all.iter().any(|doubt| doubt.to_string() == grouped), "{all:#?}");
    let only = BTreeSet::from(["yealink".to_owned(), "snom".to_owned()]);
    assert_eq!(check::doubts(&engine, check::Makers::Only(&only)), []);
    let seen = BTreeSet::from(["technicolor".to_owned()]);
    let seen = check::of_makers_seen(&check::doubts(&engine, check::Makers::All), &seen);
    assert!(seen.len() == 2 && seen.iter().all(|doubt| doubt.named), "{seen:#?}");
}

#[test]
fn explain_says_of_its_phone_what_check_says_of_all() {
    let policy = r#"{ "voice-vlan": { "id": 5 } }"#;
    let engine = Engine::new(builtin::shared(), policy, Host::ANY).unwrap();
    let mut compared = 0;
    for vendor in &engine.tables().vendors {
        let Some(mac) = vendor.macs.iter().find(|mac| mac.shared.is_none()) else { continue };
        let mac = Some(offhook_core::Mac::from_number(mac.first + 1));
        let query = offhook_core::Query { mac, ..offhook_core::Query::default() };
        let explained = offhook_core::explain::explain(&engine, &query, "PHONE").reasons.join("\n");
        let only = BTreeSet::from([vendor.id.to_string()]);
        for doubt in check::doubts(&engine, check::Makers::Only(&only)) {
            let Some(words) = doubt.text.strip_prefix("not sent: ") else { continue };
            let variant = doubt.vendors.iter().all(|label| label.contains(' '));
            compared += 1;
            assert!(variant || explained.contains(words), "{}: {doubt}\n{explained}", vendor.id);
        }
    }
    assert!(compared > 10, "{compared} compared");
}

/// What each preset serves is in its file; `check` says of each place which makers' phones it leaves without.
#[test]
fn the_phones_that_a_presets_system_does_not_serve_are_named_site_by_site() {
    let policy = r#"{
        "systems": [{ "system": "pascom", "server": "10.0.0.5", "phonesystem": "acme" }],
        "sites": [{ "name": "a", "match": { "networks": ["10.7.0.0/16"] }, "systems": [
            { "system": "portsip", "url": "http://pbx.example.com:8888/provision/x/", "version": "16.2" }] }] }"#;
    let engine = Engine::new(builtin::shared(), policy, Host::ANY).expect("a policy");
    let there = ["auerswald", "panasonic", "snom"].map(str::to_owned);
    let found = check::doubts(&engine, check::Makers::Only(&BTreeSet::from(there)));
    let found = found.iter().filter(|doubt| doubt.text.contains("no entry serves these phones"));
    let found: Vec<(&str, Vec<&str>)> = found
        .map(|doubt| (&*doubt.place, doubt.vendors.iter().map(String::as_str).collect()))
        .collect();
    let expected =
        [("systems", vec!["panasonic"]), ("sites[0].systems", vec!["auerswald", "panasonic"])];
    assert_eq!(found, expected);
}

/// Files of a URL that only one device has are neither written nor served.
#[test]
fn a_device_with_a_folder_of_its_own_is_doubtful() {
    let policy = |system: &str| {
        format!(
            r#"{{ "systems": [{{ "system": "files", "url": "https://p.example.com/phones/" }}],
                "devices": [{{ "mac": "00:15:65:aa:bb:cc", "vendor": "yealink", "systems": [{system}] }}] }}"#
        )
    };
    let told =
        |system: &str| doubts(&policy(system)).into_iter().find(|text| text.starts_with("devices"));
    for url in
        ["https://lab.example.com/", "https://p.example.com/lab/", "https://p.example.com/{{mac}}/"]
    {
        let found = told(&format!(r#"{{ "system": "files", "url": "{url}" }}"#));
        let found = found.expect("a doubt");
        let expected =
            format!("devices[0].systems[0]: {url}: offhook generate writes nothing for a URL that");
        assert!(found.starts_with(&expected), "{found}");
    }
    assert_eq!(told(r#"{ "system": "files", "url": "https://p.example.com/phones/" }"#), None);
    assert_eq!(told(r#"{ "system": "url", "url": "https://lab.example.com/" }"#), None);
}
