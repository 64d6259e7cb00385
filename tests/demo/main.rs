//! `make demo`: the whole story on real servers, from a phone's power-up to the telephone system's
//! answer, with the product's own commands. Wants no root, leaves nothing behind, and fails if
//! anything is not as it is promised: it is a test too.

use offhook_test_kit as peers;

mod at_a_glance;
mod boots;
mod cast;
mod page;
mod servers;
mod side_by_side;

use boots::Seen;
use cast::{FILES, LYNC, PASCOM, PORTSIP_SITE};
use page::Page;
use peers::kea::Version;
use peers::phone::{Phone, Relay};
use peers::process::{command, run};
use peers::registrar::PASSWORD;
use servers::{Servers, relay};

fn main() {
    let start = std::time::Instant::now();
    let page = Page::new();
    let Version(major, minor, patch) = Version::installed();
    page.heading(
        "offhook: IP phones that provision themselves, from power-up to the telephone system's answer",
        "Real servers on loopback, one policy (examples/demo.json) with four sites, phones that are only \
         software.",
    );
    page.line(&format!(
        "  Kea {major}.{minor}.{patch} with libdhcp_offhook.so, dnsmasq {}, {} for files, {} as registrar",
        version("dnsmasq", "--version", "version "),
        version("nginx", "-v", "version: "),
        version("kamailio", "-v", "version: "),
    ));
    let servers = Servers::start();
    let mut seen = Seen::default();
    let ca = servers.files.path("authority.pem").display().to_string();
    wrong_password_first(&page, &servers, &ca, &mut seen);
    for site in [&PASCOM, &PORTSIP_SITE] {
        boots::show(&page, &servers, site, &["--register"], &mut seen);
    }
    boots::show(&page, &servers, &LYNC, &["--dhcp-only"], &mut seen);
    let compared = side_by_side::show(&page, &servers);
    laptop(&page, &servers);
    at_a_glance::show(&page, &servers);
    let faults = servers.kea.must_statistic("offhook.faults");
    assert_eq!(faults, 0, "expected no fault in the hook");
    page.line("");
    let Seen { boots, passed, not_reached, registered } = seen;
    page.good(&format!(
        "All as promised, in {:.0} s: {boots} boots at 4 sites, {passed} steps passed, none failed, \
         {not_reached} not reached",
        start.elapsed().as_secs_f64()
    ));
    page.good(&format!(
        "(each says why), {registered} registrations; dnsmasq told what Kea told in {} options, {} of them \
         with its NUL.",
        compared.alike + compared.by_nul,
        compared.by_nul
    ));
    page.line("");
}

/// As the article on Polycom's provisioning has it: the 403 shows that all before it works.
fn wrong_password_first(page: &Page, servers: &Servers, ca: &str, seen: &mut Seen) {
    servers.files.generate("wrong-but-valid");
    let words = ["--ca", ca, "--register"];
    boots::show(page, servers, &FILES, &[&words[..], &["--expect", "403"]].concat(), seen);
    page.line("  Now the right password in the list of phones:");
    page.command("offhook generate --policy policy.json --phones phones.csv --out tree");
    page.output(&servers.files.generate(PASSWORD));
    page.command("offhook emulate ... --register");
    boots::boot(page, servers, &FILES, &FILES.phones[0], &words, seen);
    assert_eq!(seen.registered, 1, "expected 403 first, then 200");
}

/// A client that is not a phone gets byte for byte what it got without the hook.
fn laptop(page: &Page, servers: &Servers) {
    let laptop = Phone::new("3c:22:fb:01:02:03").class("MSFT 5.0").wants(&[1, 3, 6, 43, 66, 120]);
    let answers = [&servers.kea, &servers.bare].map(|kea| {
        let (offer, ack) = Relay::at(kea, relay(&PASCOM)).boot(&laptop);
        [offer, ack].map(|answer| answer.sorted())
    });
    page.heading("A laptop among them", "");
    assert_eq!(answers[0], answers[1], "expected a laptop's answers as without the hook");
    page.line("  gets from Kea with the hook what it gets from Kea without it, byte for byte");
}

/// What a program says of its version.
fn version(program: &str, flag: &str, before: &str) -> String {
    let output = run(command(program).arg(flag));
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    let found = text.split_once(before).map(|(_, rest)| rest.to_owned()).unwrap_or_default();
    let words: Vec<&str> = found.split_whitespace().take(2).collect();
    let words =
        if words.first() == Some(&"kamailio") { words.join(" ") } else { words[0].to_owned() };
    words.replace('/', " ")
}
