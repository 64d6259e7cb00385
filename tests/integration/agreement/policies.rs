//! Policies by chance, out of everything that dnsmasq can say too.

use super::Chance;
use super::clients::{CIRCUITS, Client, Parts};
use serde_json::{Map, Value, json};

/// The site that is the second network; one, since a range of dnsmasq's sets one tag.
pub const NETWORK_SITE: &str = "branch";

pub fn policy(chance: &mut Chance, parts: &Parts, clients: &[Client]) -> Value {
    let mut policy = scope(chance, parts);
    if chance.percent(10) {
        policy.insert("answer".to_owned(), json!("phones"));
    }
    if chance.percent(60) {
        let sites: Vec<Value> = (0..1 + chance.below(3))
            .map(|number| {
                let mut site = scope(chance, parts);
                let (name, matching) = matching(number, chance);
                site.insert("name".to_owned(), json!(name));
                site.insert("match".to_owned(), matching);
                Value::Object(site)
            })
            .collect();
        let mut names = std::collections::BTreeSet::new();
        let once = |site: &Value| names.insert(site["name"].to_string());
        policy.insert("sites".to_owned(), sites.into_iter().filter(once).collect());
    }
    if chance.percent(50) {
        let mut devices: Map<String, Value> = Map::new();
        for _ in 0..1 + chance.below(5) {
            let mac = chance.one(clients).phone.mac_text();
            devices.insert(mac.clone(), device(&mac, chance, parts));
        }
        policy.insert("devices".to_owned(), devices.into_values().collect());
    }
    policy.into()
}

/// What may stand at the top and at a site.
fn scope(chance: &mut Chance, parts: &Parts) -> Map<String, Value> {
    let mut scope = layer(chance);
    if chance.percent(75) {
        let systems: Vec<Value> = (0..1 + chance.below(2)).map(|_| system(chance, parts)).collect();
        scope.insert("systems".to_owned(), systems.into());
    }
    if chance.percent(40) {
        let vendors: Map<String, Value> = (0..1 + chance.below(3))
            .map(|_| {
                let own = match chance.percent(20) {
                    true => json!({ "ignore": true }),
                    false => layer(chance).into(),
                };
                (chance.one(&parts.vendors).clone(), own)
            })
            .collect();
        scope.insert("vendors".to_owned(), vendors.into());
    }
    scope
}

fn matching(number: usize, chance: &mut Chance) -> (String, Value) {
    let name = |kind: &str| format!("{kind}{number}");
    let (name, mut matching) = match chance.below(4) {
        0 | 1 => (NETWORK_SITE.to_owned(), json!({ "networks": ["127.3.0.0/16"] })),
        2 => (name("circuit"), json!({ "circuit-ids": [chance.one(&CIRCUITS)] })),
        _ => {
            let interface = *chance.one(&["lo", "eth77"]);
            (name("interface"), json!({ "interfaces": [interface] }))
        }
    };
    if chance.percent(20) {
        matching["remote-ids"] = json!(["0x00ff"]);
    }
    (name, matching)
}

fn layer(chance: &mut Chance) -> Map<String, Value> {
    let mut layer = Map::new();
    let mut add = |key: &str, value: Value| {
        layer.insert(key.to_owned(), value);
    };
    if chance.percent(30) {
        add("voice-vlan", json!({ "id": 1 + chance.below(4094), "priority": chance.below(8) }));
    }
    if chance.percent(25) {
        add("time-servers", json!([*chance.one(&["192.0.2.1", "192.0.2.2"])]));
    }
    if chance.percent(20) {
        let servers = [json!(["sip.example.com"]), json!(["192.0.2.7", "192.0.2.8"])];
        add("sip-servers", chance.one(&servers).clone());
    }
    if chance.percent(20) {
        add("send", json!(*chance.one(&["always", "requested"])));
    }
    if chance.percent(35) {
        add("options", options(chance));
    }
    layer
}

fn options(chance: &mut Chance) -> Value {
    let all = [
        json!({ "code": 66, "text": format!("http://own{}.example.com/", chance.below(9)) }),
        json!({ "code": 67, "text": "own.cfg" }),
        json!({ "code": 160, "text": "https://own.example.com/{mac}/" }),
        json!({ "code": 43, "sub-options": [{ "code": 1, "text": "a" }, { "code": 2, "u16": 7 }] }),
        json!({ "code": 43, "hex": "01:02:03:04" }),
        json!({ "code": 132, "u16": 120 }),
        json!({ "code": 150, "ipv4": ["192.0.2.5"] }),
        json!({ "code": 224, "u8": 7 }),
        json!({ "code": 225, "text": "a, \"b\" # c\\" }),
        json!({ "code": 226, "hex": "00:ff:00" }),
    ];
    let mut options: Map<String, Value> = Map::new();
    for _ in 0..1 + chance.below(3) {
        let mut option = chance.one(&all).clone();
        if chance.percent(20) {
            option["send"] = json!(*chance.one(&["always", "requested"]));
        }
        options.insert(option["code"].to_string(), option);
    }
    options.into_values().collect()
}

fn system(chance: &mut Chance, parts: &Parts) -> Value {
    let mut system = match chance.below(6) {
        0 => json!({ "system": "pascom", "server": "10.0.0.5", "phonesystem": "acme" }),
        1 => json!({ "system": "pascom", "server": "10.8.0.1", "via": "vpn" }),
        2 => {
            let version = *chance.one(&["12.8", "16.1", "16.2", "22.0"]);
            let url = "http://pbx.example.com:8888/provision/R2Xu8aVV20Jka/";
            json!({ "system": "portsip", "url": url, "version": version })
        }
        3 => {
            let registrar = *chance.one(&["pool.example.com", "192.0.2.7"]);
            json!({ "system": "lync", "registrar": registrar, "web-server": "web.example.com" })
        }
        4 => json!({ "system": "files", "url": "https://provision.example.com/phones/" }),
        _ => json!({ "system": "url", "url": "http://prov.example.com/{{vendor}}/" }),
    };
    if chance.percent(25) {
        system["for"] = json!([chance.one(&parts.vendors), "yealink"]);
        if system["for"][0] == "yealink" {
            system["for"] = json!(["yealink"]);
        }
    }
    system
}

fn device(mac: &str, chance: &mut Chance, parts: &Parts) -> Value {
    let mut device = Map::new();
    if chance.percent(30) {
        device.insert("vendor".to_owned(), json!(chance.one(&parts.vendors)));
    }
    match chance.below(5) {
        0 => {
            device.insert("ignore".to_owned(), json!(chance.percent(70)));
        }
        1 => {
            let own = json!([{ "code": 66, "text": "http://lab.example.com/{{mac}}.cfg" }]);
            device.insert("options".to_owned(), own);
        }
        _ => device.extend(layer(chance)),
    }
    device.insert("mac".to_owned(), json!(mac));
    device.into()
}
