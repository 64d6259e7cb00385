//! What the script of Debian's package does to Kea.

use super::{POLICY, URL, expect_line, serves};
use crate::peers::kea::Setup;
use crate::peers::process::{apart, wait_for};
use crate::peers::product::library;
use std::fs;
use std::path::Path;
use std::time::Duration;

/// A Kea among processes of its own, for other tests have the loader open too. While it loads the library behind
/// offhook, the build comes, and the package is configured.
const SCRIPT: &str = r#"
folder=$0 build=$1 script=$2
shift 2
"$@" &
kea=$!
until [ -e "$folder/run/loads" ] || ! kill -0 "$kea"; do sleep 0.05; done
mv "$folder/whole" "$build"
sh "$script" configure
wait "$kea"
"#;

#[test]
fn a_package_that_comes_while_kea_starts() {
    let slow = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/integration/slow_library.cc");
    let mut setup = Setup::offhook(POLICY).library_of(Path::new(slow));
    // By the name under which a package installs it: a link would have the name of what it leads to.
    let loader = setup.folder.join("hooks/libdhcp_offhook.so");
    fs::remove_file(&loader).expect("the link goes");
    fs::copy(library(), loader).expect("the loader");
    let (whole, build) = (setup.folder.join("whole"), setup.build());
    fs::copy(&build, whole).expect("the build");
    fs::remove_file(&build).expect("the link goes");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/packaging/debian/offhook-kea.postinst");
    let apart = apart(&["--pid", "--fork", "--kill-child", "--mount-proc"]);
    let words = [setup.folder.path(), &build, Path::new(script)].map(Path::as_os_str);
    setup.wrapper = [apart.get_program()]
        .into_iter()
        .chain(apart.get_args())
        .chain(["sh", "-ec", SCRIPT].map(AsRef::as_ref))
        .chain(words)
        .map(|word| word.to_string_lossy().into_owned())
        .collect();

    let kea = setup.start();
    expect_line(&kea, "OFFHOOK_BUILD_MISSING", &[]);
    // What comes while it reads its configuration again is not answered.
    wait_for("Kea has read its configuration again", Duration::from_secs(30), || {
        kea.log_lines("DHCP4_DYNAMIC_RECONFIGURATION_SUCCESS").pop()
    });
    assert_eq!(serves(&kea).as_deref(), Some(URL));
}
