use std::fs;
use std::io::Cursor;

use minisign::KeyPair;
use tempfile::TempDir;

use super::*;

const ACME: &str = "name = \"ACME\"\n[sources]\ns = \"a page\"\n[url]\nschemes = [\"http\"]\n\
    [[option-60]]\nstarts = \"acme\"\nsource = \"s\"\n[[tell]]\nwhat = \"url\"\ncode = 66\n\
    text = \"{{url}}\"\nsource = \"s\"\n";

/// A machine on which a catalogue is installed.
struct Machine {
    folder: TempDir,
    keys: KeyPair,
}

impl Machine {
    fn new() -> Machine {
        let folder = tempfile::tempdir().unwrap();
        let keys = KeyPair::generate_unencrypted_keypair().unwrap();
        let key = keys.pk.to_box().unwrap().to_string();
        fs::write(folder.path().join("catalogue.pub"), key).unwrap();
        Machine { folder, keys }
    }

    fn install(&self, text: &str) {
        let place = self.folder.path().join("catalogue.json");
        let bytes = Cursor::new(text.as_bytes());
        let signature =
            minisign::sign(Some(&self.keys.pk), &self.keys.sk, bytes, None, None).unwrap();
        fs::write(&place, text).unwrap();
        fs::write(format!("{}.minisig", place.display()), signature.to_string()).unwrap();
    }

    fn package(&self, edition: &str, vendor: &str) {
        self.facts(edition, &[("vendors/acme/vendor.toml", vendor)]);
    }

    fn facts(&self, edition: &str, files: &[(&str, &str)]) {
        let tree = |(path, text): &(&str, &str)| {
            ((*path).to_owned(), offhook_core::tree::from_toml(text).unwrap())
        };
        let facts = files.iter().map(tree).collect();
        let edition = edition.to_owned();
        let package = Package { format: FORMAT, edition, facts, texts: BTreeMap::new() };
        self.install(&serde_json::to_string(&package).unwrap());
    }

    fn in_use(&self, own: &[(&str, &str)]) -> Result<InUse, Mistakes> {
        let file = |(path, text): &(&str, &str)| OverlayFile::new(*path, *text);
        let path = self.folder.path();
        let own = own.iter().map(file).collect();
        InUse::at(
            &path.join("catalogue.json"),
            &[path.join("none.pub"), path.join("catalogue.pub")],
            own,
        )
    }

    /// Why the installed catalogue is not used. The program's own must be.
    fn unusable(&self) -> String {
        let in_use = self.in_use(&[]).unwrap();
        assert_eq!(in_use.tables.vendors.len(), builtin::built_in().vendors.len());
        in_use.installed.unusable().expect("not to be used").to_owned()
    }
}

#[test]
fn without_one_the_programs_own_is_used() {
    let in_use = Machine::new().in_use(&[]).unwrap();
    assert_eq!(
        (in_use.installed.clone(), in_use.installed.edition()),
        (Installed::None, builtin::EDITION)
    );
    assert!(in_use.tables.vendor("acme").is_none() && in_use.files.is_empty());
}

#[test]
fn a_newer_one_that_is_signed_adds_its_makers_and_a_user_s_own_come_on_top() {
    let machine = Machine::new();
    machine.package("2999-01-01", ACME);
    let in_use = machine.in_use(&[]).unwrap();
    assert_eq!(in_use.installed, Installed::Used("2999-01-01".to_owned()));
    let acme = in_use.tables.vendor("acme").expect("the installed maker");
    assert_eq!(in_use.tables.at(acme).name, "ACME");
    assert!(in_use.tables.vendor("snom").is_some(), "the program's own are there too");
    let own = ACME.replace("\"ACME\"", "\"Ours\"");
    let in_use = machine.in_use(&[("/etc/x/vendors/acme/vendor.toml", &own)]).unwrap();
    assert_eq!(in_use.tables.at(in_use.tables.vendor("acme").unwrap()).name, "Ours");
}

#[test]
fn its_systems_and_its_signs_are_used_too() {
    let machine = Machine::new();
    let system = "name = \"Own PBX\"\n[sources]\ns = \"a page\"\n[parameters]\nserver = { required = true }\n\
        [[serve]]\nvendors = [\"snom\"]\nurl = \"http://{{server}}/\"\nsource = \"s\"\n";
    let signs = "phone-options = [66]\nperhaps-phone-options = [66]\n[sources]\ns = \"a page\"\n\
        [[option-60]]\nstarts = \"toaster\"\ndevice = \"a toaster\"\nsource = \"s\"\n";
    machine.facts(
        "2999-01-01",
        &[("systems/own-pbx.toml", system), ("other-devices/signs.toml", signs)],
    );
    let in_use = machine.in_use(&[]).unwrap();
    assert_eq!(in_use.installed, Installed::Used("2999-01-01".to_owned()));
    let names: Vec<&str> = in_use.tables.systems.iter().map(|system| &*system.name).collect();
    assert!(names.contains(&"Own PBX") && names.contains(&"pascom"), "{names:?}");
    let devices: Vec<&str> =
        in_use.tables.other_devices.vendor_classes.iter().map(|text| &*text.device).collect();
    assert_eq!(devices, ["a toaster"]);
    assert_eq!(in_use.tables.unlisted, builtin::built_in().unlisted);
    // Signs of unlisted phones without what such phones are sent.
    let half = [("unlisted/signs.toml", "[sources]\n")];
    machine.facts("2999-01-01", &half);
    let why = machine.unusable();
    assert!(why.contains("unlisted/answer.toml: is missing"), "{why}");
}

#[test]
fn one_that_is_not_newer_is_not_used_and_nothing_is_said() {
    let machine = Machine::new();
    for edition in [builtin::EDITION, "2020-01-01"] {
        machine.package(edition, ACME);
        let in_use = machine.in_use(&[]).unwrap();
        assert_eq!(in_use.installed, Installed::None, "{edition}");
        assert!(in_use.tables.vendor("acme").is_none());
    }
}

#[test]
fn whatever_is_wrong_with_it_the_programs_own_is_used_and_the_reason_said() {
    let machine = Machine::new();
    let place = machine.folder.path().join("catalogue.json");
    let signature = machine.folder.path().join("catalogue.json.minisig");
    // Changed behind its signature.
    machine.package("2999-01-01", ACME);
    fs::write(&place, fs::read_to_string(&place).unwrap().replace("acme", "akme")).unwrap();
    assert!(machine.unusable().contains("the signature in"), "{}", machine.unusable());
    // Of another's key.
    Machine::new().package("2999-01-01", ACME);
    let other = Machine::new();
    other.package("2999-01-01", ACME);
    fs::copy(other.folder.path().join("catalogue.json.minisig"), &signature).unwrap();
    fs::copy(other.folder.path().join("catalogue.json"), &place).unwrap();
    assert!(machine.unusable().contains("is not of the key in"), "{}", machine.unusable());
    // Without a signature, or with something else in its place.
    fs::write(&signature, "signed: yes").unwrap();
    assert!(
        machine.unusable().contains("expected a signature of minisign's"),
        "{}",
        machine.unusable()
    );
    fs::remove_file(&signature).unwrap();
    assert!(machine.unusable().contains("No such file"), "{}", machine.unusable());
    // Signed, and wrong.
    machine.package("2999-01-01", &ACME.replace("what = \"url\"", "what = \"urn\""));
    let why = machine.unusable();
    assert!(why.contains("vendors/acme/vendor.toml") && why.contains("urn"), "{why}");
    machine.install("{}");
    assert!(machine.unusable().contains("missing field"), "{}", machine.unusable());
    machine.install(r#"{"format": 2, "edition": "2999-01-01", "facts": {}, "texts": {}}"#);
    assert!(machine.unusable().contains("upgrade offhook"), "{}", machine.unusable());
    // No file at all, and no key.
    fs::remove_file(&place).unwrap();
    nix::unistd::mkfifo(&place, nix::sys::stat::Mode::S_IRWXU).unwrap();
    assert!(machine.unusable().contains("found a pipe"), "{}", machine.unusable());
    fs::remove_file(&place).unwrap();
    machine.package("2999-01-01", ACME);
    // A key that comes before the one that fits is the only one that counts.
    let other = KeyPair::generate_unencrypted_keypair().unwrap().pk.to_box().unwrap();
    let first = machine.folder.path().join("none.pub");
    fs::write(&first, other.to_string()).unwrap();
    assert!(machine.unusable().contains("none.pub"), "{}", machine.unusable());
    fs::remove_file(&first).unwrap();
    assert_eq!(machine.in_use(&[]).unwrap().installed.unusable(), None);
    fs::remove_file(machine.folder.path().join("catalogue.pub")).unwrap();
    assert!(machine.unusable().contains("none.pub"), "{}", machine.unusable());
}

#[test]
fn a_mistake_in_a_user_s_own_files_is_the_user_s_with_and_without_an_installed_catalogue() {
    let machine = Machine::new();
    let wrong = [("/etc/x/vendors/own/vendor.toml", "name = 7")];
    let alone = machine.in_use(&wrong).unwrap_err().to_string();
    machine.package("2999-01-01", ACME);
    assert_eq!(machine.in_use(&wrong).unwrap_err().to_string(), alone);
    assert!(alone.contains("/etc/x/vendors/own/vendor.toml"), "{alone}");
}

#[test]
fn the_programs_own_catalogue_can_be_packed_and_is_the_same_again() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/catalogue");
    let package = pack(&folder, "2999-01-01").unwrap();
    for path in ["vendors/snom/vendor.toml", "systems/pascom.toml", "other-devices/signs.toml"] {
        assert!(package.facts.contains_key(path), "{path}");
    }
    assert!(package.texts.keys().any(|path| path.ends_with(".j2")), "templates too");
    assert!(package.texts.keys().any(|path| path.ends_with("/files.toml")));
    let machine = Machine::new();
    machine.install(&serde_json::to_string(&package).unwrap());
    let in_use = machine.in_use(&[]).unwrap();
    assert_eq!(in_use.installed.edition(), "2999-01-01");
    assert_eq!(&*in_use.tables, builtin::built_in());
    for edition in ["", "28.11.2026", "2026-11", "2026-11-28x"] {
        let wrong = pack(&folder, edition).unwrap_err().to_string();
        assert!(wrong.contains("expected a day"), "{edition}: {wrong}");
    }
}
