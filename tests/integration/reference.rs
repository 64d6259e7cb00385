//! What the four reference sites must get, byte for byte: the acceptance table, against a real Kea.
//!
//! `ROWS` is the table; nothing else in the tests repeats it. An answer is compared with that of a
//! Kea without the hook, so an option too many is as wrong as one too few.

use crate::peers::kea::{Kea, Setup};
use crate::peers::packet::{Answer, show_all};
use crate::peers::phone::{Phone, Relay};
use crate::peers::tshark;
use std::net::Ipv4Addr;

const PASCOM: &str =
    r#"{ "systems": [{ "system": "pascom", "server": "10.0.0.5", "phonesystem": "acme" }] }"#;
const PASCOM_VPN: &str =
    r#"{ "systems": [{ "system": "pascom", "via": "vpn", "server": "10.8.0.1" }] }"#;
const PORTSIP_OLD: &str = r#"{ "systems": [{ "system": "portsip", "version": "16.1",
    "url": "http://pbx.example.com:8888/provision/R2Xu8aVV20Jka/" }] }"#;
const PORTSIP: &str = r#"{ "systems": [{ "system": "portsip", "version": "16.2",
    "url": "http://pbx.example.com:8888/provision/R2Xu8aVV20Jka/" }] }"#;
const LYNC: &str = r#"{ "systems": [{ "system": "lync", "registrar": "pool.example.com",
    "web-server": "webpool.example.com" }] }"#;
const LYNC_ADDRESS: &str = r#"{ "systems": [{ "system": "lync", "registrar": "192.0.2.7",
    "web-server": "webpool.example.com" }] }"#;
const LYNC_VLAN: &str = r#"{ "systems": [{ "system": "lync", "registrar": "pool.example.com",
    "web-server": "webpool.example.com" }], "voice-vlan": { "id": 120 } }"#;
const FILES: &str =
    r#"{ "systems": [{ "system": "files", "url": "https://provision.example.com/polycom/" }] }"#;

const SNOM: Client = Client { name: "Snom", mac: "00:04:13:01:02:03", class: "" };
const YEALINK: Client = Client { name: "Yealink", mac: "00:15:65:01:02:03", class: "" };
const GRANDSTREAM: Client = Client { name: "Grandstream", mac: "00:0b:82:01:02:03", class: "" };
const AASTRA: Client =
    Client { name: "Aastra", mac: "00:08:5d:01:02:03", class: "AastraIPPhone6731i" };
const AASTRA_MAC: Client = Client { name: "Aastra by MAC", mac: "00:08:5d:01:02:04", class: "" };
const MITEL: Client =
    Client { name: "Mitel SIP", mac: "14:00:e9:01:02:03", class: "MitelIPPhone6930" };
const MITEL_6867: Client =
    Client { name: "Mitel 6867i", mac: "00:08:5d:01:02:05", class: "AastraIPPhone6867i" };
const AUERSWALD: Client = Client { name: "Auerswald", mac: "00:09:52:01:02:03", class: "" };
const FANVIL: Client = Client { name: "Fanvil", mac: "0c:38:3e:01:02:03", class: "" };
const DINSTAR: Client = Client { name: "Dinstar", mac: "f8:a0:3d:01:02:03", class: "" };
const ALE: Client = Client { name: "ALE", mac: "00:80:9f:01:02:03", class: "alcatel.sip.0" };
const HTEK: Client = Client { name: "Htek", mac: "00:1f:c1:01:02:03", class: "" };
const UC_CLIENT: Client = Client { name: "Lync", mac: "02:00:00:0a:0b:0c", class: "MS-UC-Client" };
const OC_PHONE: Client =
    Client { name: "Lync VLAN", mac: "02:00:00:0a:0b:0d", class: "CPE-OCPHONE" };
const POLYCOM: Client =
    Client { name: "Polycom", mac: "00:04:f2:01:02:03", class: "Polycom-VVX410" };
const POLYCOM_MAC: Client = Client { name: "Polycom by MAC", mac: "00:04:f2:01:02:04", class: "" };

pub type Told = &'static [(u8, &'static [u8])];

const PASCOM_DIR: Told = &[(66, b"http://10.0.0.5:8880/p/acme/")];
const VPN_DIR: Told = &[(66, b"http://10.8.0.1/provisioning/")];
const PORTSIP_ROOT: Told = &[(66, b"http://pbx.example.com:8888/provision/R2Xu8aVV20Jka/")];
const POLYCOM_URL: &[u8] = b"https://provision.example.com/polycom/";
const LYNC_43: &[u8] = b"\x01\x0cMS-UC-Client\x02\x05https\x03\x13webpool.example.com\x04\x03443\
    \x05\x25/CertProv/CertProvisioningService.svc";
const LYNC_120: &[u8] = b"\x00\x04pool\x07example\x03com\x00";

/// policy, client, what it must be sent
pub const ROWS: &[(&str, Client, Told)] = &[
    (PASCOM, SNOM, &[(66, b"http://10.0.0.5:8880/p/acme/{mac}")]),
    (PASCOM, YEALINK, PASCOM_DIR),
    (PASCOM, GRANDSTREAM, PASCOM_DIR),
    (PASCOM, AASTRA, PASCOM_DIR),
    (PASCOM, AASTRA_MAC, PASCOM_DIR),
    (PASCOM, MITEL, PASCOM_DIR),
    (PASCOM, MITEL_6867, PASCOM_DIR),
    (PASCOM, AUERSWALD, &[(66, b"http://10.0.0.5:8880/p/acme/"), (67, b"<MACADR>")]),
    (PASCOM, FANVIL, &[]),
    (PASCOM, POLYCOM, &[]),
    (PASCOM_VPN, SNOM, &[(66, b"http://10.8.0.1/provisioning/{mac}")]),
    (PASCOM_VPN, YEALINK, VPN_DIR),
    (PASCOM_VPN, GRANDSTREAM, VPN_DIR),
    (PASCOM_VPN, AASTRA, VPN_DIR),
    (PASCOM_VPN, MITEL, VPN_DIR),
    (PASCOM_VPN, AUERSWALD, &[(66, b"http://10.8.0.1/provisioning/"), (67, b"<MACADR>")]),
    (PORTSIP_OLD, SNOM, &[(66, b"http://pbx.example.com:8888/provision/R2Xu8aVV20Jka/cfg{mac}")]),
    (PORTSIP, SNOM, PORTSIP_ROOT),
    (PORTSIP, YEALINK, PORTSIP_ROOT),
    (PORTSIP, FANVIL, PORTSIP_ROOT),
    (PORTSIP, GRANDSTREAM, PORTSIP_ROOT),
    (PORTSIP, DINSTAR, PORTSIP_ROOT),
    (PORTSIP, ALE, PORTSIP_ROOT),
    (PORTSIP, HTEK, PORTSIP_ROOT),
    (PORTSIP, AUERSWALD, &[]),
    (LYNC, UC_CLIENT, &[(43, LYNC_43), (120, LYNC_120)]),
    (LYNC, YEALINK, &[]),
    (LYNC_ADDRESS, UC_CLIENT, &[(43, LYNC_43), (120, b"\x01\xc0\x00\x02\x07")]),
    (LYNC_VLAN, OC_PHONE, &[(43, b"\x0a\x02\x00\x78")]),
    (FILES, POLYCOM, &[(66, POLYCOM_URL), (160, POLYCOM_URL)]),
    (FILES, POLYCOM_MAC, &[(66, POLYCOM_URL), (160, POLYCOM_URL)]),
];

#[derive(Clone, Copy)]
pub struct Client {
    pub name: &'static str,
    pub mac: &'static str,
    /// Option 60; empty if it sends none.
    class: &'static str,
}

impl Client {
    pub fn phone(&self) -> Phone {
        let phone = Phone::new(self.mac);
        if self.class.is_empty() { phone } else { phone.class(self.class) }
    }

    /// What is wrong with its answers (OFFER, ACK and the ACK to INFORM), beside those of the same
    /// server without us.
    pub fn judge(
        &self,
        told: &[(u8, Vec<u8>)],
        with: &[Answer; 3],
        without: &[Answer; 3],
    ) -> Vec<String> {
        let mut wrong = Vec::new();
        for (kind, (with, without)) in
            ["OFFER", "ACK", "ACK to INFORM"].iter().zip(with.iter().zip(without))
        {
            let (found, lost) = with.beyond(without);
            if found != told || !lost.is_empty() {
                wrong.push(format!(
                    "{} ({}), {kind}:\n  expected {}\n  found    {}, lost {lost:?}",
                    self.name,
                    self.mac,
                    show_all(told),
                    show_all(&found)
                ));
            }
            // Nothing of this touches the header: next server, server's name and boot file stay.
            assert_eq!(with.raw[20..24], without.raw[20..24], "{}: siaddr", self.name);
            assert_eq!(with.raw[44..236], without.raw[44..236], "{}: sname and file", self.name);
        }
        wrong
    }
}

/// The table's policies, each once, in its order.
pub fn policies() -> Vec<&'static str> {
    let mut policies: Vec<&str> = ROWS.iter().map(|row| row.0).collect();
    policies.dedup();
    policies
}

/// OFFER, ACK and the ACK to INFORM.
fn answers(kea: &Kea, phone: &Phone) -> [Answer; 3] {
    let relay = Relay::of(kea);
    let (offer, ack) = relay.boot(phone);
    let informed = relay.inform(phone, Ipv4Addr::new(127, 1, 50, 1));
    [offer, ack, informed]
}

#[test]
fn every_row_in_offer_ack_and_the_ack_to_inform() {
    let plain = Setup::new().start();
    let mut seen = Vec::new();
    let mut wrong = Vec::new();
    for policy in policies() {
        let kea = Setup::offhook(policy).start();
        for (_, client, told) in ROWS.iter().filter(|row| row.0 == policy) {
            let told: Vec<(u8, Vec<u8>)> =
                told.iter().map(|(code, value)| (*code, value.to_vec())).collect();
            let without = answers(&plain, &client.phone());
            let with = answers(&kea, &client.phone());
            wrong.extend(client.judge(&told, &with, &without));
            seen.extend(with.map(|answer| (client.name, told.clone(), answer)));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of the table's answers are wrong\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    let packets: Vec<Answer> = seen.iter().map(|(_, _, answer)| answer.clone()).collect();
    for ((name, told, _), judged) in seen.iter().zip(tshark::judge(&packets)) {
        for (code, value) in told {
            assert_eq!(
                judged.option(*code),
                Some(&value[..]),
                "{name}: expected tshark to read option {code} so too, found\n{}",
                tshark::show(&judged)
            );
        }
    }
}

#[test]
fn a_laptop_gets_byte_for_byte_what_it_got_without_the_hook() {
    let laptops = Phone::laptops();
    // The same first questions to a fresh server each: the same transactions, addresses and lease
    // times.
    let ask = |setup: Setup| {
        let kea = setup.start();
        laptops.iter().flat_map(|laptop| answers(&kea, laptop)).collect::<Vec<_>>()
    };
    let without = ask(Setup::new());
    for policy in policies() {
        let with = ask(Setup::offhook(policy));
        for (with, without) in with.iter().zip(&without) {
            assert_eq!(
                with.raw,
                without.raw,
                "under {policy}\nexpected {}\nfound    {}",
                show_all(&without.options),
                show_all(&with.options)
            );
        }
    }
}
