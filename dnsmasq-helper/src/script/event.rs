//! One event as dnsmasq reports it: arguments and `DNSMASQ_*`, trusted as little as a packet.
//!
//! Values are bytes from the network, cut by dnsmasq at the first NUL and the first `=`. What is not
//! an IPv4 lease of an Ethernet client is not an event for this program: DHCPv6, ARP, TFTP, actions of a later
//! dnsmasq.

use std::ffi::{OsStr, OsString};
use std::net::Ipv4Addr;
use std::os::unix::ffi::OsStrExt;

use offhook_core::Mac;
use offhook_core::parts::request_list;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// A new lease.
    Add,
    /// A lease that was there before: a boot, a restart of dnsmasq, a change of name.
    Old,
    /// Released or expired.
    Del,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    pub action: Action,
    pub mac: Mac,
    pub address: Ipv4Addr,
    pub host_name: Option<String>,
    /// Seconds since 1970; 0 never.
    pub expires: Option<u64>,
    pub interface: Option<Vec<u8>>,
    pub relay: Option<Ipv4Addr>,
    /// What the client's packet said; none where dnsmasq has no packet at hand.
    pub said: Option<Said>,
}

/// What dnsmasq passes on of a client's packet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said {
    pub vendor_class: Option<Vec<u8>>,
    pub user_classes: Vec<Vec<u8>>,
    pub host_name: Option<Vec<u8>>,
    pub circuit_id: Option<Vec<u8>>,
    pub remote_id: Option<Vec<u8>>,
    /// Option 55.
    pub request_list: Vec<u8>,
    /// All tags, ours and the user's: names that no client can forge.
    pub tags: Vec<String>,
}

/// Texts of option 77; a client can send sixty.
const MOST_USER_CLASSES: usize = 64;

impl Event {
    /// Reads an event; none for whatever is not ours.
    pub fn read(words: &[OsString], env: impl Fn(&str) -> Option<OsString>) -> Option<Event> {
        let [action, mac, address, rest @ ..] = words else { return None };
        let action = match action.as_bytes() {
            b"add" => Action::Add,
            b"old" => Action::Old,
            b"del" => Action::Del,
            _ => return None,
        };
        let mac = strict_mac(mac)?;
        let address = address.to_str()?.parse().ok()?;
        let value = |name: &str| {
            let value = env(name)?;
            Some(value.as_bytes().to_vec()).filter(|bytes| !bytes.is_empty())
        };
        let text = |name: &str| value(name).and_then(|bytes| String::from_utf8(bytes).ok());
        let said = value("DNSMASQ_DATA_MISSING").is_none().then(|| Said {
            vendor_class: value("DNSMASQ_VENDOR_CLASS"),
            user_classes: (0..MOST_USER_CLASSES)
                .map_while(|number| value(&format!("DNSMASQ_USER_CLASS{number}")))
                .collect(),
            host_name: value("DNSMASQ_SUPPLIED_HOSTNAME"),
            circuit_id: value("DNSMASQ_CIRCUIT_ID"),
            remote_id: value("DNSMASQ_REMOTE_ID"),
            request_list: text("DNSMASQ_REQUESTED_OPTIONS")
                .and_then(|list| request_list(&list).ok())
                .unwrap_or_default(),
            tags: tags(value("DNSMASQ_TAGS").unwrap_or_default()),
        });
        Some(Event {
            action,
            mac,
            address,
            host_name: rest.first().and_then(|name| name.to_str()).map(str::to_owned),
            expires: text("DNSMASQ_LEASE_EXPIRES").and_then(|text| text.parse().ok()),
            interface: value("DNSMASQ_INTERFACE"),
            relay: text("DNSMASQ_RELAY_ADDRESS").and_then(|text| text.parse().ok()),
            said,
        })
    }
}

fn tags(value: Vec<u8>) -> Vec<String> {
    let words = value.split(|byte| *byte == b' ').filter(|word| !word.is_empty());
    words.map(|word| String::from_utf8_lossy(word).into_owned()).collect()
}

/// Six bytes with colons and nothing else: the file's name comes from it. Another hardware type has
/// a prefix (`06-`), no address at all is `01-`.
fn strict_mac(text: &OsStr) -> Option<Mac> {
    let text = text.as_bytes();
    if text.len() != 17 {
        return None;
    }
    let mut mac = [0u8; 6];
    for (byte, digits) in mac.iter_mut().zip(text.chunks(3)) {
        let [high, low, colon @ ..] = digits else { return None };
        if !matches!(colon, [] | [b':']) {
            return None;
        }
        let digit = |c: u8| char::from(c).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        *byte = digit(*high)? << 4 | digit(*low)?;
    }
    Some(Mac(mac))
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::os::unix::ffi::OsStringExt;

    use proptest::prelude::*;

    use super::*;

    fn read(words: &[&str], env: &[(&str, &str)]) -> Option<Event> {
        let words: Vec<OsString> = words.iter().map(Into::into).collect();
        let env: HashMap<&str, OsString> = env.iter().map(|(k, v)| (*k, v.into())).collect();
        Event::read(&words, |name| env.get(name).cloned())
    }

    #[test]
    fn a_new_lease_with_all_that_dnsmasq_knows() {
        let event = read(
            &["add", "00:15:65:00:00:01", "10.0.0.7", "phone"],
            &[
                ("DNSMASQ_VENDOR_CLASS", "yealink"),
                ("DNSMASQ_USER_CLASS0", "a"),
                ("DNSMASQ_USER_CLASS1", "b"),
                ("DNSMASQ_USER_CLASS3", "never"),
                ("DNSMASQ_REQUESTED_OPTIONS", "1,3,66"),
                ("DNSMASQ_TAGS", "oh_r3 oh-yealink  eth0"),
                ("DNSMASQ_LEASE_EXPIRES", "1700000000"),
                ("DNSMASQ_RELAY_ADDRESS", "10.0.0.1"),
            ],
        )
        .unwrap();
        assert_eq!(event.action, Action::Add);
        assert_eq!(event.address, Ipv4Addr::new(10, 0, 0, 7));
        assert_eq!(event.expires, Some(1_700_000_000));
        let said = event.said.unwrap();
        assert_eq!(said.vendor_class.as_deref(), Some(&b"yealink"[..]));
        assert_eq!(said.user_classes, [b"a", b"b"]);
        assert_eq!(said.request_list, [1, 3, 66]);
        assert_eq!(said.tags, ["oh_r3", "oh-yealink", "eth0"]);
    }

    #[test]
    fn missing_data_is_no_data() {
        let env = [("DNSMASQ_DATA_MISSING", "1"), ("DNSMASQ_VENDOR_CLASS", "left over")];
        let event = read(&["old", "00:15:65:00:00:01", "10.0.0.7"], &env).unwrap();
        assert_eq!((event.said, event.host_name), (None, None));
    }

    #[test]
    fn whatever_is_not_ours_is_no_event() {
        for words in [
            &[][..],
            &["init"],
            &["add"],
            &["add", "00:15:65:00:00:01"],
            &["add", "01-", "10.0.0.7"],
            &["add", "06-00:15:65:00:00:01", "10.0.0.7"],
            &["add", "00:15:65:00:00:01:02:03:04:05:06:07:08:09:0a:0b", "10.0.0.7"],
            &["add", "00:01:00:01:2c:3f", "2001:db8::7"],
            &["add", "../../../../etc/x", "10.0.0.7"],
            &["add", "00-15-65-00-00-01", "10.0.0.7"],
            &["arp-add", "00:15:65:00:00:01", "10.0.0.7"],
            &["tftp", "1234", "10.0.0.7", "/srv/tftp/x"],
            &["relay-snoop", "eth0", "fe80::1", "2001:db8::/64"],
            &["later", "00:15:65:00:00:01", "10.0.0.7"],
        ] {
            assert_eq!(read(words, &[]), None, "{words:?}");
        }
    }

    proptest! {
        /// Whatever bytes come, there is an event with a real address, or none.
        #[test]
        fn any_bytes_are_read_or_refused(
            words in proptest::collection::vec(proptest::collection::vec(1u8.., 0..40), 0..6),
            values in proptest::collection::vec(proptest::collection::vec(1u8.., 0..300), 8),
        ) {
            let words: Vec<OsString> = words.into_iter().map(OsString::from_vec).collect();
            let env = |name: &str| {
                let at = name.len() % values.len();
                values.get(at).map(|value| OsString::from_vec(value.clone()))
            };
            let _ = Event::read(&words, env);
            let known = [OsString::from("add"), "00:15:65:00:00:01".into(), "10.0.0.7".into()];
            let event = Event::read(&known, env);
            prop_assert_eq!(event.map(|event| event.mac), Mac::parse("00:15:65:00:00:01"));
        }
    }
}
