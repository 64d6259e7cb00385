//! What the package's script does to processes that have the loader open.

use crate::peers::process::{apart, run_well};
use crate::peers::product::library;
use std::path::Path;

/// Two processes have the loader open and no build: one as Kea is while it starts, without a handler for SIGHUP, and one
/// as Kea is later. The first must live, the second must get the signal.
const SCRIPT: &str = r#"
mkdir "$2/hooks" && cp "$1" "$2/hooks/libdhcp_offhook.so"
export LD_PRELOAD="$2/hooks/libdhcp_offhook.so"
sleep 60 & starting=$!
bash -c 'unset LD_PRELOAD; trap "echo told >$0/told" HUP; echo >$0/ready; while :; do sleep 0.1; done' "$2" & later=$!
unset LD_PRELOAD
until [ -e "$2/ready" ] && grep -q hooks/libdhcp_offhook /proc/$starting/maps; do sleep 0.05; done
sed 's/#DEBHELPER#//; s/sleep 1$/sleep 0.1/' "$3" >"$2/postinst"
sh "$2/postinst" configure
until [ -e "$2/told" ]; do sleep 0.05; done
kill -0 $starting && kill -0 $later && echo alive
"#;

#[test]
fn a_package_that_comes_while_kea_starts() {
    let folder = tempfile::tempdir().expect("a folder");
    let script =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging/debian/offhook-kea.postinst");
    // Processes of its own: other tests have the loader open too.
    let said = run_well(
        apart(&["--pid", "--fork", "--kill-child", "--mount-proc"])
            .args(["timeout", "60", "bash", "-ec", SCRIPT, "postinst"])
            .args([library(), folder.path(), &script]),
    );
    assert_eq!(said, "alive\n");
}
