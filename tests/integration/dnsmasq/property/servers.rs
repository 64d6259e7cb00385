//! The two servers in their three networks, as they are without us, and the relays that ask them.

use super::{Case, NETWORKS};
use crate::peers::dnsmasq::{self, Dnsmasq};
use crate::peers::kea::{self, Kea};
use crate::peers::packet::{Answer, DISCOVER, INFORM, Question};
use crate::peers::phone::Relay;
use serde_json::{Value, json};
use std::net::Ipv4Addr;
use std::time::Duration;

pub fn relay_address(network: u8) -> Ipv4Addr {
    match network {
        1 => dnsmasq::RELAY,
        other => Ipv4Addr::new(127, other, 0, 1),
    }
}

pub fn question(relay: &Relay, case: &Case) -> Question {
    let kind = if case.inform { INFORM } else { DISCOVER };
    let mut question = relay.question(&case.phone, kind);
    if case.inform {
        question.ciaddr = relay.address;
    }
    question
}

/// One server's three relays.
pub struct Relays(pub Vec<(u8, Relay)>);

impl Relays {
    pub fn of_kea(kea: &Kea) -> Relays {
        Relays(NETWORKS.map(|(net, _)| (net, Relay::at(kea, relay_address(net)))).into())
    }

    pub fn of_dnsmasq(server: &Dnsmasq) -> Relays {
        Relays(NETWORKS.map(|(net, _)| (net, server.relay_at(relay_address(net)))).into())
    }

    pub fn wait_at_most(&mut self, patience: Duration) {
        self.0.iter_mut().for_each(|(_, relay)| relay.patience = patience);
    }

    pub fn ask(&self, cases: &[&Case]) -> Vec<Option<Answer>> {
        let mut answers = vec![None; cases.len()];
        for (net, relay) in &self.0 {
            let here: Vec<usize> =
                (0..cases.len()).filter(|at| cases[*at].network == *net).collect();
            let questions: Vec<Question> =
                here.iter().map(|at| question(relay, cases[*at])).collect();
            for (at, answer) in here.into_iter().zip(relay.ask_all(&questions)) {
                answers[at] = answer;
            }
        }
        answers
    }
}

pub fn plain_kea() -> kea::Setup {
    kea::Setup::new().edit(|dhcp4| {
        let subnet = |net: u8| {
            json!({ "id": net, "subnet": format!("127.{net}.0.0/16"),
                "pools": [{ "pool": format!("127.{net}.10.1 - 127.{net}.250.250") }] })
        };
        dhcp4["subnet4"] = NETWORKS.iter().map(|(net, _)| subnet(*net)).collect();
        dhcp4["client-classes"] = json!([{ "name": "VPN", "test": "option[77].hex == 'vpn'" }]);
    })
}

pub fn plain_dnsmasq() -> dnsmasq::Setup {
    let range = |(net, tag): (u8, &str)| {
        format!("set:{tag},127.{net}.10.1,127.{net}.250.250,255.255.0.0,1h")
    };
    let ranges = NETWORKS.map(range);
    let ranges: Vec<&str> = ranges.iter().map(String::as_str).collect();
    dnsmasq::Setup::new().ranges(&ranges).line("dhcp-userclass=set:VPN,vpn")
}

/// The tags of the ranges where a site may be: those in its networks with its relays.
pub fn range_tags(policy: &Value) -> Vec<String> {
    let mut words = Vec::new();
    for site in policy["sites"].as_array().into_iter().flatten() {
        let matching = &site["match"];
        let named = |key: &str, name: &dyn Fn(u8) -> String| -> Option<Vec<u8>> {
            let list = matching[key].as_array()?;
            let has = |net: &u8| list.contains(&json!(name(*net)));
            Some(NETWORKS.iter().map(|(net, _)| *net).filter(has).collect())
        };
        let networks = named("networks", &|net| format!("127.{net}.0.0/16"));
        let relays = named("relays", &|net| relay_address(net).to_string());
        if networks.is_none() && relays.is_none() {
            continue;
        }
        let inside =
            |net: u8| [&networks, &relays].into_iter().flatten().all(|nets| nets.contains(&net));
        let mut tags: Vec<&str> =
            NETWORKS.iter().filter(|(net, _)| inside(*net)).map(|(_, tag)| *tag).collect();
        if tags.is_empty() {
            tags.push("never");
        }
        for tag in tags {
            words.extend([
                "--range-tag".to_owned(),
                format!("{}={tag}", site["name"].as_str().expect("a name")),
            ]);
        }
    }
    words
}
