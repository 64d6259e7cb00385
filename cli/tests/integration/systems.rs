//! `offhook systems`: every preset, its parameters and whom it serves.

// A test fails by panicking.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use std::process::Command;

fn systems(words: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_offhook"));
    let output = command.arg("systems").args(words).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn each_preset_is_listed_with_its_parameters() {
    let (code, out, _) = systems(&[]);
    assert_eq!(code, 0);
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../core/catalogue/systems");
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            let id = path.file_stem().unwrap().to_string_lossy().into_owned();
            assert!(out.lines().any(|line| line.split(' ').next() == Some(&*id)), "{id}:\n{out}");
        }
    }
    assert!(out.contains("pascom             pascom  (server, [phonesystem], [via])\n"), "{out}");
}

#[test]
fn one_preset_shows_what_its_parameters_are_and_whom_it_serves() {
    let (code, out, _) = systems(&["teams-sip-gateway"]);
    assert_eq!(code, 0);
    for line in [
        "  region: \"emea\" or \"noam\" or \"apac\", needed; Europe, Middle East and Africa; the Americas; Asia and the Pacific\n",
        "  cisco-mpp\n    URL http://{{region}}.ipp.sdg.teams.microsoft.com{{folder}}/$PSN.xml\n",
        "  ale, audiocodes, polycom, yealink\n",
    ] {
        assert!(out.contains(line), "{line} is not in:\n{out}");
    }
    let (_, out, _) = systems(&["pascom"]);
    assert!(out.contains("  auerswald, if via is \"lan\"\n"), "{out}");
    let (_, json, _) = systems(&["pascom", "--json"]);
    let value: serde_json::Value = serde_json::from_str(&json).unwrap();
    let parameters = value["parameters"].as_array().unwrap();
    let server = parameters.iter().find(|parameter| parameter["name"] == "server").unwrap();
    assert_eq!(server["required"], true);
}

#[test]
fn an_unknown_preset_is_named_with_advice() {
    let (code, _, wrong) = systems(&["pascon"]);
    assert_eq!(code, 1);
    assert!(wrong.contains("there is no system \"pascon\"") && wrong.contains("pascom"), "{wrong}");
}
