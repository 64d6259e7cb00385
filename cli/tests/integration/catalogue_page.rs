//! `docs/vendors.md` is what the data says.

use std::path::Path;
use std::process::Command;

#[test]
fn the_catalogues_page_is_up_to_date() {
    let output = Command::new(env!("CARGO_BIN_EXE_offhook"))
        .args(["vendors", "--markdown"])
        .output()
        .expect("offhook runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/vendors.md");
    let there = std::fs::read_to_string(file).unwrap_or_default();
    assert!(
        there == String::from_utf8_lossy(&output.stdout),
        "docs/vendors.md is not what core/catalogue/vendors says; run: make docs/vendors.md"
    );
}
