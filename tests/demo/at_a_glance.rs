//! The end: everything that the servers know of these phones, put together by `offhook report`.

use serde_json::Value;

use crate::page::Page;
use crate::peers::process;
use crate::peers::product::command_line;
use crate::peers::registrar::PASSWORD;
use crate::servers::Servers;

pub fn show(page: &Page, servers: &Servers) {
    page.heading(
        "The phones at a glance",
        "`offhook report` puts together what Kea, both web servers and the registrar know, and writes one page.",
    );
    page.command("offhook report --kea SOCKET --web-log FILE --sip-log FILE --out report.html");
    let html = servers.files.path("report.html");
    let said = process::run_well(report(servers).arg("--out").arg(&html));
    let (_, said) = said.trim().split_once(": ").expect("what it wrote");
    page.line(&format!("    {said}"));
    let data = process::run_well(report(servers).arg("--json"));
    let data: Value = serde_json::from_str(&data).expect("the report's JSON");
    let phones = data["phones"].as_array().expect("phones");
    for phone in phones {
        let text = |key: &str| phone[key].as_str().unwrap_or("-").to_owned();
        page.line(&format!(
            "    {} {:12} {:10} {:15} {}",
            text("mac"),
            text("vendor"),
            text("model"),
            text("stage"),
            registrations(phone)
        ));
    }
    judge(phones, &std::fs::read_to_string(&html).expect("the page"));
}

fn report(servers: &Servers) -> std::process::Command {
    let mut command = process::command(command_line());
    command.arg("report").arg("--kea").arg(servers.kea.socket());
    command.arg("--web-log").arg(servers.files.path("pbx.log"));
    command.arg("--web-log").arg(servers.files.path("phones.log"));
    command.arg("--sip-log").arg(servers.registrar.log_file());
    command
}

fn registrations(phone: &Value) -> String {
    let list = phone["registrations"].as_array().expect("a list").iter();
    let one = |answer: &Value| {
        format!("REGISTER of {}: {}", answer["user"].as_str().unwrap_or("-"), answer["status"])
    };
    list.map(one).collect::<Vec<_>>().join(", ")
}

fn judge(phones: &[Value], html: &str) {
    let of = |vendor: &str| {
        let found = phones.iter().find(|phone| phone["vendor"] == vendor);
        found.unwrap_or_else(|| panic!("expected a {vendor} in the report"))
    };
    let polycom = of("polycom");
    assert_eq!(polycom["stage"], "registered", "{polycom:#}");
    let statuses = polycom["registrations"].as_array().expect("a list").iter();
    let statuses: Vec<&Value> = statuses.map(|answer| &answer["status"]).collect();
    assert_eq!(statuses, [403, 200], "the wrong password first, then the right one");
    for vendor in ["yealink", "snom", "grandstream", "fanvil"] {
        assert_eq!(of(vendor)["stage"], "registered", "{:#}", of(vendor));
    }
    // They fetch no file, and the catalogue knows it: told is as far as they come here.
    assert!(!of("lync")["told"].as_array().expect("a list").is_empty());
    assert!(!html.contains(PASSWORD), "a password in the report");
}
