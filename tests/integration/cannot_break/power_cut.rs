//! A server that loses its power: the copy of the last good policy is there, whole, and the newest, as soon as the
//! command that changed the policy is answered.
//!
//! Kea's leases are on a file system in a file. What is in that file at a moment is what the disk would hold after a power
//! cut; it is copied while Kea runs, and mounted as the next boot would.

use super::{POLICY, serves};
use crate::peers::kea::Setup;
use crate::peers::process::{command, run, run_well};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

/// File systems: the command that makes one, and what an older copy needs to be mounted.
const SYSTEMS: [(&str, &[&str], &str); 3] = [
    ("ext4", &["mkfs.ext4", "-q", "-F"], "loop"),
    ("xfs", &["mkfs.xfs", "-q", "-f"], "loop,nouuid"),
    ("btrfs", &["mkfs.btrfs", "-q", "-f"], "loop"),
];

/// Mounts a file system where only the command behind it sees it.
const MOUNT: &str = "mount -o \"$0\" \"$1\" \"$2\"; shift 2; exec \"$@\"";

fn mounted(options: &str, image: &Path, place: &Path) -> Vec<String> {
    let (image, place) = (image.display().to_string(), place.display().to_string());
    ["unshare", "--mount", "sh", "-ec", MOUNT, options, &image, &place].map(str::to_owned).to_vec()
}

fn policy(number: u32) -> String {
    POLICY.replace("example.com", &format!("n{number}.example.com"))
}

#[test]
fn the_newest_policy_is_there_when_its_command_is_answered() {
    if !run(command("losetup").arg("--find")).status.success() {
        eprintln!("no file system in a file without root and a loop device: not tried");
        return;
    }
    for (name, make, options) in SYSTEMS {
        // The program is first; what is not there cannot be tried, but Debian always has ext4's.
        let asked = run(command("sh").args(["-c", "command -v \"$0\"", make[0]]));
        if name != "ext4" && !asked.status.success() {
            eprintln!("{name}: its tools are not installed: not tried");
            continue;
        }
        after_a_power_cut(name, make, options);
    }
}

fn after_a_power_cut(name: &str, make: &[&str], options: &str) {
    let mut setup = Setup::new().offhook_file(&policy(0));
    let (disk, data) = (setup.folder.join("disk"), setup.folder.join("data"));
    fs::File::create(&disk).and_then(|file| file.set_len(400 << 20)).expect("a disk");
    let [program, words @ ..] = make else { panic!("a command") };
    run_well(command(program).args(words).arg(&disk));
    setup.wrapper = mounted("loop", &disk, &data);
    let kea = setup.start();
    for number in 1..=5 {
        let wanted: Value = serde_json::from_str(&policy(number)).expect("JSON");
        kea.command("phone-policy-set", json!({ "policy": wanted })).ok();
        let cut = kea.setup.folder.join(&format!("cut-{number}"));
        run_well(command("cp").arg("--sparse=always").arg(&disk).arg(&cut));
    }
    assert!(serves(&kea).is_some_and(|url| url.contains("n5.")), "{name}");
    // btrfs is not mounted beside another one of the same id.
    let setup = kea.crash();
    for number in 1..=5 {
        let cut = setup.folder.join(&format!("cut-{number}"));
        let words = mounted(options, &cut, &data);
        let copy = data.join("leases.csv.offhook-last-good");
        let [program, words @ ..] = words.as_slice() else { panic!("a command") };
        let text = run_well(command(program).args(words).arg("cat").arg(copy));
        let kept: Value = serde_json::from_str(&text).expect("a whole copy");
        let found = kept["policy"].as_str().expect("a policy");
        let wanted = format!("n{number}.example.com");
        assert!(found.contains(&wanted), "{name}: expected {wanted}, found {found}");
    }
    // The next boot, with nothing but the copy.
    let mut setup = setup;
    fs::remove_file(setup.folder.join("policy.json")).expect("the policy goes");
    setup.wrapper = mounted(options, &setup.folder.join("cut-5"), &data);
    let kea = setup.start();
    assert!(serves(&kea).is_some_and(|url| url.contains("n5.")), "{name}");
}
