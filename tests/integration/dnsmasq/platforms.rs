//! What `render` prints for systems with a dnsmasq inside, put where these systems put it: their own lines around
//! it are those of docs/platforms/.

use crate::peers::dnsmasq::Setup;
use crate::peers::phone::Phone;
use std::process::Output;

const POLICY: &str = r#"{ "systems": [{ "system": "url", "url": "http://p.example.com/" }],
    "sites": [{ "name": "voice", "match": { "networks": ["127.3.0.0/16"] },
                "systems": [{ "system": "url", "url": "http://voice.example.com/" }] }] }"#;

fn yealink() -> Phone {
    Phone::new("00:15:65:00:00:01")
}

fn said(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Starts dnsmasq and asks as the same phone at no site and at the site.
#[track_caller]
fn sites(setup: Setup) -> [String; 2] {
    let dnsmasq = setup.start();
    let relays = [dnsmasq.relay(), dnsmasq.relay_at([127, 3, 0, 1].into())];
    relays.map(|relay| {
        let (_, ack) = relay.boot(&yealink());
        String::from_utf8_lossy(ack.option(66).expect("option 66")).into_owned()
    })
}

const EXPECTED: [&str; 2] = ["http://p.example.com/\0", "http://voice.example.com/\0"];

/// OPNsense writes `dhcp-range=tag:IF,set:UUID-WITHOUT-DASHES,...` and reads `conf-dir=...,*.conf`.
#[test]
fn opnsense_knows_a_tag_by_its_uuid() {
    let setup = Setup::new().ranges(&[
        "127.1.10.1,127.1.250.250,255.255.0.0,1h",
        "set:6f1e2d3c0000400080000000000000aa,127.3.10.1,127.3.250.250,255.255.0.0,1h",
    ]);
    let configuration = r#"<opnsense><dnsmasq>
        <dhcp_tags uuid="6f1e2d3c-0000-4000-8000-0000000000aa"><tag>voice</tag></dhcp_tags>
        <dhcp_ranges uuid="1"><start_addr>127.1.10.1</start_addr></dhcp_ranges>
        <dhcp_ranges uuid="2"><set_tag>6f1e2d3c-0000-4000-8000-0000000000aa</set_tag>
          <start_addr>127.3.10.1</start_addr><end_addr>127.3.250.250</end_addr></dhcp_ranges>
        </dnsmasq></opnsense>"#;
    let file = setup.folder.write("config.xml", configuration);
    said(&setup.try_render(POLICY, &["--opnsense", &file.display().to_string()]));
    let folder = setup.folder.make("dnsmasq.conf.d");
    std::fs::copy(setup.rendered(), folder.join("50-phones.conf")).expect("copied");
    let setup = setup.line(format!("conf-dir={},*.conf", folder.display()));
    assert_eq!(sites(setup), EXPECTED);
    // A range without a tag is said, with the place in OPNsense's interface.
    let setup = Setup::new();
    let none = configuration.replace("<set_tag>6f1e2d3c-0000-4000-8000-0000000000aa</set_tag>", "");
    let file = setup.folder.write("config.xml", none);
    let refused = setup.try_render(POLICY, &["--opnsense", &file.display().to_string()]);
    let text = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(1), "{text}");
    assert!(text.contains("sites[0].match.networks: the range from 127.3.10.1"), "{text}");
}

/// Pi-hole writes the lines of `misc.dnsmasq_lines` into its own file as they are; its range has no tag.
#[test]
fn pi_hole_names_the_file_in_a_line() {
    let policy = r#"{ "systems": [{ "system": "url", "url": "http://p.example.com/" }] }"#;
    let mut setup = Setup::new();
    let text = said(&setup.try_render(policy, &["--pihole"]));
    let call =
        text.lines().find_map(|line| line.strip_prefix("pihole-FTL --config misc.dnsmasq_lines '"));
    let lines = call.and_then(|call| call.strip_suffix('\'')).expect("the call");
    let lines: Vec<String> = serde_json::from_str(lines).expect("a list of lines");
    for line in lines {
        setup = setup.line(line);
    }
    let dnsmasq = setup.start();
    let (_, ack) = dnsmasq.relay().boot(&yealink());
    assert_eq!(ack.option(66), Some(&b"http://p.example.com/\0"[..]));
}

/// OpenWrt writes `--conf-dir` for `confdir`, and `--dhcp-range=set:NETWORKID,...` for `networkid`.
#[test]
fn openwrt_gets_a_folder_and_a_tag_by_uci() {
    let mut setup = Setup::new();
    let text = said(&setup.try_render(POLICY, &["--uci"]));
    let value = |key: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix("uci set ")?.strip_prefix(key));
        line.unwrap_or_else(|| panic!("no {key} in\n{text}")).trim_matches('\'').to_owned()
    };
    let (folder, tag) = (value("dhcp.@dnsmasq[0].confdir="), value("dhcp.SECTION.networkid="));
    assert_eq!(std::path::Path::new(&folder), setup.folder.path());
    assert!(text.contains("uci commit dhcp\n/etc/init.d/dnsmasq restart\n"), "{text}");
    let place = setup.folder.make("confdir");
    std::fs::copy(setup.rendered(), place.join("50-phones.conf")).expect("copied");
    let range = format!("set:{tag},127.3.10.1,127.3.250.250,255.255.0.0,1h");
    setup = setup.ranges(&["127.1.10.1,127.1.250.250,255.255.0.0,1h", &range]);
    assert_eq!(sites(setup.line(format!("conf-dir={}", place.display()))), EXPECTED);
}
