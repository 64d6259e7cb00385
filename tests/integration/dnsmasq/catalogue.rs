//! Every example of every vendor and system in the catalogue, through a real dnsmasq: the bytes that
//! the example says, and that Kea gives, but for the NUL behind options 66 and 67.

use crate::catalogue::{ByPolicy, Example, questions, run_all, systems, unlisted, vendors};
use crate::peers::dnsmasq::Setup;
use crate::peers::phone::{Phone, Relay};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;

/// What dnsmasq says where Kea says `told`: it ends the text of 66 and 67 with a NUL, and other text (we
/// write only 114 so) if the client's own host name ends with one.
pub fn in_dnsmasqs_words(phone: &Phone, told: &[(u8, Vec<u8>)]) -> Vec<(u8, Vec<u8>)> {
    let names = phone.options.iter().filter(|(code, _)| *code == 12);
    let host_name = names.flat_map(|(_, part)| part).last();
    let mut told = told.to_vec();
    for (code, value) in &mut told {
        let ends = matches!(code, 66 | 67) || *code == 114 && host_name == Some(&0);
        if ends && value.last() != Some(&0) && value.len() < 255 {
            value.push(0);
        }
    }
    told
}

fn run(plain: &Relay, policy: &str, examples: &[Example]) -> Vec<String> {
    let setup = Setup::new();
    let mut output = setup.try_render(policy, &[]);
    if String::from_utf8_lossy(&output.stderr).contains("{{mac}} is known only when") {
        // What the message advises must help.
        let known = with_devices(policy, examples);
        output = setup.try_render(&known, &["--known-devices-only"]);
    }
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        // What only the packet determines cannot be written before it; that is said.
        let refused = |name: &str| {
            said.contains(&format!("{name} is known only when the phone's packet comes"))
        };
        if examples.iter().all(|example| of_the_packet(example).into_iter().any(refused)) {
            return Vec::new();
        }
        return examples
            .iter()
            .map(|example| format!("{}: refused: {said}", example.place))
            .collect();
    }
    let conf = format!("conf-file={}", setup.rendered().display());
    let dnsmasq = setup.line(conf).start();
    let relay = dnsmasq.relay();
    let with = relay.ask_all(&questions(&relay, examples));
    let without = plain.ask_all(&questions(plain, examples));
    let mut wrong = Vec::new();
    for (example, pair) in examples.iter().zip(with.iter().zip(&without)) {
        let told = in_dnsmasqs_words(&example.phone, &example.told);
        wrong.extend(example.judge(&told, pair.0.as_ref(), pair.1.as_ref()));
    }
    wrong
}

/// The names in the URLs and parameters of an example's system that only a phone's packet determines.
fn of_the_packet(example: &Example) -> Vec<&'static str> {
    let system = example.place.strip_prefix("systems/").and_then(|place| place.split_once(':'));
    let Some((id, _)) = system else { return Vec::new() };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("core/catalogue/systems");
    let text = std::fs::read_to_string(folder.join(id).with_extension("toml"));
    let system: toml::Table = text.expect("the system's file").parse().expect("TOML");
    // Not the examples, which hold what an operator writes.
    let facts =
        ["serve", "parameters"].map(|key| system.get(key).map_or(String::new(), |v| v.to_string()));
    let names = ["{{model}}", "{{firmware}}", "{{ip}}"].into_iter();
    names.filter(|name| facts.iter().any(|fact| fact.contains(name))).collect()
}

/// The policy with the examples' addresses among its devices.
fn with_devices(policy: &str, examples: &[Example]) -> String {
    let mut policy: Value = serde_json::from_str(policy).expect("a policy without comments");
    let addresses: BTreeSet<String> = examples.iter().map(|e| e.phone.mac_text()).collect();
    policy["devices"] = addresses.iter().map(|mac| json!({ "mac": mac })).collect();
    policy.to_string()
}

#[track_caller]
fn by_dnsmasq(examples: &ByPolicy) {
    let plain = Setup::new().start();
    let plain = plain.relay();
    run_all(examples, |policy, examples| run(&plain, policy, examples));
}

#[test]
fn every_vendors_examples() {
    by_dnsmasq(&vendors().0);
}

#[test]
fn every_systems_examples() {
    by_dnsmasq(&systems());
}

/// dnsmasq cannot compare a host name with the hardware address, so that such a phone shows it one sign less.
#[test]
fn every_example_of_an_unlisted_maker() {
    let (mut policy, examples) = unlisted();
    // What dnsmasq refuses for phones of known makers.
    for key in ["boot-file-name", "existing-options"] {
        policy.as_object_mut().expect("a policy").remove(key);
    }
    let seen = examples.into_iter().map(|(example, by_name)| match by_name {
        true => Example { told: Vec::new(), ..example },
        false => example,
    });
    by_dnsmasq(&ByPolicy::from([(policy.to_string(), seen.collect())]));
}

#[test]
fn near_misses_get_nothing() {
    let policy = offhook_policy();
    by_dnsmasq(&ByPolicy::from([(policy, vendors().1)]));
}

fn offhook_policy() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/core/catalogue/vendors/example-policy.json");
    std::fs::read_to_string(path).expect("the example policy")
}
