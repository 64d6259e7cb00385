//! What is written into a tree, and what is left alone there.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

use super::site::{PHONES, POLICY, Site, files};

#[test]
fn a_second_run_touches_nothing() {
    let site = Site::new(POLICY, PHONES);
    assert_eq!(site.good(&[]), "2 phones, 4 files: 4 written, 0 as they were, 0 removed\n");
    let stamp = |path: &str| {
        let found = fs::metadata(site.path(path)).unwrap();
        (found.ino(), found.mtime_nsec(), found.ctime_nsec(), found.mode() & 0o7777)
    };
    let paths = ["out", "out/.offhook", "out/.offhook/manifest", "out/001565010203.cfg"];
    let before: Vec<_> = paths.iter().map(|path| stamp(path)).collect();
    assert_eq!(site.good(&[]), "2 phones, 4 files: 0 written, 4 as they were, 0 removed\n");
    assert_eq!(before, paths.iter().map(|path| stamp(path)).collect::<Vec<_>>());
    let modes: Vec<u32> = before.iter().map(|stamp| stamp.3).collect();
    assert_eq!(modes, [0o750, 0o700, 0o600, 0o640]);

    // One phone changes: its file is another, the others stay the same ones.
    site.list(&PHONES.replace("O'Neil", "O'Brien"));
    let polycom = stamp("out/0004f2010203.cfg");
    assert_eq!(site.good(&[]), "2 phones, 4 files: 1 written, 3 as they were, 0 removed\n");
    assert_ne!(stamp("out/0004f2010203.cfg"), polycom);
    assert_eq!(stamp("out/001565010203.cfg"), before[3]);
    // A file that was changed by hand, or its mode, is put right.
    fs::write(site.path("out/001565010203.cfg"), "tampered").unwrap();
    fs::set_permissions(site.path("out/001565010203.boot"), fs::Permissions::from_mode(0o666))
        .unwrap();
    assert!(site.good(&[]).contains("2 written"));
    assert!(!site.tree()["001565010203.cfg"].starts_with(b"tampered"));
}

#[test]
fn what_is_not_ours_is_never_touched() {
    let site = Site::new(POLICY, PHONES);
    site.good(&[]);
    fs::write(site.path("out/notes.txt"), "mine").unwrap();
    fs::write(site.path("out/001565aaaaaa.cfg"), "mine").unwrap();
    site.list(&PHONES.lines().take(3).map(|line| format!("{line}\n")).collect::<String>());
    assert!(site.good(&[]).contains("0 removed"), "only with --prune");
    assert!(site.good(&["--prune", "--dry-run"]).contains("--- 0004f2010203.cfg (removed)"));
    assert!(site.tree().contains_key("0004f2010203.cfg"), "a dry run removes nothing");
    assert!(site.good(&["--prune"]).contains("2 removed"));
    assert_eq!(
        site.tree().keys().collect::<Vec<_>>(),
        ["001565010203.boot", "001565010203.cfg", "001565aaaaaa.cfg", "notes.txt"]
    );
    // A phone whose file another program wrote.
    let taken = "mac,user,password\n00:15:65:aa:aa:aa,1001,geheim\n";
    site.list(taken);
    let told = site.bad(&["--prune"]);
    assert!(
        told.contains("001565aaaaaa.cfg: there is a file here that offhook did not write"),
        "{told}"
    );
    assert_eq!(site.tree()["001565aaaaaa.cfg"], b"mine");
    assert!(site.tree().contains_key("001565010203.cfg"), "nothing is pruned with a mistake");
    site.bad(&["--keep-going"]);
    assert_eq!(site.tree()["001565aaaaaa.cfg"], b"mine");
    site.good(&["--adopt"]);
    assert_ne!(site.tree()["001565aaaaaa.cfg"], b"mine");
}

#[test]
fn no_name_and_no_link_leads_out_of_the_tree() {
    let policy = POLICY.replace("/phones/", "/phones/{{site}}/{{mac}}/");
    let policy = policy.replace("branch-7", "../../branch");
    let list = "mac,user,site\n00:15:65:01:02:03,1001,../../branch\n";
    let site = Site::new(&policy, list);
    assert!(site.bad(&[]).contains("begins with '.': it is never served"));
    assert!(!site.path("out").exists());

    let site = Site::new(&POLICY.replace("/phones/", "/phones/{{vendor}}/"), PHONES);
    fs::create_dir_all(site.path("out")).unwrap();
    fs::create_dir(site.path("elsewhere")).unwrap();
    symlink(site.path("elsewhere"), site.path("out/yealink")).unwrap();
    assert!(site.bad(&[]).contains("follows no links below the tree's root"));
    assert!(files(&site.path("elsewhere")).is_empty());
    // Nor when it removes: the folder is swapped for a link behind our back.
    fs::remove_file(site.path("out/yealink")).unwrap();
    site.good(&[]);
    fs::rename(site.path("out/yealink"), site.path("moved")).unwrap();
    symlink(site.path("moved"), site.path("out/yealink")).unwrap();
    site.list("mac,user\n0004f2010203,1003\n");
    assert!(site.bad(&["--prune"]).contains("follows no links"));
    assert_eq!(files(&site.path("moved")).len(), 2);
    // A link in the place of a file is replaced, never written through.
    let site = Site::new(POLICY, PHONES);
    fs::create_dir_all(site.path("out")).unwrap();
    fs::write(site.path("victim"), "mine").unwrap();
    symlink(site.path("victim"), site.path("out/001565010203.cfg")).unwrap();
    assert!(site.bad(&[]).contains("a folder or a link is in the way"));
    assert_eq!(fs::read(site.path("victim")).unwrap(), b"mine");
}
