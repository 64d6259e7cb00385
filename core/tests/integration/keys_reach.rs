//! Random policies: every key either changes some phone's answer, or `check` names it.

// A test fails by panicking.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use offhook_core::catalogue::{VariantIx, VendorIx};
use offhook_core::plan::Plan;
use offhook_core::{Engine, Host, Mac, builtin, check};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

const VENDORS: [&str; 16] = [
    "yealink",
    "snom",
    "grandstream",
    "polycom",
    "avaya",
    "mitel-sip",
    "mitel-minet",
    "cisco-spa",
    "ale",
    "lync",
    "avm",
    "shoretel",
    "unify",
    "huawei",
    "gigaset",
    "cisco-enterprise",
];

fn option() -> impl Strategy<Value = Value> {
    let value = select(vec![
        json!({ "text": "x" }),
        json!({ "text": "{{url}}" }),
        json!({ "text": "{{site}}/{{mac}}" }),
        json!({ "text": "{{tenant}}" }),
        json!({ "text": "{{vlan-id}}" }),
        json!({ "text": "{{vlan-priority}}" }),
        json!({ "remove": true }),
        json!({ "u16": 7 }),
        json!({ "ipv4": ["192.0.2.1"] }),
        json!({ "sub-options": [{ "code": 1, "text": "a" }] }),
    ]);
    (select(vec![42, 43, 66, 67, 120, 132, 150, 160, 242]), value).prop_map(|(code, mut value)| {
        value["code"] = json!(code);
        value
    })
}

fn system() -> impl Strategy<Value = Value> {
    let only = prop::option::of(prop::collection::vec(select(&VENDORS[..]), 1..3));
    let system = select(vec![
        json!({ "system": "url", "url": "http://a.example/p/" }),
        json!({ "system": "url", "url": "https://b.example/{{vendor}}/" }),
        json!({ "system": "pascom", "server": "10.0.0.5", "phonesystem": "acme" }),
        json!({ "system": "portsip", "url": "http://c.example/x/", "version": "16.0" }),
        json!({ "system": "lync", "registrar": "pool.example.com", "web-server": "w.example.com" }),
        json!({ "system": "freepbx-oss", "server": "10.0.0.6" }),
    ]);
    (system, only).prop_map(|(mut system, only)| {
        if let Some(mut only) = only {
            only.sort_unstable();
            only.dedup();
            system["for"] = json!(only);
        }
        system
    })
}

/// The keys of a layer, each there or not.
fn layer() -> impl Strategy<Value = Map<String, Value>> {
    let vlan = prop_oneof![
        (2u16..4000).prop_map(|id| json!({ "id": id })),
        (2u16..4000, 0u8..8).prop_map(|(id, priority)| json!({ "id": id, "priority": priority })),
        Just(Value::Null)
    ];
    let options = prop::collection::vec(option(), 1..4).prop_map(|mut options| {
        options.sort_by_key(|option| option["code"].as_u64());
        options.dedup_by_key(|option| option["code"].as_u64());
        json!(options)
    });
    let some = |percent: f64, value: BoxedStrategy<Value>| prop::option::weighted(percent, value);
    let parts = (
        some(0.2, prop::collection::vec(system(), 0..3).prop_map(|list| json!(list)).boxed()),
        some(0.25, vlan.boxed()),
        some(0.2, (1u8..250).prop_map(|n| json!([format!("192.0.2.{n}")])).boxed()),
        some(0.2, select(vec![json!(["a.example"]), json!(["192.0.2.7"]), json!([])]).boxed()),
        some(0.15, select(vec![json!("always"), json!("requested")]).boxed()),
        some(0.15, select(vec![json!("keep"), json!("replace")]).boxed()),
        some(0.2, select(vec![json!({ "tenant": "acme" }), json!({ "other": "x" })]).boxed()),
        some(0.3, options.boxed()),
        some(0.1, select(vec![json!("192.0.2.9")]).boxed()),
        some(0.1, select(vec![json!("pbx"), json!("{{site}}")]).boxed()),
    );
    parts.prop_map(|(systems, vlan, time, sip, send, existing, vars, options, next, host)| {
        let keys = [
            ("systems", systems),
            ("voice-vlan", vlan),
            ("time-servers", time),
            ("sip-servers", sip),
            ("send", send),
            ("existing-options", existing),
            ("vars", vars),
            ("options", options),
            ("next-server", next),
            ("server-hostname", host),
        ];
        let keys = keys.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?)));
        keys.collect()
    })
}

/// Layers of vendors, some with models.
fn vendors() -> impl Strategy<Value = Map<String, Value>> {
    let ignore = prop::option::weighted(0.15, any::<bool>());
    let models =
        prop::collection::btree_map(select(&["T4*", "T42S", "8*", "*"][..]), layer(), 0..3);
    let entry = (select(&VENDORS[..]), layer(), ignore, prop::option::weighted(0.25, models));
    prop::collection::vec(entry, 0..4).prop_map(|entries| {
        let mut vendors = Map::new();
        for (id, mut layer, ignore, models) in entries {
            if let Some(ignore) = ignore {
                layer.insert("ignore".to_owned(), json!(ignore));
            }
            if let Some(models) = models {
                layer.insert("models".to_owned(), json!(models));
            }
            vendors.insert(id.to_owned(), Value::Object(layer));
        }
        vendors
    })
}

/// What matches, the keys, and the vendors.
type Site = (Value, Map<String, Value>, Map<String, Value>);

fn policy() -> impl Strategy<Value = Value> {
    let matching = select(vec![
        json!({ "networks": ["10.7.0.0/16"] }),
        json!({ "networks": ["10.0.0.0/8"] }),
        json!({ "relays": ["10.7.0.1"] }),
        json!({ "circuit-ids": ["ge-*"] }),
    ]);
    let sites = prop::collection::vec((matching, layer(), vendors()), 0..3);
    let device = (select(&VENDORS[..]), layer());
    let devices = prop::collection::vec(device, 0..2);
    (layer(), vendors(), sites, devices).prop_map(|(mut top, vendors, sites, devices)| {
        // A name that has a value somewhere, so that it is not a mistake where it has none.
        top.entry("vars").or_insert(json!({}))["tenant"] = json!("acme");
        top.insert("vendors".to_owned(), Value::Object(vendors));
        let site = |(at, (matching, mut layer, vendors)): (usize, Site)| {
            layer.insert("name".to_owned(), json!(format!("s{at}")));
            layer.insert("match".to_owned(), matching);
            layer.insert("vendors".to_owned(), Value::Object(vendors));
            Value::Object(layer)
        };
        let sites: Vec<Value> = sites.into_iter().enumerate().map(site).collect();
        top.insert("sites".to_owned(), json!(sites));
        let device = |(at, (vendor, mut layer)): (usize, (&str, Map<String, Value>))| {
            layer.insert("mac".to_owned(), json!(format!("02:00:00:00:00:0{at}")));
            layer.insert("vendor".to_owned(), json!(vendor));
            Value::Object(layer)
        };
        let devices: Vec<Value> = devices.into_iter().enumerate().map(device).collect();
        top.insert("devices".to_owned(), json!(devices));
        Value::Object(top)
    })
}

/// The keys that are to change what phones are sent: JSON pointer and place.
fn keys(value: &Value, pointer: &str, place: &str, out: &mut Vec<(String, String)>) {
    let Value::Object(entries) = value else { return };
    for (key, child) in entries {
        let dot = if place.is_empty() { "" } else { "." };
        let here = format!("{place}{dot}{key}");
        let way = format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1"));
        match key.as_str() {
            "vendors" | "models" => {
                for (id, layer) in child.as_object().unwrap() {
                    keys(layer, &format!("{way}/{id}"), &format!("{here}.{id}"), out);
                }
            }
            "sites" | "devices" => {
                for (at, layer) in child.as_array().unwrap().iter().enumerate() {
                    keys(layer, &format!("{way}/{at}"), &format!("{here}[{at}]"), out);
                }
            }
            "options" | "systems" => {
                let items = child.as_array().unwrap();
                out.extend(
                    (0..items.len()).map(|at| (format!("{way}/{at}"), format!("{here}[{at}]"))),
                );
            }
            "vars" => {
                let names = child.as_object().unwrap().keys();
                out.extend(names.map(|name| (format!("{way}/{name}"), format!("{here}.{name}"))));
            }
            "voice-vlan" => {
                out.push((way.clone(), here.clone()));
                if child.get("priority").is_some() {
                    out.push((format!("{way}/priority"), format!("{here}.priority")));
                }
            }
            "name" | "match" | "mac" | "vendor" | "ignore" => {}
            _ => out.push((way, here)),
        }
    }
}

/// `PROPTEST_CASES` makes a longer run.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(12)
}

fn without(policy: &Value, pointer: &str) -> Value {
    let mut policy = policy.clone();
    let (parent, last) = pointer.rsplit_once('/').unwrap();
    match policy.pointer_mut(parent).unwrap() {
        Value::Object(entries) => {
            entries.remove(&last.replace("~1", "/").replace("~0", "~"));
        }
        Value::Array(items) => {
            items.remove(last.parse().unwrap());
        }
        _ => unreachable!(),
    }
    policy
}

/// What every phone is sent: all makers, sites, models, and the devices.
fn answers(engine: &Engine) -> Vec<String> {
    let words = |plan: &Plan| {
        let options = plan.options.iter().map(|option| {
            let code = option.form.as_ref().map(|form| hex::encode(form.code()));
            format!("{} {code:?} {:?} {:?}", option.code, option.send, option.existing)
        });
        match plan.ignored {
            true => String::new(),
            false => format!("{:?} {:?}", options.collect::<Vec<_>>(), plan.header),
        }
    };
    let mut all = Vec::new();
    for site in std::iter::once(None).chain((0..engine.policy().sites.len()).map(Some)) {
        for (vendor, at) in
            engine.tables().vendors.iter().zip(0u16..).map(|(v, at)| (v, VendorIx(at)))
        {
            for variant in vendor.columns() {
                for model in ["", "SIP-T42S", "SIP-T46S", "T42X", "8841", "zz"] {
                    all.push(words(engine.plan_of_model(site, at, variant, model.as_bytes())));
                }
            }
        }
        for at in 0..2 {
            let mac = Mac::parse(&format!("02:00:00:00:00:0{at}")).unwrap();
            let Some(device) = engine.policy().devices.get(mac) else { continue };
            let named = device.named.unwrap();
            let variant = named.variant_of(engine.tables(), VariantIx::NONE);
            let plan = engine.plan_for(site, named.vendor, variant, Some(device));
            let nothing = Plan::NOTHING;
            let own: Vec<String> = device
                .options()
                .map(|option| {
                    let plan = plan.as_deref().unwrap_or(&nothing);
                    let ignored = plan.ignored.then_some("ignored");
                    format!("{ignored:?} {:?} {:?}", option.under(plan), option.value)
                })
                .collect();
            let ignored = plan.as_deref().is_none_or(|plan| plan.ignored);
            all.push(plan.map(|plan| words(&plan)).unwrap_or_default());
            all.push(if ignored { String::new() } else { own.join(",") });
        }
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn every_key_changes_some_answer_or_is_named(policy in policy()) {
        let Ok(engine) = Engine::new(builtin::shared(), &policy.to_string(), Host::ANY) else {
            return Ok(());
        };
        let before = answers(&engine);
        let doubts = check::doubts(&engine, check::Makers::All);
        let mut all = Vec::new();
        keys(&policy, "", "", &mut all);
        for (pointer, place) in all {
            let reduced = without(&policy, &pointer);
            let changes = match Engine::new(builtin::shared(), &reduced.to_string(), Host::ANY) {
                Ok(other) => answers(&other) != before,
                // What others need is not idle.
                Err(_) => true,
            };
            // A place may be a whole entry that holds the key. Devices with nothing but options are named by their
            // address.
            let is_named = |place: &str| {
                let holds = |found: &String| {
                    found == place
                        || place.strip_prefix(found.as_str()).is_some_and(|rest| rest.starts_with(['.', '[']))
                        || (found.starts_with("devices (") && place.starts_with("devices["))
                };
                doubts.iter().any(|doubt| holds(&doubt.place) || doubt.also.iter().any(holds))
            };
            // What is said of the VLAN is said of its priority.
            let named = is_named(&place) || is_named(place.trim_end_matches(".priority"));
            if changes || named {
                continue;
            }
            prop_assert!(says_what_holds_anyway(&policy, &pointer, &before),
                "{place} changes nothing, and check says: {doubts:#?}");
        }
    }
}

/// Whether another value in its place would change something: the key counts, and says what others say too.
fn says_what_holds_anyway(policy: &Value, pointer: &str, before: &[String]) -> bool {
    let mut other = policy.clone();
    let value = other.pointer_mut(pointer).unwrap();
    *value = match (pointer.rsplit('/').next().unwrap(), &*value) {
        ("voice-vlan", Value::Null) => json!({ "id": 4001 }),
        ("voice-vlan", vlan) => {
            let mut vlan = vlan.clone();
            vlan["id"] = json!(4001);
            vlan
        }
        ("priority", priority) => json!((priority.as_u64().unwrap() + 1) % 8),
        ("send", Value::String(word)) if word == "always" => json!("requested"),
        ("send", _) => json!("always"),
        ("existing-options", Value::String(word)) if word == "keep" => json!("replace"),
        ("existing-options", _) => json!("keep"),
        ("time-servers", _) => json!(["198.51.100.1"]),
        ("sip-servers", list) if list[0] == "a.example" => json!(["b.example"]),
        ("sip-servers", _) => json!(["198.51.100.1"]),
        ("next-server", _) => json!("198.51.100.1"),
        (_, Value::String(text)) => json!(format!("{text}x")),
        (_, option) if option.get("code").is_some() => {
            json!({ "code": option["code"], "text": "other" })
        }
        _ => return false,
    };
    let other = Engine::new(builtin::shared(), &other.to_string(), Host::ANY);
    other.is_ok_and(|other| answers(&other) != before)
}
