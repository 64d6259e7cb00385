//! Phones of makers that the catalogue does not have: what dnsmasq sends them, and what the script keeps.

use super::script::wait_for_record;
use crate::peers::dnsmasq::Setup;
use crate::peers::folder::Folder;
use crate::peers::phone::Phone;
use crate::peers::process;
use crate::peers::product::command_line;
use serde_json::Value;

const POLICY: &str = r#"{ "systems": [{ "system": "files", "url": "http://p.example.com/" }],
    "unlisted-phones": "send",
    "sites": [{ "name": "quiet", "match": { "networks": ["127.3.0.0/16"] }, "unlisted-phones": "ignore" }],
    "devices": [{ "mac": "02:00:00:00:ac:07", "options": [{ "code": 66, "text": "own" }] }] }"#;

fn acme(last: u8) -> Phone {
    Phone::new(&format!("02:00:00:00:ac:{last:02x}"))
        .class("Acme=IPPhone X4")
        .wants(&[1, 3, 6, 66, 120, 160])
}

#[test]
fn the_site_decides_and_the_script_agrees() {
    let setup = Setup::new().ranges(&[
        "127.1.10.1,127.1.250.250,255.255.0.0,1h",
        "set:oh_at-quiet,127.3.10.1,127.3.250.250,255.255.0.0,1h",
    ]);
    let dnsmasq = setup.offhook(POLICY).with_script().start();
    let state = dnsmasq.setup.state();
    let (here, there) = (dnsmasq.relay(), dnsmasq.relay_at([127, 3, 0, 1].into()));
    let (_, ack) = here.boot(&acme(1));
    assert_eq!(ack.option(66), Some(&b"http://p.example.com/\0"[..]));
    assert_eq!(ack.option(160), Some(&b"http://p.example.com/"[..]));
    let record = wait_for_record(&state, &acme(1));
    assert_eq!((&record["vendor"], &record["drift"]), (&Value::Null, &Value::Null), "{record}");
    // dnsmasq passes option 60 on up to its "=": one sign is seen here, and two counted there.
    assert_eq!(record["unlisted"].as_array().map(Vec::len), Some(1), "{record}");
    let (_, ack) = there.boot(&acme(2));
    assert_eq!(ack.option(66), None);
    let (_, ack) = here.boot(&acme(7));
    assert_eq!(ack.option(66), None, "a device that the policy lists is not unlisted");
    // By the next event those before it have been recorded.
    let named = Phone::new("02:00:00:00:ac:03").class("AcmePhone");
    here.boot(&named);
    wait_for_record(&state, &named);
    let recorded = super::script::records(&state);
    let kept: Vec<&str> = recorded.iter().filter_map(|record| record["mac"].as_str()).collect();
    assert!(!kept.contains(&"02:00:00:00:ac:02"), "{kept:?}");

    let folder = Folder::new();
    let place = folder.join("packets");
    let mut command = process::command(command_line());
    command.args(["phones", "--unlisted", "--dnsmasq"]).arg(&state).arg("--packets").arg(&place);
    let output = process::run(&mut command);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut command = process::command(command_line());
    command.args(["vendors", "new", "--from-packet"]).arg(place.join("02000000ac01.hex"));
    let draft = process::run(&mut command);
    let draft = String::from_utf8_lossy(&draft.stdout).into_owned();
    assert!(draft.contains("[1, 3, 6, 66, 120, 160]"), "{draft}");
}

/// Without the policy's word the rendering is what it was.
#[test]
fn nothing_is_rendered_for_them_unless_they_are_sent_something() {
    let rendered = |policy: &str| {
        let setup = Setup::new();
        let output = setup.try_render(policy, &[]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = std::fs::read_to_string(setup.rendered()).expect("the rendering");
        (text.contains("oh_unlisted"), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let url = r#""systems": [{ "system": "url", "url": "http://p.example.com/" }]"#;
    assert!(!rendered(&format!("{{ {url} }}")).0);
    let (any, said) = rendered(&format!(r#"{{ {url}, "unlisted-phones": "send" }}"#));
    assert!(any && said.contains("loses to the policy's"), "{said}");
}
