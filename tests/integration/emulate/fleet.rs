//! A fleet's power-up: rate, leases, losses.

use super::POLICY;
use crate::peers::kea::{Setup, free_port};
use crate::peers::{process, product};
use serde_json::{Value, json};

#[test]
fn a_fleet_powers_up_and_its_losses_are_told() {
    let kea = Setup::new().offhook_file(POLICY).start();
    let server = format!("127.0.0.1:{}", kea.port());
    let relay = format!("127.1.2.4:{}", kea.client_port());
    let words = ["--vendor", "polycom,snom,digium,cisco-spa", "--count", "400", "--relay", &relay];
    let go = |more: &[&str]| {
        let mut command = process::command(product::command_line());
        let output = process::run(command.args(["emulate", "--json"]).args(words).args(more));
        let summary: Value = serde_json::from_slice(&output.stdout).expect("a summary");
        (output.status.code(), summary)
    };
    let start = std::time::Instant::now();
    let (code, summary) = go(&["--server", &server, "--rate", "800"]);
    assert_eq!((code, &summary["booted"], &summary["lost"]), (Some(0), &json!(400), &json!(0)));
    assert_eq!((&summary["makers"], &summary["understood-url"]), (&json!(4), &json!(400)));
    assert!(start.elapsed().as_secs_f64() > 0.49, "expected the rate to be kept: {summary:#}");
    // Every phone had an address of its own: as many leases.
    assert_eq!(kea.must_statistic("subnet[1].assigned-addresses"), 400);
    // No server at the address.
    let nobody = format!("127.0.0.1:{}", free_port());
    let (code, summary) = go(&["--server", &nobody, "--timeout", "0.05", "--tries", "2"]);
    assert_eq!(
        (code, &summary["lost"], &summary["sent-again"]),
        (Some(1), &json!(400), &json!(400))
    );
    assert_eq!(summary["first-lost"].as_array().expect("a list").len(), 20);
}
