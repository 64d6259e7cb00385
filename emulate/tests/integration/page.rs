//! docs/emulate.md names every step that there is, and no other.

use offhook_emulate::steps;

#[test]
fn the_page_has_every_step() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/emulate.md");
    let page = std::fs::read_to_string(page).unwrap();
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `"));
    let rows = rows.filter_map(|row| row.split_once('`').map(|(name, _)| name));
    let named: Vec<&str> = rows.take_while(|name| !name.starts_with("--")).collect();
    let steps = [
        steps::OFFER,
        steps::ACK,
        steps::INFORM,
        steps::VLAN,
        steps::OPTIONS,
        steps::URL,
        "GET URL",
        steps::FILES,
        steps::CONFIGURATION,
        steps::REGISTER,
        steps::ANSWER,
    ];
    assert_eq!(named, steps);
}
