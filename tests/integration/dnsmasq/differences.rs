//! What dnsmasq does not see of a packet and Kea does: the list in docs/dnsmasq.md, held to both servers.
//! A change that mends one of these removes it from the list.

use crate::peers::dnsmasq::Setup;
use crate::peers::kea;
use crate::peers::phone::{Phone, Relay};

const POLICY: &str = r#"{ "vendors": {
    "polycom": { "options": [{ "code": 160, "text": "http://p.example.com/" }] },
    "mitel-minet": { "options": [{ "code": 160, "text": "http://p.example.com/" }] },
    "technicolor": { "options": [{ "code": 160, "text": "http://p.example.com/" }] } } }"#;

/// A maker's phone without a hardware address of its maker, whole and as dnsmasq does not see it; and
/// the words of the page.
fn cases() -> Vec<(&'static str, Phone, Phone)> {
    let phone = |number: u8| Phone::new(&format!("02:00:00:00:00:{number:02x}")).wants(&[160]);
    let other = [&[0, 0, 0x11, 0x8b, 3][..], b"\x01\x01x"].concat();
    vec![
        (
            "an option in several parts",
            phone(1).class("Polycom-VVX410"),
            phone(2).class("Poly").class("com-VVX410"),
        ),
        (
            "an option in several parts",
            phone(3).option(77, "Thomson ST2030"),
            phone(4).option(77, "Thom").option(77, "son ST2030"),
        ),
        (
            "a later enterprise in option 125",
            phone(5).option(125, b"\0\0\x04\x03\x03\x01\x01x"),
            phone(6).option(125, [&other[..], b"\0\0\x04\x03\x03\x01\x01x"].concat()),
        ),
    ]
}

#[test]
fn the_list_of_differences_is_what_the_servers_do() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/dnsmasq.md");
    let page = std::fs::read_to_string(page).expect("docs/dnsmasq.md");
    let kea = kea::Setup::offhook(POLICY).start();
    let dnsmasq = Setup::new().offhook(POLICY).start();
    let (by_kea, by_dnsmasq) = (Relay::of(&kea), dnsmasq.relay());
    for (words, whole, hidden) in cases() {
        assert!(page.contains(words), "expected docs/dnsmasq.md to list {words:?}");
        let told = |relay: &Relay, phone: &Phone| relay.discover(phone).option(160).is_some();
        let found =
            [(&by_kea, &whole), (&by_kea, &hidden), (&by_dnsmasq, &whole), (&by_dnsmasq, &hidden)]
                .map(|(relay, phone)| told(relay, phone));
        assert_eq!(
            found,
            [true, true, true, false],
            "{words}: Kea answers the first and the second phone, dnsmasq only the first; {:?}",
            hidden.options
        );
    }
}
