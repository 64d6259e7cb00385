//! Random policies, of everything that a policy may say and that can be written for dnsmasq.

use super::Dice;
use serde_json::{Map, Value, json};

const VENDORS: [&str; 12] = [
    "yealink",
    "snom",
    "polycom",
    "grandstream",
    "aastra",
    "ale",
    "lync",
    "cisco-spa",
    "gigaset",
    "mitel-sip",
    "nortel",
    "cisco-enterprise",
];

const VARIANTS: [(&str, &[&str]); 5] = [
    ("aastra", &["sip", "system"]),
    ("ale", &["noe", "sip", "device"]),
    ("cisco-spa", &["cisco", "linksys"]),
    ("lync", &["uc-client", "vlan"]),
    ("nortel", &["unistim", "sip"]),
];

/// `macs` are addresses of clients that will ask.
pub fn one(dice: &mut Dice, macs: &[String]) -> Value {
    let mut policy = layer(dice, 60);
    // An unknown name would be a mistake.
    policy.entry("vars").or_insert(json!({ "tenant": "top" }));
    if dice.percent(10) {
        policy.insert("answer".into(), json!("phones"));
    }
    if dice.percent(40) {
        policy.insert("unlisted-phones".into(), unlisted(dice));
    }
    if dice.percent(50) {
        policy.insert("vendors".into(), vendors(dice));
    }
    if dice.percent(70) {
        let count = 1 + dice.below(4);
        let site = |(number, dice): (usize, &mut Dice)| site(number, dice);
        let sites: Vec<Value> = (0..count).map(|number| site((number, dice))).collect();
        policy.insert("sites".into(), json!(sites));
    }
    if dice.percent(70) {
        policy.insert("devices".into(), devices(dice, macs));
    }
    Value::Object(policy)
}

fn unlisted(dice: &mut Dice) -> Value {
    json!(dice.one_of(&["send", "send", "name", "ignore"]))
}

/// What may appear at every level; each key with this chance.
fn layer(dice: &mut Dice, chance: usize) -> Map<String, Value> {
    let mut layer = Map::new();
    let mut put = |dice: &mut Dice, chance: usize, key: &str, value: fn(&mut Dice) -> Value| {
        if dice.percent(chance) {
            let value = value(dice);
            layer.insert(key.into(), value);
        }
    };
    put(dice, chance, "systems", systems);
    put(dice, chance / 2, "voice-vlan", vlan);
    put(dice, chance / 2, "time-servers", |dice| {
        json!(["192.0.2.1", "192.0.2.2"][..1 + dice.below(2)])
    });
    put(dice, chance / 2, "sip-servers", |dice| match dice.below(3) {
        0 => json!(["192.0.2.7", "192.0.2.8"]),
        1 => json!(["sip.example.com"]),
        _ => json!(["a.example.com", "b.example.com"]),
    });
    put(dice, chance / 3, "send", |dice| json!(dice.one_of(&["always", "requested"])));
    put(dice, chance / 2, "vars", |dice| json!({ "tenant": dice.one_of(&["a", "b"]) }));
    put(dice, chance / 2, "options", options);
    put(dice, chance / 6, "next-server", |_| json!("192.0.2.66"));
    layer
}

fn vlan(dice: &mut Dice) -> Value {
    let id = 1 + dice.below(4094);
    match dice.below(5) {
        0 => Value::Null,
        1 => json!({ "id": id }),
        _ => json!({ "id": id, "priority": dice.below(8) }),
    }
}

fn systems(dice: &mut Dice) -> Value {
    let mut systems = Vec::new();
    for _ in 0..1 + dice.below(3) {
        let mut system = match dice.below(7) {
            0 => json!({ "system": "files", "url": "https://provision.example.com/phones/" }),
            1 => json!({ "system": "url", "url": "http://p.example.com/{{vendor}}/" }),
            2 => json!({ "system": "pascom", "server": "10.0.0.5", "phonesystem": "acme" }),
            3 => json!({ "system": "pascom", "via": "vpn", "server": "10.8.0.1" }),
            4 => json!({ "system": "portsip", "url": "http://pbx.example.com:8888/provision/X/",
                         "version": dice.one_of(&["16.1", "16.2"]) }),
            5 => {
                json!({ "system": "lync", "registrar": dice.one_of(&["pool.example.com", "192.0.2.7"]),
                         "web-server": "web.example.com" })
            }
            _ => json!({ "system": "url", "url": "tftp://192.0.2.10/{mac}/$MAC/\"q\",#x" }),
        };
        if dice.percent(30) {
            system["for"] = some_vendors(dice);
        }
        systems.push(system);
    }
    json!(systems)
}

fn some_vendors(dice: &mut Dice) -> Value {
    let mut vendors: Vec<&str> = (0..1 + dice.below(3)).map(|_| *dice.one_of(&VENDORS)).collect();
    vendors.sort_unstable();
    vendors.dedup();
    json!(vendors)
}

/// Options that a server does not send by itself, so that what is found is what was decided.
fn options(dice: &mut Dice) -> Value {
    let mut options: Vec<Value> = Vec::new();
    for _ in 0..1 + dice.below(3) {
        let mut option = match dice.below(11) {
            0 => json!({ "code": 66, "text": "http://x.example.com/{mac}?a=1,2" }),
            1 => json!({ "code": 66, "text": "10.1.2.3", "nul": true }),
            2 => json!({ "code": 67, "text": "boot \"{MA}\".cfg" }),
            3 => json!({ "code": 43, "sub-options": [
                { "code": 1, "text": "{{vendor}}" }, { "code": 2, "u16": dice.below(65536) }] }),
            4 => json!({ "code": 43, "hex": "0a" }),
            5 => json!({ "code": 160, "text": "https://y.example.com/{{tenant}}/" }),
            6 => json!({ "code": 150, "ipv4": ["192.0.2.3", "10.0.0.1"] }),
            7 => json!({ "code": 132, "u16": dice.below(65536) }),
            8 => json!({ "code": 242, "hex": "00:ff:0a:22:2c" }),
            9 => json!({ "code": 125, "enterprise": [
                { "number": 3561, "sub-options": [{ "code": 11, "text": "x" }] }] }),
            _ => json!({ "code": dice.one_of(&[66, 43, 42, 160]), "remove": true }),
        };
        if dice.percent(20) {
            option["send"] = json!(dice.one_of(&["always", "requested"]));
        }
        if !options.iter().any(|other| other["code"] == option["code"]) {
            options.push(option);
        }
    }
    json!(options)
}

fn vendors(dice: &mut Dice) -> Value {
    let mut vendors = Map::new();
    for _ in 0..1 + dice.below(3) {
        let mut entry = layer(dice, 30);
        if dice.percent(30) {
            entry.insert("ignore".into(), json!(dice.percent(50)));
        }
        vendors.insert((*dice.one_of(&VENDORS)).into(), Value::Object(entry));
    }
    Value::Object(vendors)
}

fn site(number: usize, dice: &mut Dice) -> Value {
    let mut site = layer(dice, 50);
    let mut matching = Map::new();
    let kinds: [(&str, &[&str]); 6] = [
        ("networks", &["127.1.0.0/16", "127.3.0.0/16", "127.4.0.0/16"]),
        ("relays", &["127.1.2.3", "127.3.0.1", "127.4.0.1"]),
        ("interfaces", &["lo", "eth77"]),
        ("client-classes", &["VPN", "OTHER"]),
        ("circuit-ids", &["ge-0/0/7", "0x0004000a"]),
        ("remote-ids", &["ge-0/0/8", "0x0004000a"]),
    ];
    for _ in 0..1 + dice.below(2) {
        let (kind, values) = dice.one_of(&kinds);
        let first = dice.below(values.len());
        let end = first + 1 + dice.below(values.len() - first);
        matching.insert((*kind).into(), json!(values[first..end]));
    }
    if dice.percent(30) {
        site.insert("vendors".into(), vendors(dice));
    }
    if dice.percent(20) {
        site.insert("unlisted-phones".into(), unlisted(dice));
    }
    site.insert("name".into(), json!(format!("site {number}")));
    site.insert("match".into(), Value::Object(matching));
    Value::Object(site)
}

fn devices(dice: &mut Dice, macs: &[String]) -> Value {
    let mut devices: Vec<Value> = Vec::new();
    for _ in 0..1 + dice.below(25) {
        let mac = dice.one_of(macs);
        if devices.iter().any(|other| other["mac"] == mac.as_str()) {
            continue;
        }
        let mut device = Map::new();
        if dice.percent(40) {
            let vendor = *dice.one_of(&VENDORS);
            device.insert("vendor".into(), json!(vendor));
            let variants = VARIANTS.iter().find(|(of, _)| *of == vendor);
            if let Some((_, variants)) = variants.filter(|_| dice.percent(50)) {
                device.insert("variant".into(), json!(dice.one_of(variants)));
            }
        }
        match dice.below(7) {
            0 => drop(device.insert("ignore".into(), json!(dice.percent(50)))),
            1 => drop(device.insert("voice-vlan".into(), vlan(dice))),
            2 => drop(device.insert(
                "systems".into(),
                json!([
                { "system": "url", "url": "http://own.example.com/{{mac}}.cfg" }]),
            )),
            3 => drop(device.insert(
                "options".into(),
                json!([
                { "code": 66, "text": "http://own.example.com/{{MAC:colon}}" }]),
            )),
            4 | 5 => drop(device.insert("options".into(), options(dice))),
            _ => {}
        }
        device.insert("mac".into(), json!(mac));
        devices.push(Value::Object(device));
    }
    json!(devices)
}
