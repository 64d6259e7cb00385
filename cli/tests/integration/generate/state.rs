//! What offhook keeps in a tree is used only if no other user can have written it, and a run that comes
//! to nothing leaves nothing.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown, symlink};

use super::site::{PHONES, POLICY, Site};

/// A tree that was written once, and a folder beside it with a file in it.
fn site() -> Site {
    let site = Site::new(POLICY, PHONES);
    site.good(&[]);
    fs::create_dir_all(site.path("victim/new/mail")).unwrap();
    fs::write(site.path("victim/new/mail/1"), "mine").unwrap();
    fs::write(site.path("outside.txt"), "mine").unwrap();
    site
}

/// Everything that is not in the tree is as it was.
fn nothing_lost(site: &Site) {
    assert_eq!(fs::read(site.path("victim/new/mail/1")).unwrap(), b"mine");
    assert_eq!(fs::read(site.path("outside.txt")).unwrap(), b"mine");
    let victim = fs::read_dir(site.path("victim")).unwrap().count();
    assert_eq!(victim, 1, "a file was made outside of the tree");
}

#[test]
fn no_link_in_offhooks_own_folder_is_followed() {
    for (link, target, expected) in [
        ("out/.offhook", "../victim", "expected a folder, and no link to one"),
        ("out/.offhook/lock", "../../outside.txt", "cannot open it"),
        ("out/.offhook/lock", "../../victim/lock", "cannot open it"),
        ("out/.offhook/manifest", "../../outside.txt", "damaged"),
        ("out/.offhook/new", "../../victim/new", "cannot clear it"),
    ] {
        let site = site();
        let old = site.path(link);
        let _ = fs::remove_file(&old).or_else(|_| fs::remove_dir_all(&old));
        symlink(target, &old).unwrap();
        site.list(&PHONES.replace("O'Neil", "O'Brien"));
        let told = site.bad(&["--prune"]);
        assert!(told.contains(expected), "{link}: no {expected:?} in {told}");
        nothing_lost(&site);
    }
    // One in the place of a new file is removed.
    let site = site();
    symlink("../../outside.txt", site.path("out/.offhook/manifest.new")).unwrap();
    site.list(&PHONES.replace("O'Neil", "O'Brien"));
    site.good(&[]);
    nothing_lost(&site);
    assert!(fs::symlink_metadata(site.path("out/.offhook/manifest")).unwrap().is_file());
}

#[test]
fn what_others_may_have_written_is_not_believed() {
    let state = |site: &Site| site.path("out/.offhook");
    let manifest = |site: &Site| site.path("out/.offhook/manifest");
    let mode = |path: std::path::PathBuf, mode: u32| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    };
    let told = |site: &Site, expected: &str| {
        for more in [&["--prune"][..], &["--dry-run"]] {
            let told = site.bad(more);
            assert!(told.contains(expected) && told.contains("move it away"), "{told}");
        }
        nothing_lost(site);
    };
    let writable = site();
    mode(state(&writable), 0o770);
    told(&writable, "its mode is 0770");
    let writable = site();
    mode(manifest(&writable), 0o666);
    told(&writable, "its mode is 0666");
    // A folder of this user's that was moved there.
    let moved = site();
    fs::rename(state(&moved), moved.path("state")).unwrap();
    fs::rename(moved.path("victim"), state(&moved)).unwrap();
    assert!(moved.bad(&[]).contains("offhook did not make it"));
    assert_eq!(fs::read(state(&moved).join("new/mail/1")).unwrap(), b"mine");
    // Only root can give a folder away.
    let given = site();
    if chown(state(&given), Some(4711), None).is_ok() {
        told(&given, "belongs to user 4711");
    }
    let given = site();
    if chown(manifest(&given), Some(4711), None).is_ok() {
        told(&given, "belongs to user 4711");
    }
}

#[test]
fn a_manifest_names_files_of_the_tree_only() {
    for path in ["../outside.txt", "ABSOLUTE/outside.txt", "a/../../outside.txt", ".offhook/lock"] {
        let site = site();
        let path = path.replace("ABSOLUTE", &site.folder.path().display().to_string());
        let manifest = site.path("out/.offhook/manifest");
        let mut text = fs::read_to_string(&manifest).unwrap();
        text.push_str(&format!("{} 4 1 - {path}\n", "00".repeat(16)));
        fs::write(&manifest, text).unwrap();
        let told = site.bad(&["--prune"]);
        assert!(told.contains("damaged: line 6 names a file that is not in the tree"), "{told}");
        nothing_lost(&site);
    }
}

#[test]
fn a_run_that_comes_to_nothing_leaves_nothing() {
    // Found in the list, when files are placed, and only when a file is rendered.
    let site = Site::new(POLICY, PHONES);
    let lists = [
        PHONES.replace("0004f2010203", "0004f201020"),
        "mac,vendor,user\n0004f2010203,lync,1\n".to_owned(),
        "mac,vendor,user,password\n001565010203,yealink,1,\" geheim\"\n".to_owned(),
    ];
    for list in &lists {
        site.list(list);
        site.bad(&[]);
        assert!(!site.path("out").exists(), "{list}");
        site.bad(&["--dry-run"]);
        assert!(!site.path("out").exists(), "{list}");
    }
    // In a folder that was there, only that folder stays.
    fs::create_dir(site.path("out")).unwrap();
    for list in &lists {
        site.list(list);
        site.bad(&[]);
        assert_eq!(fs::read_dir(site.path("out")).unwrap().count(), 0, "{list}");
    }
    // A tree that was there stays as it is, and its state too.
    site.list(PHONES);
    site.good(&[]);
    let before = site.tree();
    for list in &lists {
        site.list(list);
        site.bad(&[]);
        assert_eq!(site.tree(), before);
        let mut state: Vec<_> = fs::read_dir(site.path("out/.offhook"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        state.sort();
        assert_eq!(state, ["lock", "manifest"], "{list}");
    }
}
