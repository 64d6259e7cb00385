//! `only-if`: what a hardware address has shown before. Kept in the lease's own context, so that it
//! outlives restarts and goes to the partner of a high-availability pair with the lease.

use std::fmt;
use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::TokenRule;
use crate::query::Query;
use crate::text::printable;

/// What a client shows of itself (`same-phone`) and of the port that it is behind (`same-port`).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct Signs {
    /// Option 60, shortened.
    pub vendor_class: String,
    /// Option 55, as numbers.
    pub request_list: String,
    /// The enterprises of options 124 and 125.
    pub enterprise: String,
    /// Option 82, sub-option 1.
    pub circuit_id: String,
    /// Option 82, sub-option 2.
    pub remote_id: String,
    /// The relay agent's address.
    pub relay: Option<Ipv4Addr>,
    /// The server's number for the subnet of the lease; 0: not known.
    pub subnet: u32,
}

/// What is kept in a lease: the signs that were accepted last, and when they were last shown.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct Accepted {
    /// What was shown.
    #[serde(flatten)]
    pub signs: Signs,
    /// Seconds since 1970.
    pub shown: u64,
}

/// What the guards say of a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Judgement {
    /// The signs to keep from now on.
    Accepted(Accepted),
    /// The names of the signs that differ; what was accepted before stays.
    Impostor(Vec<&'static str>),
}

/// Longer values are kept as their beginning and a digest, so that a lease's context stays small.
const LONGEST: usize = 40;

fn short(value: &[u8]) -> String {
    match value.get(..LONGEST).filter(|_| value.len() > LONGEST) {
        None => printable(value),
        Some(head) => {
            format!("{}...{}", printable(head), hex::encode(&Sha256::digest(value)[..8]))
        }
    }
}

impl Signs {
    /// What a packet shows; `subnet` is the server's number of the subnet, 0: not known.
    pub fn from_query(query: &Query<'_>, subnet: u32) -> Signs {
        let list = query.request_list.as_deref().unwrap_or_default();
        let numbers: Vec<String> = list.iter().map(u8::to_string).collect();
        let mut enterprises: Vec<u32> = query.enterprises().map(|(number, _)| number).collect();
        enterprises.dedup();
        enterprises.truncate(8);
        let enterprises: Vec<String> = enterprises.iter().map(u32::to_string).collect();
        let relay = |sub| query.relay_sub_option(sub).map(short).unwrap_or_default();
        Signs {
            vendor_class: short(query.class_text()),
            request_list: match list.len() {
                0..=LONGEST => numbers.join(","),
                _ => short(list),
            },
            enterprise: enterprises.join(","),
            circuit_id: relay(1),
            remote_id: relay(2),
            relay: query.giaddr,
            subnet,
        }
    }

    /// The signs that differ, of those that the rule looks at.
    fn differences(&self, before: &Signs, rule: &TokenRule, direct: bool) -> Vec<&'static str> {
        let (phone, port) = (rule.only_if.same_phone, rule.only_if.same_port);
        let (relayed, known) = (port && !direct, self.subnet != 0 && before.subnet != 0);
        let all = [
            (phone, self.vendor_class != before.vendor_class, "option 60"),
            (phone, self.request_list != before.request_list, "option 55"),
            (phone, self.enterprise != before.enterprise, "enterprise number"),
            (relayed, self.circuit_id != before.circuit_id, "circuit id"),
            (relayed, self.remote_id != before.remote_id, "remote id"),
            (relayed, self.relay != before.relay, "relay"),
            (port && known, self.subnet != before.subnet, "subnet"),
        ];
        let differs = all.into_iter().filter(|(wanted, differs, _)| *wanted && *differs);
        differs.map(|(_, _, name)| name).collect()
    }
}

/// Judges a client by what its hardware address showed before. `direct`: the answer goes to the address
/// that it has already, so its packet need not show the port (a renewal, a DHCPINFORM). `may_move`: the
/// operator allows it.
pub fn judge(
    rule: &TokenRule,
    mut signs: Signs,
    before: Option<&Accepted>,
    now: u64,
    direct: bool,
    may_move: bool,
) -> Judgement {
    let mut shown = now;
    if let Some(before) = before {
        let differs = signs.differences(&before.signs, rule, direct);
        let silent = now.saturating_sub(before.shown);
        let moves = may_move || rule.move_after.is_some_and(|after| silent >= after);
        if !differs.is_empty() && !moves {
            return Judgement::Impostor(differs);
        }
        if direct {
            signs.relay = before.signs.relay;
            signs.circuit_id.clone_from(&before.signs.circuit_id);
            signs.remote_id.clone_from(&before.signs.remote_id);
        }
        if signs.subnet == 0 {
            signs.subnet = before.signs.subnet;
        }
        // Another lease of the same client may hold what was shown before: the later one counts, also within one
        // second, or if the clock was set back.
        shown = now.max(before.shown + u64::from(signs != before.signs));
    }
    Judgement::Accepted(Accepted { signs, shown })
}

/// The signs in words, for a log line.
impl fmt::Display for Signs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let relay = self.relay.map_or_else(String::new, |relay| relay.to_string());
        let subnet = if self.subnet == 0 { String::new() } else { self.subnet.to_string() };
        let all = [
            ("option 60", &self.vendor_class),
            ("option 55", &self.request_list),
            ("enterprise", &self.enterprise),
            ("circuit id", &self.circuit_id),
            ("remote id", &self.remote_id),
            ("relay", &relay),
            ("subnet", &subnet),
        ];
        let mut separator = "";
        for (name, value) in all.into_iter().filter(|(_, value)| !value.is_empty()) {
            write!(f, "{separator}{name} \"{value}\"")?;
            separator = ", ";
        }
        if separator.is_empty() { f.write_str("nothing") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::Query;
    use crate::token::OnlyIf;

    const RELAY: Option<Ipv4Addr> = Some(Ipv4Addr::new(10, 7, 0, 1));

    fn query(class: &'static [u8], circuit: &'static [u8]) -> Query<'static> {
        let mut query = Query { giaddr: RELAY, ..Query::default() };
        query.take(60, class);
        query.take(55, &[1, 3, 66]);
        query.take(82, circuit);
        query
    }

    fn rule(same_phone: bool, same_port: bool, move_after: Option<u64>) -> TokenRule {
        let only_if = OnlyIf { same_phone, same_port };
        TokenRule { only_if, move_after, ..TokenRule::default() }
    }

    fn accepted(judgement: Judgement) -> Accepted {
        match judgement {
            Judgement::Accepted(accepted) => accepted,
            Judgement::Impostor(differs) => panic!("{differs:?}"),
        }
    }

    #[test]
    fn another_phone_and_another_port_are_told() {
        let phone = Signs::from_query(&query(b"yealink", b"\x01\x02p1"), 1);
        let other = Signs::from_query(&query(b"MSFT 5.0", b"\x01\x02p1"), 1);
        let moved = Signs::from_query(&query(b"yealink", b"\x01\x02p2"), 1);
        let away = Signs { subnet: 2, ..phone.clone() };
        let both = rule(true, true, None);
        let first = accepted(judge(&both, phone.clone(), None, 100, false, false));
        let again = accepted(judge(&both, phone.clone(), Some(&first), 200, false, false));
        assert_eq!((again.signs.clone(), again.shown), (phone, 200));
        let ask = |rule: &TokenRule, signs: &Signs, now, allowed| {
            judge(rule, signs.clone(), Some(&first), now, false, allowed)
        };
        assert_eq!(ask(&both, &other, 200, false), Judgement::Impostor(vec!["option 60"]));
        assert_eq!(ask(&both, &moved, 200, false), Judgement::Impostor(vec!["circuit id"]));
        assert_eq!(ask(&both, &away, 200, false), Judgement::Impostor(vec!["subnet"]));
        accepted(ask(&rule(true, false, None), &moved, 200, false));
        accepted(ask(&rule(false, true, None), &other, 200, false));
        accepted(ask(&both, &moved, 200, true));
        let hour = rule(true, true, Some(3600));
        assert!(matches!(ask(&hour, &moved, 3699, false), Judgement::Impostor(_)));
        assert_eq!(accepted(ask(&hour, &moved, 3700, false)).signs, moved);
    }

    #[test]
    fn a_direct_renewal_keeps_the_port() {
        let phone = Signs::from_query(&query(b"yealink", b"\x01\x02p1"), 1);
        let bare = Signs { relay: None, circuit_id: String::new(), ..phone.clone() };
        let both = rule(true, true, None);
        let first = Accepted { signs: phone.clone(), shown: 100 };
        let kept = accepted(judge(&both, bare.clone(), Some(&first), 200, true, false));
        assert_eq!(kept.signs, phone);
        let boots = judge(&both, bare, Some(&first), 200, false, false);
        assert_eq!(boots, Judgement::Impostor(vec!["circuit id", "relay"]));
    }

    #[test]
    fn what_a_lease_keeps_is_short_and_reads_back() {
        let mut query = query(&[b'x'; 255], b"\x01\xc8");
        query.relay_agent = Some([&[1, 200][..], &[0xff; 200]].concat().into());
        query.request_list = Some(vec![7; 255].into());
        let kept = Accepted { signs: Signs::from_query(&query, 7), shown: 9 };
        let text = serde_json::to_string(&kept).unwrap();
        assert!(text.len() < 700, "{}", text.len());
        assert_eq!(serde_json::from_str::<Accepted>(&text).unwrap(), kept);
        assert_eq!(serde_json::from_str::<Accepted>("{}").unwrap(), Accepted::default());
    }
}
