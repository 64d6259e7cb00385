//! What a real site has, of each maker with files: three models, two lines, eight keys, TLS with SRTP, a time
//! zone, a language and a phone book. `offhook generate` writes the files, nginx serves them, the emulator
//! fetches them as each model does, and registers with them at a real registrar. A maker that has less says
//! why in its `files.toml`, with a source, and docs/files.md has it in a table.

use super::generated::{makers, open, wanted};
use super::{run, step};
use crate::peers::folder::Folder;
use crate::peers::registrar::{PASSWORD, Registrar};
use crate::peers::web::Web;
use crate::peers::{process, product};
use serde_json::{Map, Value, json};
use std::path::Path;
use toml::Table;

/// Three models of each maker at least, of each family of models one.
const MODELS: [(&str, &[&str]); 24] = [
    ("2n", &["IPVerso", "IPVerso", "IPVerso"]),
    ("aastra", &["6731i", "6739i", "6757i"]),
    ("akuvox", &["SP-R50P", "SP-R53P", "SP-R63G"]),
    // The 8 series takes no port, and so cannot find a test's registrar.
    ("ale", &["M3", "M5", "M7"]),
    ("algo", &["8180", "8186", "8301"]),
    ("audiocodes", &["405HD", "420HD", "440HD"]),
    ("auerswald", &["D-200", "D-400", "D-600"]),
    ("avaya", &["J159", "J179", "J189"]),
    ("cisco-enterprise", &["CP-7942G", "CP-7962G", "CP-7975G"]),
    ("cisco-mpp", &["CP-7841-3PCC", "CP-8841-3PCC", "CP-8865-3PCC"]),
    ("cisco-spa", &["SPA501G", "SPA508G", "SPA509G"]),
    ("digium", &["D50", "D65", "D80"]),
    ("fanvil", &["X3SG", "X4U", "X6U"]),
    ("flyingvoice", &["FIP13G", "P10", "P23G"]),
    ("gigaset", &["N510_IP_PRO", "N670_IP_PRO", "N720_DM_PRO", "MAXWELL3", "P820", "P850"]),
    ("grandstream", &["GXP2135", "GXP2170", "GRP2614"]),
    ("htek", &["UC902", "UC924", "UC926"]),
    ("mitel-sip", &["6867", "6930", "6940"]),
    ("panasonic", &["KX-HDV230", "KX-HDV330", "KX-HDV430"]),
    ("polycom", &["VVX150", "VVX411", "SPIP335"]),
    ("sangoma", &["S405", "S505", "S705", "P330"]),
    ("snom", &["D315", "D735", "D862"]),
    ("yealink", &["T42S", "T46S", "T74U"]),
    ("yeastar", &["TA200", "TA400", "TA800"]),
];

/// A maker's facts, as its folder has them, for one model.
struct Facts {
    whole: Table,
    fields: Table,
    model: String,
}

fn begins(model: &str, head: &str) -> bool {
    model.get(..head.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(head))
}

impl Facts {
    fn of(vendor: &str, model: &str) -> Facts {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("core/catalogue/vendors");
        let text = std::fs::read_to_string(folder.join(vendor).join("files.toml"));
        let whole: Table = text.expect("files.toml").parse().expect("TOML");
        let mut fields = whole["field"].as_table().expect("fields").clone();
        let families = whole.get("family").and_then(toml::Value::as_table);
        let mut own: Vec<(usize, &Table)> = Vec::new();
        for family in families.into_iter().flatten().map(|(_, family)| family) {
            let heads = family["models"].as_array().expect("models").iter();
            let heads = heads.filter_map(toml::Value::as_str).filter(|head| begins(model, head));
            if let (Some(longest), Some(fields)) = (heads.map(str::len).max(), family.get("field"))
            {
                own.push((longest, fields.as_table().expect("fields")));
            }
        }
        if let Some((_, own)) = own.iter().max_by_key(|(longest, _)| *longest) {
            fields.extend((*own).clone());
        }
        Facts { whole, fields, model: model.to_owned() }
    }

    fn has(&self, field: &str) -> bool {
        self.fields.get(field).is_some_and(|fact| fact.get("absent").is_none())
    }

    /// The first of these words that the maker has; the first of all where it takes any.
    fn word(&self, field: &str, wanted: &[&str]) -> Option<String> {
        let fact = self.fields.get(field).filter(|fact| fact.get("absent").is_none())?;
        let words = match fact.get("words") {
            None => return wanted.first().map(|word| (*word).to_owned()),
            Some(words) => words.as_table().expect("words"),
        };
        wanted.iter().find(|word| words.contains_key(**word)).map(|word| (*word).to_owned())
    }

    /// How many there are, by the beginning of the model.
    fn count(&self, table: &str, most: u64) -> u64 {
        let table = self.whole.get(table).and_then(toml::Value::as_table);
        let fits = table.into_iter().flatten().filter(|(head, _)| begins(&self.model, head));
        let longest = fits.max_by_key(|(head, _)| head.len());
        let count = longest.and_then(|(_, count)| count.as_integer());
        count.map_or(most, |count| u64::try_from(count).expect("a number").min(most))
    }

    /// Whether the maker's folder says why this model has so few, and by which source.
    fn says_why(&self, of: &str, count: u64) -> bool {
        let few = self.whole.get("few").and_then(toml::Value::as_array).into_iter().flatten();
        few.filter_map(toml::Value::as_table).any(|few| {
            let text = |key: &str| few.get(key).and_then(toml::Value::as_str).unwrap_or_default();
            let heads = few.get("models").and_then(toml::Value::as_array);
            let fits = heads.is_none_or(|heads| {
                heads.iter().filter_map(toml::Value::as_str).any(|head| begins(&self.model, head))
            });
            let same = few["count"].as_integer().and_then(|count| u64::try_from(count).ok())
                == Some(count);
            text("of") == of
                && fits
                && same
                && !text("why").is_empty()
                && !text("source").is_empty()
        })
    }

    /// What the model lacks of a usual site, and what is nowhere said of it.
    fn unexplained(&self) -> Vec<String> {
        let mut missing = Vec::new();
        let lines = self.count("lines", 2);
        if lines < 2 && !self.says_why("lines", lines) {
            missing.push(format!("{lines} lines"));
        }
        let keys = self.keys().len() as u64;
        if keys < 8 && self.has("keys") && !self.says_why("keys", keys) {
            missing.push(format!("{keys} keys"));
        }
        let sourced =
            |fact: &toml::Value| fact.get("source").is_some() || self.whole.get("source").is_some();
        for field in ["keys", "transport", "srtp", "time-zone", "language", "phonebook-url"] {
            let why = self.fields[field].get("absent").and_then(toml::Value::as_str);
            if why == Some("") || !sourced(&self.fields[field]) {
                missing.push(field.to_owned());
            }
        }
        missing
    }

    fn by_tls(&self) -> bool {
        self.word("transport", &["tls"]).is_some()
    }

    fn keys(&self) -> Vec<Value> {
        let all = ["line", "blf", "speed-dial", "blf", "park", "blf", "speed-dial", "url"];
        let known = all.into_iter().filter(|kind| self.word("keys", &[kind]).is_some());
        let kinds: Vec<&str> = known.collect();
        let count = if kinds.is_empty() { 0 } else { self.count("keys", 8) };
        let key = |number: u64| {
            let kind = kinds[usize::try_from(number).expect("a number") % kinds.len()];
            let value = match kind {
                "line" => json!(""),
                "url" => json!("https://door.example.com/open"),
                _ => json!(format!("20{number}")),
            };
            json!({ "number": number, "type": kind, "value": value, "label": format!("Key {number}") })
        };
        (1..=count).map(key).collect()
    }
}

/// A phone of the list.
fn phone(vendor: &str, model: &str, mac: &str, user: usize, registrar: u16) -> Value {
    let facts = Facts::of(vendor, model);
    let mut phone = Map::new();
    for (key, value) in [("mac", mac), ("vendor", vendor), ("model", model)] {
        phone.insert(key.to_owned(), json!(value));
    }
    let lines = (0..facts.count("lines", 2).max(1)).map(|line| {
        let user = format!("{}", user + 5000 * usize::try_from(line).expect("a number"));
        json!({ "user": user, "password": PASSWORD, "display-name": format!("Phone {user}") })
    });
    phone.insert("lines".to_owned(), lines.collect());
    phone.insert("server".to_owned(), json!("127.0.0.1"));
    phone.insert("port".to_owned(), json!(registrar));
    let more = [
        ("transport", facts.word("transport", &["tls", "udp"])),
        ("srtp", facts.word("srtp", &["required", "optional"])),
        (
            "time-zone",
            facts.word("time-zone", &["Europe/Berlin"]).or_else(|| {
                // By offset and rule where there are no names.
                facts.word("time-zone", &["60"]).map(|_| "Europe/Berlin".to_owned())
            }),
        ),
        ("language", facts.word("language", &["de", "en"])),
        ("subscribe-mwi", facts.word("subscribe-mwi", &["true"])),
    ];
    for (key, value) in more {
        if let Some(value) = value {
            phone.insert(key.to_owned(), json!(value));
        }
    }
    // Where nothing listens: the first registrar is the one to register with.
    for (key, value) in [("backup-server", json!("127.0.0.9")), ("backup-port", json!(9))] {
        if facts.has(key) {
            phone.insert(key.to_owned(), value);
        }
    }
    if facts.has("phonebook-url") {
        phone.insert("phonebook-url".to_owned(), json!("https://book.example.com/a?b=1&c=2"));
    }
    phone.insert("keys".to_owned(), json!(facts.keys()));
    Value::Object(phone)
}

#[test]
fn a_site_of_each_maker_is_generated_served_fetched_and_registered() {
    let web = Web::new();
    let authority = web.authority();
    let registrar =
        Registrar::of_users_over_tls("^1[0-9]+$", authority.parent().expect("a folder"));
    let known: Vec<&str> = MODELS.iter().map(|(vendor, _)| *vendor).collect();
    assert_eq!(makers(), known, "a maker with files needs three models here");
    let (mut wrong, mut tried, mut by_tls) = (Vec::new(), 0, 0);
    let (mut registered_lines, mut two_lines) = (0, 0);
    let sites = MODELS.iter().enumerate().filter(|(_, (vendor, _))| wanted(vendor));
    let all = sites.clone().count() == MODELS.len();
    for (at, (vendor, models)) in sites {
        let url = format!("{}{vendor}/", web.http());
        let different: std::collections::BTreeSet<&&str> = models.iter().collect();
        if different.len() < 3
            && !Facts::of(vendor, models[0]).says_why("models", different.len() as u64)
        {
            wrong.push(format!("{vendor}: {} models, and no word of why", different.len()));
        }
        for model in different {
            let missing = Facts::of(vendor, model).unexplained();
            if !missing.is_empty() {
                wrong.push(format!("{vendor} {model}: {missing:?}, and no word of why"));
            }
        }
        let folder = Folder::new();
        let policy = json!({ "systems": [{ "system": "files", "url": url }] });
        let phones: Vec<Value> = models
            .iter()
            .enumerate()
            .map(|(number, model)| {
                let mac = format!("02:00:00:00:{at:02x}:{number:02x}");
                phone(vendor, model, &mac, 10_000 + 10 * at + number, registrar.port)
            })
            .collect();
        let tree = web.root().join(vendor);
        let mut command = process::command(product::command_line());
        command
            .arg("generate")
            .arg("--policy")
            .arg(folder.write("policy.json", policy.to_string()));
        command.arg("--phones").arg(folder.write("phones.json", json!(phones).to_string()));
        process::run_well(command.arg("--out").arg(&tree));
        open(&tree);
        for phone in &phones {
            let of = |key: &str| phone[key].as_str().expect("a text").to_owned();
            let (mac, model) = (of("mac"), of("model"));
            let ca = authority.display().to_string();
            // The catalogue's example of the Myriad series has a name of its own.
            let played = if *vendor == "ale" { "Myriad by its address" } else { &model };
            let words = ["--vendor", vendor, "--model", played, "--mac", &mac, "--url", &url];
            let (output, reports) = run(&[&words[..], &["--register", "--ca", &ca]].concat());
            tried += 1;
            let tls = Facts::of(vendor, &model).by_tls();
            by_tls += usize::from(tls);
            let lines = phone["lines"].as_array().expect("lines");
            let well = output.status.success()
                && reports.first().is_some_and(|report| {
                    let all = lines.iter().zip(1..);
                    all.into_iter().all(|(line, number)| registered(report, line, number, tls))
                        && !named(report, &format!("SIP REGISTER, line {}", lines.len() + 1))
                });
            registered_lines += lines.len();
            two_lines += usize::from(lines.len() > 1);
            if !well {
                let steps = reports.first().map(|report| report["steps"].clone());
                wrong.push(format!("{vendor} {model}: {steps:#?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {tried}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(!all || by_tls > 50, "{by_tls} of {tried} by TLS");
    assert!(!all || two_lines > 55, "{two_lines} of {tried} have two lines");
    assert_eq!(registered_lines, tried + two_lines);
}

/// A line has registered: its own user with its own password, by TLS if the maker's phones can.
fn registered(report: &Value, line: &Value, number: usize, tls: bool) -> bool {
    let of = |name: &str| match number {
        1 => name.to_owned(),
        _ => format!("{name}, line {number}"),
    };
    let (register, answer) = (of("SIP REGISTER"), of("registrar's answer"));
    if !named(report, &register) || !named(report, &answer) {
        return false;
    }
    let register = step(report, &register);
    let user = line["user"].as_str().expect("a user");
    register.contains(&format!(" as {user}, "))
        && (!tls || register.contains("TLS"))
        && step(report, &answer) == "passed: 200 OK: registered"
}

fn named(report: &Value, name: &str) -> bool {
    report["steps"].as_array().expect("steps").iter().any(|step| step["name"] == name)
}
