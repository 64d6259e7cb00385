//! Every way in which a policy recognises a site, on the wire: what the shim must pass on for it.

use crate::peers::kea::{Kea, Setup, guard};
use crate::peers::packet::{Answer, INFORM};
use crate::peers::phone::{Phone, Relay};
use serde_json::json;
use std::net::Ipv4Addr;

/// One site per kind of evidence, the most particular first; each has its own address of the files.
const POLICY: &str = r#"{
    "systems": [{ "system": "files", "url": "https://p.example.com/nowhere/" }],
    "sites": [
        { "name": "both", "match": { "circuit-ids": ["ge-0/0/7"], "remote-ids": ["0x00ff"] },
          "systems": [{ "system": "files", "url": "https://p.example.com/both/" }] },
        { "name": "circuit", "match": { "circuit-ids": ["ge-0/0/7", "ge-0/0/8"] },
          "systems": [{ "system": "files", "url": "https://p.example.com/circuit/" }] },
        { "name": "class", "match": { "client-classes": ["VPN"] },
          "systems": [{ "system": "files", "url": "https://p.example.com/class/" }] },
        { "name": "relay", "match": { "relays": ["127.2.0.1"] },
          "systems": [{ "system": "files", "url": "https://p.example.com/relay/" }] },
        { "name": "network", "match": { "networks": ["127.3.0.0/16"] },
          "systems": [{ "system": "files", "url": "https://p.example.com/network/" }] },
        { "name": "far", "match": { "interfaces": ["eth77"] },
          "systems": [{ "system": "files", "url": "https://p.example.com/far/" }] },
        { "name": "here", "match": { "interfaces": ["lo"], "networks": ["127.4.0.0/16"] },
          "systems": [{ "system": "files", "url": "https://p.example.com/here/" }] }
    ] }"#;

fn start() -> Kea {
    Setup::offhook(POLICY)
        .edit(|dhcp4| {
            let pool = |net: u8| json!([{ "pool": format!("127.{net}.100.1 - 127.{net}.100.250") }]);
            let subnet = |net: u8| json!({ "id": net, "subnet": format!("127.{net}.0.0/16"), "pools": pool(net) });
            dhcp4["subnet4"] = (1..=4).map(subnet).collect();
            // A subnet of a later class: only clients of VPN may have an address here.
            let (key, value) = guard("VPN");
            dhcp4["subnet4"][0]["pools"].as_array_mut().expect("pools").push(
                json!({ "pool": "127.1.101.1 - 127.1.101.250", key: value }),
            );
            dhcp4["client-classes"] = json!([
                { "name": "VPN", "test": "option[77].hex == 'vpn'" },
            ]);
        })
        .start()
}

fn yealink(number: u8) -> Phone {
    Phone::new(&format!("00:15:65:00:00:{number:02x}"))
}

fn site(answer: &Answer) -> String {
    let url = answer.option(66).map(String::from_utf8_lossy).unwrap_or_default().into_owned();
    let name = url.strip_prefix("https://p.example.com/").and_then(|rest| rest.strip_suffix('/'));
    name.unwrap_or_else(|| panic!("expected a site's URL in option 66, found {url:?}")).to_owned()
}

#[test]
fn a_site_is_told_by_every_kind_of_evidence() {
    let kea = start();
    let circuit = |id: &str| [&[1, id.len() as u8], id.as_bytes()].concat();
    let with_remote = [circuit("ge-0/0/7"), vec![2, 2, 0, 0xff]].concat();
    for (number, (relay, phone, expected)) in [
        ([127, 1, 2, 3], yealink(1), "nowhere"),
        ([127, 1, 2, 3], yealink(2).option(82, circuit("ge-0/0/8")), "circuit"),
        ([127, 1, 2, 3], yealink(3).option(82, with_remote), "both"),
        ([127, 1, 2, 3], yealink(4).option(82, circuit("ge-0/0/9")), "nowhere"),
        ([127, 1, 2, 3], yealink(5).option(77, "vpn"), "class"),
        ([127, 2, 0, 1], yealink(6), "relay"),
        ([127, 2, 0, 2], yealink(7), "nowhere"),
        ([127, 3, 0, 1], yealink(8), "network"),
        ([127, 4, 0, 1], yealink(9), "here"),
    ]
    .into_iter()
    .enumerate()
    {
        let relay = Relay::at(&kea, Ipv4Addr::from(relay));
        let (offer, ack) = relay.boot(&phone);
        let renewed = relay.renew(&phone, ack.yiaddr());
        for answer in [&offer, &ack, &renewed] {
            assert_eq!(site(answer), expected, "case {number} ({})", phone.mac_text());
        }
        // An informing client has no lease; its own address says where it is.
        let mut question = relay.question(&phone, INFORM);
        question.ciaddr = relay.address;
        let informed = relay.ask(&question).expect("an answer to INFORM");
        assert_eq!(site(&informed), expected, "case {number}, INFORM");
    }
}
