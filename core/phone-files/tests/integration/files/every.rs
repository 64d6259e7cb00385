//! A phone of each maker and family of models with every field that its files have a place for: what
//! `files.toml` says is written is written, and nothing else is.

use offhook_phone_files::Makers;
use offhook_phone_files::makers::{Fact, Family, Maker};
use serde_json::{Map, Value, json};

use super::writer::{Site, vendors};

/// A maker's family: its name, its facts, and a model of it.
pub struct Kin<'m> {
    pub vendor: &'m str,
    pub name: &'m str,
    pub model: &'m str,
    pub maker: &'m Maker,
    pub family: Option<&'m Family>,
}

pub fn kin(makers: &Makers) -> Vec<Kin<'_>> {
    let mut all = Vec::new();
    for (vendor, maker) in makers.iter() {
        let base = maker.example.as_deref().map(|model| ("base", model, None));
        let families = maker.family.iter();
        let families =
            families.map(|(name, family)| (name.as_str(), &*family.example, Some(family)));
        for (name, model, family) in base.into_iter().chain(families) {
            all.push(Kin { vendor, name, model, maker, family });
        }
    }
    all
}

/// Fields of the list, in lines and in phones, and of the policy.
const LINE: [&str; 17] = [
    "user",
    "auth-user",
    "password",
    "display-name",
    "label",
    "server",
    "port",
    "transport",
    "outbound-proxy",
    "outbound-port",
    "backup-server",
    "backup-port",
    "register-seconds",
    "voicemail",
    "subscribe-mwi",
    "srtp",
    "dtmf",
];
const PHONE: [&str; 20] = [
    "codecs",
    "digit-map",
    "time-zone",
    "language",
    "tone-country",
    "phonebook-url",
    "firmware-url",
    "resync-minutes",
    "provisioning-user",
    "provisioning-password",
    "admin-login",
    "admin-password",
    "user-login",
    "user-password",
    "syslog-server",
    "keep-alive-seconds",
    "pickup-code",
    "call-waiting",
    "pc-port-vlan",
    "keys",
];

/// A password of as many digits as the maker takes.
pub fn digits(fact: Option<&Fact>) -> &'static str {
    let most = fact.and_then(|fact| fact.max_length).unwrap_or(usize::MAX);
    &"24681357"[..most.min(8)]
}

/// What the policy says to DHCP and files alike.
const POLICY: [&str; 3] = ["voice-vlan", "voice-vlan-priority", "time-servers"];

impl Kin<'_> {
    pub fn fact(&self, field: &str) -> Option<&Fact> {
        self.maker.fact(self.family, field).filter(|fact| fact.absent.is_none())
    }

    /// A value that this maker takes.
    fn value(&self, field: &str, line: u16) -> Value {
        let fact = self.fact(field);
        let empty = std::collections::BTreeMap::new();
        let words = fact.map_or(&empty, |fact| self.maker.words(self.family, fact));
        let one = |wanted: &[&str]| {
            let found = wanted.iter().find(|word| words.is_empty() || words.contains_key(**word));
            let first = || words.keys().next().expect("a word").as_str();
            json!(found.copied().unwrap_or_else(first))
        };
        match field {
            "user" => json!(format!("100{line}")),
            "auth-user" => json!(format!("a100{line}")),
            "password" => json!(format!("s3cret-{line}")),
            "display-name" => json!(if line == 1 { "Zoë O'Neil & <Söhne>" } else { "山田" }),
            "label" => json!(format!("Line {line} é")),
            "server" => json!("sip.example.com"),
            "port" => json!(5071),
            "transport" => one(&["tls"]),
            "outbound-proxy" => json!("edge.example.com"),
            "outbound-port" => json!(5072),
            "backup-server" => json!("sip2.example.com"),
            "backup-port" => json!(5073),
            "register-seconds" => json!(600),
            "voicemail" => json!("*97"),
            "subscribe-mwi" => json!(true),
            "srtp" => one(&["required"]),
            "dtmf" => one(&["rfc4733"]),
            "codecs" => {
                let all = ["opus", "g722", "pcma", "pcmu", "g729", "ilbc", "g726"];
                let known =
                    all.into_iter().filter(|codec| words.is_empty() || words.contains_key(*codec));
                let most = fact.and_then(|fact| fact.count).unwrap_or(9);
                json!(known.take(most).collect::<Vec<_>>())
            }
            "digit-map" => json!("[2-9]xxx|0x.T"),
            "time-zone" => json!("Europe/Berlin"),
            "utc-offset" => json!("-05:00"),
            "language" => one(&["de", "en"]),
            "tone-country" => one(&["DE"]),
            "phonebook-url" => json!("https://book.example.com/a?b=1&c=2"),
            "firmware-url" => json!("https://fw.example.com/x.rom"),
            "resync-minutes" => json!(1440),
            "provisioning-user" => json!("prov"),
            "provisioning-password" => json!("pr0v-s3cret"),
            "admin-login" => json!("chief"),
            "admin-password" => json!(digits(fact)),
            "user-login" => json!("desk"),
            "user-password" => json!("13572468"),
            "syslog-server" => json!("192.0.2.9"),
            "keep-alive-seconds" => json!(30),
            "pickup-code" => json!("*8"),
            "call-waiting" => json!(false),
            "pc-port-vlan" => json!(130),
            "keys" => self.keys(words),
            other => panic!("no value for {other}"),
        }
    }

    fn keys(&self, words: &std::collections::BTreeMap<String, String>) -> Value {
        let value = |kind: &str| match kind {
            "line" => "",
            "url" => "https://door.example.com/open",
            _ => "1002",
        };
        let all = ["line", "blf", "speed-dial", "park", "url"];
        let known = all.into_iter().filter(|kind| words.is_empty() || words.contains_key(*kind));
        let keys = known.enumerate().map(|(at, kind)| {
            json!({ "number": at + 1, "type": kind, "value": value(kind),
                    "label": if kind == "blf" { "Anna & <Söhne>" } else { "" } })
        });
        let mut keys: Vec<Value> = keys.collect();
        if self.fact("key-modules").is_some() && self.maker.modules_of(self.model) != Some(0) {
            let kind = words.keys().next().expect("a word");
            keys.push(json!({ "number": 3, "module": 1, "type": kind, "value": value(kind) }));
        }
        let most = self.maker.keys_of(self.model, 0).unwrap_or(99).into();
        keys.retain(|key| key["module"].as_u64().is_some() || key["number"].as_u64() <= Some(most));
        json!(keys)
    }

    /// A list of one phone with the fields that are wanted.
    pub fn list(&self, wanted: impl Fn(&str) -> bool) -> Value {
        let lines = self.maker.lines_of(self.model).unwrap_or(2).min(2);
        let line = |number: u16| {
            let set = |field: &&&str| **field == "user" || wanted(field);
            let fields = LINE.iter().filter(set);
            fields.map(|field| ((*field).to_owned(), self.value(field, number))).collect()
        };
        let lines: Vec<Map<String, Value>> = (1..=lines).map(line).collect();
        let mut phone: Map<String, Value> = PHONE
            .iter()
            .filter(|field| wanted(field))
            .map(|field| ((*field).to_owned(), self.value(field, 1)))
            .collect();
        phone.insert("mac".to_owned(), json!("02:00:00:0a:0b:0c"));
        phone.insert("vendor".to_owned(), json!(self.vendor));
        phone.insert("model".to_owned(), json!(self.model));
        phone.insert("lines".to_owned(), json!(lines));
        json!([phone])
    }

    pub fn has(&self, field: &str) -> bool {
        self.fact(field).is_some()
    }
}

pub fn policy(wanted: impl Fn(&str) -> bool) -> Value {
    let mut policy = json!({
        "systems": [{ "system": "files", "url": "https://provision.example.com/phones/" }],
    });
    if wanted("voice-vlan") {
        policy["voice-vlan"] = match wanted("voice-vlan-priority") {
            true => json!({ "id": 120, "priority": 5 }),
            false => json!({ "id": 120 }),
        };
    }
    if wanted("time-servers") {
        policy["time-servers"] = json!(["192.0.2.1", "192.0.2.2"]);
    }
    policy
}

/// A model that the maker's files are written for, in every vendor that has templates.
#[test]
fn every_maker_says_what_its_files_hold() {
    let makers = Makers::new(&[]).expect("files.toml");
    for vendor in vendors() {
        let maker = makers.of(&vendor.id);
        assert!(maker.is_some(), "{}: a vendor with a template needs a files.toml", vendor.id);
    }
    for kin in kin(&makers) {
        let what = format!("{} {}", kin.vendor, kin.model);
        let family = kin.maker.family_of(kin.model).map(|(name, _)| name);
        let expected = (kin.name != "base").then_some(kin.name);
        assert_eq!(family, expected, "{what}: the example belongs to another family");
        for field in LINE.iter().chain(&PHONE).chain(&["utc-offset", "voice-vlan", "time-servers"])
        {
            let fact = kin.maker.fact(kin.family, field);
            let fact = fact.unwrap_or_else(|| panic!("{what}: nothing about {field}"));
            assert!(fact.absent.is_some() == fact.parameter.is_empty(), "{what}: {field}");
            assert!(
                fact.absent.is_some() || !kin.maker.sources_of(fact).is_empty(),
                "{what}: {field} has no source"
            );
        }
    }
}

/// What a fact calls written changes the files; what it calls absent does not, and is reported.
#[test]
fn facts_are_true_of_the_templates() {
    let makers = Makers::new(&[]).expect("files.toml");
    let mut wrong = Vec::new();
    // One writer for each policy: doubts name vendor, model and field.
    let policies: Vec<Site> = (0..8u8)
        .map(|bits| {
            let has = |field: &str| POLICY.iter().position(|name| *name == field);
            Site::new(&policy(|field| has(field).is_some_and(|at| bits & (1 << at) != 0)))
        })
        .collect();
    for kin in kin(&makers) {
        let what = format!("{} {}", kin.vendor, kin.model);
        let write = |wanted: &dyn Fn(&str) -> bool| {
            let bits = POLICY.iter().enumerate().filter(|(_, field)| wanted(field));
            let site = &policies[bits.map(|(at, _)| 1 << at).sum::<usize>()];
            let files = site.write(&kin.list(wanted));
            (files.unwrap_or_else(|error| panic!("{what}: {error}")), site)
        };
        let (all, site) = write(&|field| kin.has(field));
        let of_this = format!("the files of {what} have no place for ");
        let told = |site: &Site, field: &str| {
            let doubts = site.doubts();
            doubts.iter().any(|doubt| doubt.contains(&format!("{of_this}{field}")))
        };
        for field in LINE.iter().chain(&PHONE).chain(&POLICY[..2]) {
            if kin.has(field) && told(site, &format!("{field} ")) {
                wrong.push(format!("{what}: {field} has a place, and is called lost"));
            }
        }
        for field in LINE.iter().skip(1).chain(&PHONE).chain(&POLICY) {
            // Some say the same in one place, and one counts.
            let besides = |other: &str| match *field {
                "port" => other.starts_with("outbound"),
                "label" => other == "keys",
                _ => false,
            };
            let with = |other: &str| kin.has(other) && !besides(other);
            match kin.has(field) {
                true => {
                    let without = |other: &str| {
                        with(other)
                            && other != *field
                            && !(*field == "outbound-proxy" && other == "outbound-port")
                            && !(*field == "voice-vlan" && other == "voice-vlan-priority")
                            && !(*field == "voice-vlan" && other == "pc-port-vlan")
                    };
                    if write(&without).0 == write(&with).0 {
                        wrong.push(format!("{what}: {field} changes nothing"));
                    }
                }
                false if *field == "voice-vlan-priority" && !kin.has("voice-vlan") => {}
                false => {
                    let (more, site) = write(&|other| kin.has(other) || other == *field);
                    if more != all {
                        wrong.push(format!("{what}: {field} has a place after all"));
                    }
                    if !told(site, field) {
                        wrong.push(format!("{what}: {field} is lost in silence"));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} of them:\n{}", wrong.len(), wrong.join("\n"));
}
