//! The two files of the article that the project starts from come out with the same parameters and
//! values, from what an installer would write: its server in the policy, its phone in the list.

use std::collections::BTreeSet;

use serde_json::json;

use super::writer::under;

type Parameter = (String, String, String);

fn expected() -> BTreeSet<Parameter> {
    let lines = include_str!("article.tsv").lines().filter(|line| !line.starts_with('#'));
    let parameter = |line: &str| {
        let mut fields = line.split('\t').map(str::to_owned);
        (fields.next().unwrap(), fields.next().unwrap(), fields.next().unwrap())
    };
    lines.map(parameter).collect()
}

/// What is written for the article's site, with some variables in its policy.
fn found(vars: &serde_json::Value) -> BTreeSet<Parameter> {
    let policy = json!({
        "systems": [{ "system": "files", "url": "https://provision.example.com/polycom/" }],
        "vars": vars,
        "phone-settings": {
            "server": "pbx.example.com", "port": 5060, "transport": "udp",
            "outbound-proxy": "pbx.example.com",
            "digit-map": "[2-9]11|0T|+011xxx.T|[2-9]xxxxxxxxx",
        },
    });
    let phones = json!([{
        "mac": "00:04:F2:AB:CD:EF", "vendor": "polycom",
        "lines": [{ "user": "1001", "password": "strong-secret-here",
                    "label": "Front Desk", "display-name": "Front Desk" }],
    }]);
    let files = under(&policy, |write| write(&phones)).expect("files");
    let mut found = BTreeSet::new();
    for (path, text) in &files {
        let document = roxmltree::Document::parse(text).expect("XML");
        assert_eq!(document.root_element().tag_name().name(), "polycomConfig");
        for attribute in document.descendants().flat_map(|node| node.attributes()) {
            let value = attribute.value().to_owned();
            let new = found.insert((path.clone(), attribute.name().to_owned(), value));
            assert!(new, "{path}: {} is listed twice", attribute.name());
        }
    }
    found
}

#[test]
fn the_articles_files_have_its_parameters_and_values() {
    let shared = found(&json!({ "polycom-common-file": "yes" }));
    // The article names no transport for the proxy; without it the phone takes UDP.
    let more = ("000000000000.cfg", "voIpProt.SIP.outboundProxy.transport", "UDPOnly");
    let more = (more.0.to_owned(), more.1.to_owned(), more.2.to_owned());
    assert_eq!(shared, expected().into_iter().chain([more]).collect());
}

#[test]
fn a_phones_own_file_holds_all_that_it_needs() {
    let whole = found(&json!({}));
    let missing: Vec<_> = expected().difference(&whole).cloned().collect();
    assert!(missing.is_empty(), "{missing:?}");
    let own = |name: &str| {
        let of = |(path, found, _): &&Parameter| path == "0004f2abcdef.cfg" && found == name;
        whole.iter().find(of).map(|(_, _, value)| value.as_str())
    };
    assert_eq!(own("reg.1.server.1.address"), Some("pbx.example.com"));
    assert_eq!(own("reg.1.server.1.transport"), Some("UDPOnly"));
    assert_eq!(own("reg.1.outboundProxy.address"), Some("pbx.example.com"));
    assert_eq!(own("reg.1.outboundProxy.transport"), Some("UDPOnly"));
    assert_eq!(own("dialplan.digitmap"), Some("[2-9]11|0T|+011xxx.T|[2-9]xxxxxxxxx"));
}
