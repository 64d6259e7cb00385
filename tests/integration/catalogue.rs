//! Every example of every vendor and system in the catalogue, through a real Kea: the same bytes as
//! the example says.

use crate::peers::kea::Setup;
use crate::peers::packet::{Answer, DISCOVER, INFORM, Question, show_all, unhex};
use crate::peers::phone::{Phone, Relay};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

pub struct Example {
    /// Where it is, for messages.
    pub place: String,
    pub phone: Phone,
    pub inform: bool,
    pub told: Vec<(u8, Vec<u8>)>,
}

impl Example {
    /// What is wrong with its answer beside that of the same server without us: what is in the one
    /// only must be in `told`.
    pub fn judge(
        &self,
        told: &[(u8, Vec<u8>)],
        with: Option<&Answer>,
        without: Option<&Answer>,
    ) -> Option<String> {
        let (Some(with), Some(without)) = (with, without) else {
            return Some(format!("{}: no answer (with us: {})", self.place, with.is_some()));
        };
        let (found, lost) = with.beyond(without);
        (found != told || !lost.is_empty()).then(|| {
            format!(
                "{}\n  expected {}\n  found    {}, lost {lost:?}",
                self.place,
                show_all(told),
                show_all(&found)
            )
        })
    }
}

pub type ByPolicy = BTreeMap<String, Vec<Example>>;

fn core() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("core")
}

fn read(path: &Path) -> Value {
    let text =
        fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let table: toml::Table =
        text.parse().unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::to_value(table).expect("TOML as JSON")
}

fn list<'a>(file: &'a Value, key: &str) -> &'a [Value] {
    file[key].as_array().map_or(&[], Vec::as_slice)
}

/// The client that an example describes. A key that is not known here is a mistake, or a test that
/// lags behind.
fn client(example: &Value, place: &str, other_keys: &[&str]) -> (Phone, bool) {
    let mac = example["mac"].as_str().unwrap_or("02:00:00:00:00:01");
    let mut phone = Phone::new(mac);
    let mut inform = false;
    for (key, value) in example.as_object().unwrap_or_else(|| panic!("{place}: expected a table")) {
        let text = || value.as_str().unwrap_or_else(|| panic!("{place}: {key} should be text"));
        let code =
            |rest: &str| rest.parse().unwrap_or_else(|_| panic!("{place}: unknown key {key}"));
        phone = match key.as_str() {
            "mac" => phone,
            "inform" => {
                inform =
                    value.as_bool().unwrap_or_else(|| panic!("{place}: inform is true or false"));
                phone
            }
            "host-name" => phone.option(12, text()),
            "host-name-hex" => phone.option(12, unhex(text())),
            "option-55" => {
                let codes = value.as_array().unwrap_or_else(|| panic!("{place}: {key} is a list"));
                let byte =
                    |code: &Value| u8::try_from(code.as_u64().expect("a code")).expect("a byte");
                phone.option(55, codes.iter().map(byte).collect::<Vec<_>>())
            }
            known if other_keys.contains(&known) => phone,
            other => match other.strip_prefix("option-") {
                Some(rest) => match rest.strip_suffix("-hex") {
                    Some(rest) => phone.option(code(rest), unhex(text())),
                    None => phone.option(code(rest), text()),
                },
                None => panic!("{place}: unknown key {key}"),
            },
        };
    }
    (phone, inform)
}

fn told(example: &Value, place: &str) -> Vec<(u8, Vec<u8>)> {
    let all = example["told"].as_array().unwrap_or_else(|| panic!("{place}: expected told"));
    let mut told: Vec<_> = all
        .iter()
        .map(|entry| {
            let code = entry["code"].as_u64().and_then(|code| u8::try_from(code).ok());
            let code = code.unwrap_or_else(|| panic!("{place}: expected a code in {entry}"));
            let value = match (entry["text"].as_str(), entry["hex"].as_str()) {
                (Some(text), None) => text.as_bytes().to_vec(),
                (None, Some(hex)) => unhex(hex),
                _ => panic!("{place}: expected text or hex in {entry}"),
            };
            (code, value)
        })
        .collect();
    told.sort();
    told
}

const VENDOR_KEYS: &[&str] =
    &["name", "source", "model", "firmware", "variant", "told", "policy", "note", "status", "is"];
const SYSTEM_KEYS: &[&str] = &["name", "parameters", "vendor", "told", "policy", "source", "note"];

pub fn vendors() -> (ByPolicy, Vec<Example>) {
    let folder = core().join("catalogue/vendors");
    let default =
        fs::read_to_string(folder.join("example-policy.json")).expect("the example policy");
    let mut examples = ByPolicy::new();
    let mut near_misses = Vec::new();
    for entry in fs::read_dir(&folder).expect("core/catalogue/vendors").flatten() {
        let path = entry.path().join("examples.toml");
        if !entry.path().is_dir() {
            continue;
        }
        let file = read(&path);
        let id = entry.file_name().to_string_lossy().into_owned();
        for example in list(&file, "example") {
            let place = format!("vendors/{id}: {}", example["name"]);
            let (phone, inform) = client(example, &place, VENDOR_KEYS);
            let policy = match &example["policy"] {
                Value::Null => default.clone(),
                own => own.to_string(),
            };
            let told = told(example, &place);
            examples.entry(policy).or_default().push(Example { place, phone, inform, told });
        }
        for miss in list(&file, "near-miss").iter().filter(|miss| miss["is"] == "") {
            let place = format!("vendors/{id}: near miss {}", miss["name"]);
            let (phone, inform) = client(miss, &place, VENDOR_KEYS);
            near_misses.push(Example { place, phone, inform, told: Vec::new() });
        }
    }
    let others = read(&core().join("catalogue/other-devices/examples.toml"));
    for miss in list(&others, "near-miss").iter().filter(|miss| miss["is"] == "") {
        let place = format!("other-devices: {}", miss["name"]);
        let (phone, inform) = client(miss, &place, VENDOR_KEYS);
        near_misses.push(Example { place, phone, inform, told: Vec::new() });
    }
    for (example, _) in unlisted().1 {
        near_misses.push(Example { told: Vec::new(), ..example });
    }
    assert!(!examples.is_empty(), "expected examples in {}", folder.display());
    (examples, near_misses)
}

/// Phones of makers that the catalogue does not have, with the policy that answers them, and whether a sign of each is its
/// host name.
pub fn unlisted() -> (Value, Vec<(Example, bool)>) {
    let folder = core().join("catalogue/unlisted");
    let policy = fs::read_to_string(folder.join("example-policy.json")).expect("the policy");
    let lines = policy.lines().filter(|line| !line.trim_start().starts_with("//"));
    let policy = serde_json::from_str(&lines.collect::<String>()).expect("a policy");
    let file = read(&folder.join("examples.toml"));
    let examples = list(&file, "example").iter().map(|example| {
        let place = format!("unlisted: {}", example["name"]);
        let (phone, inform) = client(example, &place, &["name", "signs", "told"]);
        let by_name = list(example, "signs").iter().any(|sign| sign == "host-name");
        (Example { told: told(example, &place), place, phone, inform }, by_name)
    });
    (policy, examples.collect())
}

pub fn systems() -> ByPolicy {
    let folder = core().join("catalogue/systems");
    let mut examples = ByPolicy::new();
    for entry in fs::read_dir(&folder).expect("core/catalogue/systems").flatten() {
        let path = entry.path();
        if path.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        let file = read(&path);
        let id = path.file_stem().expect("a name").to_string_lossy().into_owned();
        for example in list(&file, "example") {
            let place = format!("systems/{id}: {}", example["name"]);
            let (phone, inform) = client(example, &place, SYSTEM_KEYS);
            let mut system = match &example["parameters"] {
                Value::Null => json!({}),
                own => own.clone(),
            };
            system["system"] = json!(id);
            let mut policy = match &example["policy"] {
                Value::Null => json!({}),
                own => own.clone(),
            };
            policy["systems"] = json!([system]);
            let told = told(example, &place);
            let found = Example { place, phone, inform, told };
            examples.entry(policy.to_string()).or_default().push(found);
        }
    }
    assert!(!examples.is_empty(), "expected examples in {}", folder.display());
    examples
}

/// The questions of all examples; INFORM is answered to the client's own address, which is the
/// relay's here.
pub fn questions(relay: &Relay, examples: &[Example]) -> Vec<Question> {
    let question = |example: &Example| {
        let kind = if example.inform { INFORM } else { DISCOVER };
        let mut question = relay.question(&example.phone, kind);
        if example.inform {
            question.ciaddr = relay.address;
        }
        question
    };
    examples.iter().map(question).collect()
}

/// Asks a Kea with the hook and one without; what is in the one answer only must be what the
/// example says.
fn run(plain: &Relay, policy: &str, examples: &[Example]) -> Vec<String> {
    // By file: the example policy has comments, which Kea would take out of its own configuration.
    let kea = Setup::new().offhook_file(policy).start();
    let relay = Relay::of(&kea);
    let with = relay.ask_all(&questions(&relay, examples));
    let without = plain.ask_all(&questions(plain, examples));
    let mut wrong = Vec::new();
    for (example, pair) in examples.iter().zip(with.iter().zip(&without)) {
        wrong.extend(example.judge(&example.told, pair.0.as_ref(), pair.1.as_ref()));
    }
    wrong
}

/// Every example of every policy, by `run`, which says what came out differently.
#[track_caller]
pub fn run_all(examples: &ByPolicy, run: impl Fn(&str, &[Example]) -> Vec<String>) {
    let wrong: Vec<String> =
        examples.iter().flat_map(|(policy, examples)| run(policy, examples)).collect();
    assert!(
        wrong.is_empty(),
        "{} examples came out differently\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[track_caller]
fn by_kea(examples: &ByPolicy) {
    let plain = Setup::new().start();
    let plain = Relay::of(&plain);
    run_all(examples, |policy, examples| run(&plain, policy, examples));
}

#[test]
fn every_vendors_examples() {
    by_kea(&vendors().0);
}

#[test]
fn every_systems_examples() {
    by_kea(&systems());
}

#[test]
fn every_example_of_an_unlisted_maker() {
    let (policy, examples) = unlisted();
    let examples = examples.into_iter().map(|(example, _)| example).collect();
    by_kea(&ByPolicy::from([(policy.to_string(), examples)]));
}

#[test]
fn near_misses_get_nothing() {
    let policy = fs::read_to_string(core().join("catalogue/vendors/example-policy.json"))
        .expect("the policy");
    by_kea(&ByPolicy::from([(policy, vendors().1)]));
}

/// INFORM's answer goes to the client's address; the relay's stands for it.
#[test]
fn an_informing_client_may_be_the_relay_itself() {
    let kea = Setup::new().start();
    let relay = Relay::of(&kea);
    let mut question = relay.question(&Phone::stranger(3), INFORM);
    question.ciaddr = relay.address;
    let answer = relay.ask(&question).expect("an answer at the client's own address");
    assert_eq!(answer.yiaddr(), Ipv4Addr::UNSPECIFIED);
}
