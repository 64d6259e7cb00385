//! Whatever maker `offhook generate` writes files for: its phone finds them, reads an account in them,
//! and registers with it. The templates and the emulator's knowledge of parameters come from different
//! hands; here they meet.

use super::{emulate, run, step};
use crate::peers::kea::Setup;
use crate::peers::registrar::{PASSWORD, Registrar};
use crate::peers::web::Web;
use crate::peers::{process, product};
use serde_json::{Value, json};
use std::path::Path;

/// Whether a maker is to be tried: every one, or those that `OFFHOOK_MAKERS` names (scripts/test-programs).
pub fn wanted(maker: &str) -> bool {
    std::env::var("OFFHOOK_MAKERS").map_or(true, |ids| ids.split(' ').any(|id| id == maker))
}

/// Makers that have templates.
pub fn makers() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("core/catalogue/vendors");
    let folders =
        std::fs::read_dir(folder).expect("the catalogue").map(|entry| entry.expect("a folder"));
    let with = folders.filter(|entry| entry.path().join("files.toml").exists());
    let mut names: Vec<String> =
        with.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// What is generated for is another model than the emulator plays unasked: vendor, example, model.
const OTHERS: [(&str, &str, &str); 3] = [
    ("ale", "Myriad by its address", "M5"),
    ("auerswald", "D-200", "D-200"),
    ("gigaset", "by its address", "N670_IP_PRO"),
];
/// Who is sent no port, and so cannot find a test's server: Avaya's option 242 has no place for it, and Cisco's
/// phones have a port of their own. These phones are given their URL.
const BY_HAND: [&str; 2] = ["avaya", "cisco-enterprise"];

struct Played {
    words: Vec<String>,
    mac: String,
    model: String,
}

/// Each with an address of its own.
fn phones() -> Vec<Played> {
    let phone = |vendor: String| {
        let mut words = vec!["--vendor".to_owned(), vendor.clone()];
        let other = OTHERS.iter().find(|(of, ..)| *of == vendor);
        words.extend(
            other.iter().flat_map(|(_, example, _)| ["--model", example]).map(str::to_owned),
        );
        // Who it is can be seen without any server.
        let chosen: Vec<&str> = words.iter().map(String::as_str).collect();
        let nowhere = ["--url", "http://127.0.0.1:9/", "--timeout", "0.01", "--tries", "1"];
        let (_, reports) = run(&[&chosen[..], &nowhere].concat());
        let of = |key: &str| reports[0][key].as_str().expect("a text").to_owned();
        let mac = of("hw-address");
        let model = other.map_or_else(|| of("model"), |(_, _, model)| (*model).to_owned());
        words.extend(["--mac".to_owned(), mac.clone(), "--register".to_owned()]);
        Played { words, mac, model }
    };
    makers().into_iter().map(phone).collect()
}

#[test]
fn each_maker_registers_with_what_was_generated_for_it() {
    let (web, registrar) = (Web::new(), Registrar::of_users("^10[0-9][0-9]$"));
    let url = format!("{}phones/", web.http());
    let phones = phones();
    assert!(phones.len() > 15, "expected the makers with templates, found {}", phones.len());
    let mut list = "mac,vendor,model,user,password\n".to_owned();
    for (number, Played { words, mac, model }) in phones.iter().enumerate() {
        let vendor = &words[1];
        list += &format!("{mac},{vendor},{model},{},{PASSWORD}\n", 1000 + number);
    }
    let folder = crate::peers::folder::Folder::new();
    let policy = json!({
        "systems": [{ "system": "files", "url": url }],
        // A Polycom phone reads 000000000000.cfg only without a file of its own.
        "phone-settings": { "server": "127.0.0.1", "port": registrar.port, "transport": "udp" },
    });
    let mut command = process::command(product::command_line());
    command.arg("generate").arg("--policy").arg(folder.write("policy.json", policy.to_string()));
    command.arg("--phones").arg(folder.write("phones.csv", list));
    process::run_well(command.arg("--out").arg(web.root().join("phones")));
    open(&web.root().join("phones"));
    // A gateway of Yeastar's is known by the policy alone: its maker's exchanges have the same addresses.
    let named: Vec<Value> = phones
        .iter()
        .filter(|phone| phone.words[1] == "yeastar")
        .map(|phone| json!({ "mac": phone.mac, "vendor": "yeastar" }))
        .collect();
    let policy = json!({ "systems": [{ "system": "files", "url": url }], "devices": named });
    let kea = Setup::offhook(&policy.to_string()).start();
    let mut wrong = Vec::new();
    for (number, Played { words, .. }) in phones.iter().enumerate() {
        let mut words: Vec<&str> = words.iter().map(String::as_str).collect();
        let (output, reports) = match BY_HAND.contains(&words[1]) {
            true => {
                words.extend(["--url", &url]);
                run(&words)
            }
            false => emulate(&kea, &words),
        };
        let user = format!(" as {}, ", 1000 + number);
        let well = output.status.success()
            && step(&reports[0], "SIP REGISTER").contains(&user)
            && step(&reports[0], "registrar's answer") == "passed: 200 OK: registered";
        if !well {
            wrong.push(format!("{:#}", reports[0]["steps"]));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), phones.len(), wrong.join("\n"));
}

/// nginx' workers may run as another user: every user may read here.
pub fn open(folder: &Path) {
    crate::peers::folder::set_mode(folder, 0o755);
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        match path.is_dir() {
            true => open(&path),
            false => crate::peers::folder::set_mode(&path, 0o644),
        }
    }
}
