//! A policy that is missing or wrong: at start, at every way to configure Kea again, and at a check.

use super::{POLICY, URL, bound_by_modes, expect_line, serves};
use crate::loading::{can_check, printed};
use crate::peers::kea::{Kea, Setup};
use crate::peers::process::{command, run_well};
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;

/// Ways in which a policy's file is wrong: how it is made, and what the mistake says.
struct Case {
    name: &'static str,
    make: fn(&Path),
    says: &'static str,
}

const CASES: [Case; 7] = [
    Case { name: "missing", make: |_| {}, says: "No such file" },
    Case { name: "empty", make: |path| write(path, ""), says: "policy.json" },
    Case { name: "wrong", make: |path| write(path, r#"{ "answer": "nobody" }"#), says: "answer" },
    Case {
        name: "unreadable",
        make: |path| {
            write(path, POLICY);
            fs::set_permissions(path, fs::Permissions::from_mode(0o000)).expect("a mode");
        },
        says: "Permission denied",
    },
    Case {
        name: "a folder",
        make: |path| fs::create_dir(path).expect("a folder"),
        says: "found a folder",
    },
    Case {
        name: "a FIFO",
        make: |path| drop(run_well(command("mkfifo").arg(path))),
        says: "found a pipe",
    },
    Case {
        name: "1 GiB",
        make: |path| {
            let file = fs::File::create(path).expect("a policy");
            file.set_len(1 << 30).expect("a length");
        },
        says: "too large: expected at most",
    },
];

fn write(path: &Path, text: &str) {
    fs::write(path, text).expect("a policy");
}

/// A Kea whose policy is in a file that `make` makes.
fn setup(make: impl FnOnce(&Path), more: Value) -> Setup {
    let setup = Setup::new();
    let file = setup.folder.join("policy.json");
    make(&file);
    let mut parameters = json!({ "policy-file": file });
    parameters.as_object_mut().expect("a map").extend(more.as_object().expect("a map").clone());
    bound_by_modes(setup.offhook_with(parameters))
}

fn remove(path: &Path) {
    let _ = fs::remove_file(path);
    let _ = fs::remove_dir(path);
}

fn status(kea: &Kea) -> Value {
    kea.command("phone-status-get", None).ok()
}

fn state(kea: &Kea) -> String {
    status(kea)["state"].as_str().expect("a state").to_owned()
}

#[test]
fn at_start() {
    for Case { name, make, says } in CASES {
        eprintln!("a policy that is {name}");
        let kea = setup(make, json!({})).start();
        assert_eq!(serves(&kea), None, "a policy that is {name}");
        expect_line(&kea, "OFFHOOK_POLICY_MISTAKE", &[says]);
        expect_line(&kea, "OFFHOOK_POLICY_REFUSED", &["phones get only what Kea alone sends them"]);
        let status = status(&kea);
        assert_eq!(status["state"], "passive", "a policy that is {name}");
        let mistakes = status["mistakes"].to_string();
        assert!(mistakes.contains(says), "expected {says:?} in the mistakes, found {mistakes}");
    }
}

#[test]
fn at_start_and_corrected() {
    let kea = setup(|_| {}, json!({})).start();
    let file = kea.setup.folder.write("policy.json", POLICY);
    kea.command("phone-policy-reload", None).ok();
    assert_eq!((serves(&kea).as_deref(), state(&kea).as_str()), (Some(URL), "active"));
    assert_eq!(status(&kea)["mistakes"], json!([]));
    remove(&file);
    let kea = kea.restart();
    assert_eq!(state(&kea), "last-good", "expected the copy of the policy that was corrected");
    kea.setup.folder.write("policy.json", POLICY);
    kea.reload().ok();
    assert_eq!((serves(&kea).as_deref(), state(&kea).as_str()), (Some(URL), "active"));
}

#[test]
fn at_start_with_on_mistake_nothing() {
    let nothing = json!({ "on-mistake": "nothing" });
    let kea = setup(|path| write(path, POLICY), nothing).start();
    assert_eq!(serves(&kea).as_deref(), Some(URL));
    remove(&kea.setup.folder.join("policy.json"));
    let kea = kea.restart();
    assert_eq!((serves(&kea), state(&kea).as_str()), (None, "passive"));
    expect_line(&kea, "OFFHOOK_POLICY_REFUSED", &["phones get only what Kea alone sends them"]);
}

#[test]
fn at_start_with_on_mistake_refuse() {
    let refused = setup(|_| {}, json!({ "on-mistake": "refuse" })).try_start();
    let log = refused.err().expect("expected Kea to refuse").log;
    assert!(log.contains("OFFHOOK_LOAD_REFUSED"), "expected the reason, found\n{log}");
    assert!(!log.contains("DHCP4_STARTED"), "expected Kea not to start, found\n{log}");
}

#[test]
fn at_start_with_wrong_parameters() {
    for (more, says) in [
        (json!({ "polcy": 1 }), "unknown parameter 'polcy'"),
        (json!({ "class-prefix": "DROP" }), "'class-prefix' must not be"),
        (json!({ "vendors-directory": "/does/not/exist" }), "/does/not/exist"),
        (json!({ "on-mistake": "serve" }), "'on-mistake' must be"),
    ] {
        let kea = setup(|path| write(path, POLICY), more).start();
        assert_eq!((serves(&kea), state(&kea).as_str()), (None, "passive"), "{says}");
        expect_line(&kea, "OFFHOOK_", &[says]);
    }
}

#[test]
fn at_every_way_to_configure_again() {
    let kea = setup(|path| write(path, POLICY), json!({})).start();
    let file = kea.setup.folder.join("policy.json");
    for Case { name, make, says } in CASES {
        eprintln!("a policy that is {name}");
        remove(&file);
        make(&file);
        let text = kea.command("phone-policy-reload", None).refused();
        assert!(text.contains(says), "expected {says:?} in the refusal, found {text}");
        assert_eq!(state(&kea), "active", "after phone-policy-reload");
        kea.reload().ok();
        assert_eq!(state(&kea), "last-good", "after config-reload");
        kea.command("config-set", json!({ "Dhcp4": kea.setup.dhcp4 })).ok();
        assert_eq!(state(&kea), "last-good", "after config-set");
        assert_eq!(serves(&kea).as_deref(), Some(URL), "a policy that is {name}");
        expect_line(&kea, "OFFHOOK_POLICY_REFUSED", &["answered by the last good policy"]);
        remove(&file);
        write(&file, POLICY);
        kea.reload().ok();
        assert_eq!(state(&kea), "active", "after the correction");
    }
}

#[test]
fn a_check_fails_and_says_why() {
    for Case { name, make, says } in CASES {
        let setup = setup(make, json!({}));
        if can_check() {
            let checked = setup.check();
            let printed = printed(&checked);
            assert!(!checked.status.success(), "{name}: expected -T to fail, found\n{printed}");
            assert!(printed.contains(says), "{name}: expected {says:?}, found\n{printed}");
        }
    }
    // A check writes nothing, neither with mistakes nor without.
    let setup = setup(|path| write(path, POLICY), json!({}));
    if can_check() {
        assert!(setup.check().status.success(), "expected -T to accept");
    }
    // Kea 3.0 itself makes a lease file; what is ours has our name in it.
    let data = fs::read_dir(setup.folder.join("data")).expect("the folder of the leases").flatten();
    let ours = data.filter(|entry| entry.file_name().to_string_lossy().contains("offhook"));
    assert_eq!(ours.count(), 0, "expected no file of offhook beside the leases");
}

#[test]
fn config_test_says_the_mistakes() {
    let kea = setup(|path| write(path, POLICY), json!({})).start();
    let test = || kea.command("config-test", json!({ "Dhcp4": kea.setup.dhcp4 }));
    test().ok();
    for Case { make, says, .. } in CASES {
        let file = kea.setup.folder.join("policy.json");
        remove(&file);
        make(&file);
        let text = test().refused();
        assert!(text.contains(says), "expected {says:?} from config-test, found {text}");
    }
    let mut twice = kea.setup.dhcp4.clone();
    let list = twice["hooks-libraries"].as_array_mut().expect("a list");
    let own = list[0].clone();
    list.push(own);
    write_again(&kea);
    let text = kea.command("config-test", json!({ "Dhcp4": twice })).refused();
    assert!(text.contains("names it twice"), "found {text}");
    assert_eq!((serves(&kea).as_deref(), state(&kea).as_str()), (Some(URL), "active"));
}

fn write_again(kea: &Kea) {
    let file = kea.setup.folder.join("policy.json");
    remove(&file);
    write(&file, POLICY);
}

/// Does something while the policy's file is replaced again and again: emptied, written in place, exchanged.
fn while_replaced(file: &Path, mut what: impl FnMut()) {
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let whole = format!("{POLICY}{}", " ".repeat(100_000));
            while !over.load(Relaxed) {
                write(file, &whole);
                write(file, "");
                let fresh = file.with_extension("fresh");
                write(&fresh, POLICY);
                fs::rename(&fresh, file).expect("the file is replaced");
            }
        });
        let _end = End(&over);
        what();
    });
}

/// However it ends, by a failure too.
struct End<'a>(&'a AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Relaxed);
    }
}

#[test]
fn replaced_while_it_is_read() {
    let kea = setup(|path| write(path, POLICY), json!({})).start();
    while_replaced(&kea.setup.folder.join("policy.json"), || {
        for _ in 0..100 {
            let _ = kea.command("phone-policy-reload", None);
        }
        for _ in 0..10 {
            kea.reload().ok();
            kea.command("config-set", json!({ "Dhcp4": kea.setup.dhcp4 })).ok();
            let _ = kea.command("config-test", json!({ "Dhcp4": kea.setup.dhcp4 }));
        }
    });
    assert_eq!(serves(&kea).as_deref(), Some(URL));
}

#[test]
fn replaced_while_it_is_read_at_start() {
    let kea = setup(|path| write(path, POLICY), json!({})).start();
    let file = kea.setup.folder.join("policy.json");
    let mut kea = Some(kea);
    while_replaced(&file, || {
        for _ in 0..10 {
            let again = kea.take().expect("a server").restart();
            assert_ne!(state(&again), "passive", "expected the file or the copy to be used");
            kea = Some(again);
        }
        assert_eq!(serves(kea.as_ref().expect("a server")).as_deref(), Some(URL));
    });
}
