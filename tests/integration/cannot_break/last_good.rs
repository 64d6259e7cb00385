//! The copy of the last good policy.

use super::{POLICY, URL, bound_by_modes, expect_line, serves};
use crate::peers::kea::{Kea, Setup};
use crate::peers::process::{command, run, run_well};
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

fn copy_of(folder: &crate::peers::folder::Folder) -> PathBuf {
    folder.join("data").join("leases.csv.offhook-last-good")
}

/// A setup whose policy has been in force, and is gone.
fn after_a_good_policy() -> Setup {
    let kea = Setup::new().offhook_file(POLICY).start();
    assert!(copy_of(&kea.setup.folder).is_file(), "expected a copy of the policy");
    let setup = kea.stop();
    fs::remove_file(setup.folder.join("policy.json")).expect("the policy goes");
    setup
}

fn state(kea: &Kea) -> String {
    let status = kea.command("phone-status-get", None).ok();
    status["state"].as_str().expect("a state").to_owned()
}

fn warned(kea: &Kea, words: &[&str]) {
    let lines = kea.log_lines("OFFHOOK_COPY_UNUSABLE");
    let found = lines
        .iter()
        .any(|line| line.contains(" WARN ") && words.iter().all(|word| line.contains(word)));
    assert!(found, "expected a line with {words:?}, found\n{}", lines.join("\n"));
}

#[test]
fn used_at_a_start_without_a_policy() {
    let kea = after_a_good_policy().start();
    assert_eq!((serves(&kea).as_deref(), state(&kea).as_str()), (Some(URL), "last-good"));
    expect_line(&kea, "OFFHOOK_POLICY_REFUSED", &["answered by the last good policy"]);
    let kea = kea.restart();
    assert_eq!(serves(&kea).as_deref(), Some(URL), "expected it to last");
}

#[test]
fn has_the_policy_and_nothing_else() {
    let setup = after_a_good_policy();
    let copy = copy_of(&setup.folder);
    let value: Value =
        serde_json::from_str(&fs::read_to_string(&copy).expect("the copy")).expect("JSON");
    let keys: Vec<&String> = value.as_object().expect("a map").keys().collect();
    assert_eq!(keys, ["digest", "policy"]);
    assert_eq!(value["policy"], POLICY);
    let mode = fs::metadata(&copy).expect("the copy").permissions().mode() & 0o7777;
    assert_eq!(mode, 0o640, "expected mode 0640, found {mode:o}");
}

#[test]
fn absent() {
    let setup = after_a_good_policy();
    fs::remove_file(copy_of(&setup.folder)).expect("the copy goes");
    let kea = setup.start();
    assert_eq!((serves(&kea), state(&kea).as_str()), (None, "passive"));
    warned(&kea, &["there is no usable copy", "No such file"]);
}

#[test]
fn damaged() {
    let whole = {
        let setup = after_a_good_policy();
        fs::read_to_string(copy_of(&setup.folder)).expect("the copy")
    };
    let other = whole.replace("provision.example.com", "provision.example.org");
    for (content, words) in [
        ("", "damaged"),
        (&whole[..whole.len() / 2], "damaged"),
        (other.as_str(), "its digest is not its policy's"),
        ("{\"digest\": \"x\", \"policy\": \"{ \\\"answer\\\": 7 }\"}", "answer"),
    ] {
        let setup = after_a_good_policy();
        fs::write(copy_of(&setup.folder), content).expect("a damaged copy");
        let kea = setup.start();
        assert_eq!((serves(&kea), state(&kea).as_str()), (None, "passive"), "{content:?}");
        warned(&kea, &["there is no usable copy", words]);
    }
}

#[test]
fn not_a_file_or_too_large() {
    type Make = fn(&Path);
    let cases: [(&str, Make); 4] = [
        ("found a pipe", |path| drop(run_well(command("mkfifo").arg(path)))),
        ("found a folder", |path| fs::create_dir(path).expect("a folder")),
        ("is a symbolic link", |path| symlink("/etc/passwd", path).expect("a link")),
        ("too large: expected at most 16 MiB", |path| {
            fs::File::create(path).expect("a file").set_len(1 << 30).expect("a length");
        }),
    ];
    for (words, make) in cases {
        let setup = after_a_good_policy();
        let copy = copy_of(&setup.folder);
        fs::remove_file(&copy).expect("the copy goes");
        make(&copy);
        let kea = setup.start();
        assert_eq!((serves(&kea), state(&kea).as_str()), (None, "passive"), "{words}");
        warned(&kea, &["there is no usable copy", words]);
    }
}

#[test]
fn not_writable() {
    let setup = Setup::new().offhook_file(POLICY).edit(|dhcp4| {
        dhcp4["lease-database"] = json!({ "type": "memfile", "persist": false });
    });
    fs::set_permissions(setup.folder.join("data"), fs::Permissions::from_mode(0o550))
        .expect("a mode");
    let kea = bound_by_modes(setup).start();
    assert_eq!((serves(&kea).as_deref(), state(&kea).as_str()), (Some(URL), "active"));
    warned(&kea, &["no copy of the policy can be kept at", "Permission denied"]);
}

#[test]
fn no_folder_to_keep_it_in() {
    // Leases that are not stored: the copy belongs into Kea's data directory, which is not there.
    let setup = Setup::new().offhook_file(POLICY).edit(|dhcp4| {
        dhcp4["lease-database"] = json!({ "type": "memfile", "persist": false });
    });
    fs::remove_dir(setup.folder.join("data")).expect("the folder goes");
    let kea = setup.start();
    assert_eq!((serves(&kea).as_deref(), state(&kea).as_str()), (Some(URL), "active"));
    warned(&kea, &["no copy of the policy can be kept at", "No such file"]);
}

#[test]
fn disk_full() {
    let mut setup = Setup::new().offhook_file(POLICY);
    let policy = format!("{POLICY}{}", " ".repeat(8192));
    setup.folder.write("policy.json", policy);
    setup.dhcp4["lease-database"] = json!({ "type": "memfile", "persist": false });
    let data = setup.folder.join("data");
    // A file system that only this Kea sees, and that goes with it.
    let mount = "mount -t tmpfs -o size=4k none \"$0\"; exec \"$@\"";
    let apart = match run(command("unshare").args(["--mount", "true"])).status.success() {
        true => vec!["unshare", "--mount"],
        false => vec!["unshare", "--map-root-user", "--mount"],
    };
    let place = data.display().to_string();
    setup.wrapper =
        apart.into_iter().chain(["sh", "-ec", mount, &place]).map(str::to_owned).collect();
    let kea = setup.start();
    assert_eq!((serves(&kea).as_deref(), state(&kea).as_str()), (Some(URL), "active"));
    warned(&kea, &["no copy of the policy can be kept at", "No space left"]);
    let inside = format!("/proc/{}/root{}", kea.id(), data.display());
    let left = fs::read_dir(inside).expect("the folder").count();
    assert_eq!(left, 0, "expected nothing half written to stay");
}

#[test]
fn killed_in_the_middle_of_writing_it() {
    let setup = after_a_good_policy();
    // What a process leaves that is killed between the first byte and the last.
    let mut fresh = copy_of(&setup.folder).into_os_string();
    fresh.push(".new");
    fs::write(&fresh, "{\"digest\":\"0").expect("half a copy");
    let kea = setup.start();
    assert_eq!((serves(&kea).as_deref(), state(&kea).as_str()), (Some(URL), "last-good"));
    kea.setup.folder.write("policy.json", POLICY.replace("https", "http"));
    kea.reload().ok();
    assert!(!Path::new(&fresh).exists(), "expected the half copy to be gone");
    // And killed at any moment while policies come and go: there is a whole copy at every start.
    let mut kea = Some(kea);
    for round in 0..10_u64 {
        let running = kea.take().expect("a server");
        running.setup.folder.write("policy.json", POLICY.replace("example.com", &name(round)));
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for number in 0..50 {
                    let url = name(round * 1000 + number);
                    let text = POLICY.replace("example.com", &url);
                    let command =
                        json!({ "policy": serde_json::from_str::<Value>(&text).expect("JSON") });
                    // The server is killed meanwhile.
                    let socket = running.socket();
                    let answered = std::panic::catch_unwind(|| {
                        crate::peers::control::command(&socket, "phone-policy-set", Some(command))
                    });
                    if answered.is_err() {
                        return;
                    }
                }
            });
            std::thread::sleep(std::time::Duration::from_millis(5 + 7 * round));
            running.signal("KILL");
        });
        let setup = running.crash();
        let _ = fs::remove_file(setup.folder.join("policy.json"));
        let again = setup.start();
        assert_eq!(state(&again), "last-good", "round {round}");
        let told = serves(&again);
        assert!(told.is_some_and(|url| url.contains("://provision.")), "round {round}");
        kea = Some(again);
    }
}

fn name(number: u64) -> String {
    format!("n{number}.example.com")
}
