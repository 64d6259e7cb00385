//! `make demo`: a real Kea with the hook on loopback, one phone of each reference vendor that boots
//! from it, and a table of what each was told. Needs no root and leaves nothing behind.

#[path = "../integration/peers/mod.rs"]
#[allow(dead_code)]
mod peers;

use std::io::IsTerminal;

use peers::kea::{Setup, Version};
use peers::packet::{Answer, hex};
use peers::phone::{Phone, Relay};
use serde_json::{Value, json};

const POLICY: &str = include_str!("../../examples/demo.json");

/// Who boots: a name for the table, its address, option 60, option 55.
const PHONES: &[(&str, &str, &str, &[u8])] = &[
    ("Snom D735", "00:04:13:01:02:03", "snomD735", &[1, 3, 43, 66, 67, 120, 125, 132, 133]),
    ("Yealink", "00:15:65:01:02:03", "yealink", &[1, 3, 6, 43, 66, 160]),
    ("Grandstream GXP1405", "00:0b:82:01:02:03", "Grandstream GXP1405 dslforum.org", &[1, 3, 43]),
    ("Aastra 6731i", "00:08:5d:01:02:03", "AastraIPPhone6731i", &[1, 3, 43, 66, 159, 160]),
    ("Mitel 6930", "14:00:e9:01:02:03", "MitelIPPhone6930", &[1, 3, 43, 66, 159, 160]),
    ("Auerswald", "00:09:52:01:02:03", "", &[1, 3, 43, 66, 67]),
    ("Fanvil", "0c:38:3e:01:02:03", "", &[1, 3, 66]),
    ("Htek", "00:1f:c1:01:02:03", "", &[1, 3, 66]),
    ("Dinstar", "f8:a0:3d:01:02:03", "", &[1, 3, 66]),
    ("ALE SIP", "00:80:9f:01:02:03", "alcatel.sip.0", &[1, 3, 43, 66]),
    ("Polycom VVX 410", "00:04:f2:01:02:03", "Polycom-VVX410", &[1, 28, 160, 66, 43]),
    ("Gigaset N720", "7c:2f:80:01:02:03", "Gigaset_N720_DM_PRO", &[1, 3, 6, 15, 120, 114, 125]),
    (
        "Cisco 8841 MPP",
        "d0:ec:35:01:02:03",
        "Cisco Systems, Inc. IP Phone CP-8841-3PCC\0",
        &[1, 3, 66, 150, 159, 160],
    ),
    ("Lync phone", "02:00:00:0a:0b:0c", "MS-UC-Client", &[1, 3, 43, 120]),
    ("Lync phone, its VLAN", "02:00:00:0a:0b:0d", "CPE-OCPHONE", &[1, 3, 43]),
    ("a laptop", "3c:22:fb:01:02:03", "MSFT 5.0", &[1, 3, 6, 43, 66, 120]),
];

fn main() {
    let policy: Value =
        serde_json::from_str(&without_comments(POLICY)).expect("examples/demo.json");
    let plain = Setup::new().start();
    let kea = Setup::new().offhook_with(json!({ "policy": policy })).start();
    let paint = Paint(std::io::stdout().is_terminal());
    let Version(major, minor, patch) = Version::installed();
    println!(
        "\n{} on loopback with libdhcp_offhook.so; the policy is examples/demo.json\n",
        paint.bold(&format!("Kea {major}.{minor}.{patch}"))
    );
    let (with, without) = (Relay::of(&kea), Relay::of(&plain));
    for (name, mac, class, list) in PHONES {
        let mut phone = Phone::new(mac).wants(list);
        if !class.is_empty() {
            phone = phone.class(class);
        }
        let (_, ack) = with.boot(&phone);
        let (_, bare) = without.boot(&phone);
        let mut question = json!({ "hw-address": mac, "ip": ack.yiaddr().to_string() });
        if !class.is_empty() {
            question["vendor-class-hex"] = hex(class.as_bytes()).into();
        }
        let why = kea.command("phone-explain", question).ok();
        show(name, &ack, &bare, &why, &paint);
    }
    let answered = kea.must_statistic("offhook.answered");
    println!(
        "{} phones answered, {answered} packets changed, no lease lost. What you see came over the wire;",
        PHONES.len() - 1
    );
    println!("ask for reasons with `offhook explain` or Kea's command `phone-explain`.\n");
}

fn show(name: &str, ack: &Answer, bare: &Answer, why: &Value, paint: &Paint) {
    let vendor = why["vendor"].as_str().unwrap_or("no phone: left alone");
    let model = why["model"].as_str().map_or(String::new(), |model| format!(" {model}"));
    println!("{} {}  ->  {vendor}{model}", paint.bold(&format!("{name:22}")), ack.yiaddr());
    if let Some(evidence) = why["evidence"][0].as_str() {
        println!("    {}", paint.dim(&format!("by {evidence}")));
    }
    let (told, lost) = ack.beyond(bare);
    assert!(lost.is_empty(), "options {lost:?} of Kea's own went missing");
    for (code, value) in told {
        println!("    option {code:<3} {}", paint.green(&decoded(code, &value)));
    }
    println!();
}

/// A value for the eye: text, the sub-options of 43, the names of 120, addresses, else hex.
fn decoded(code: u8, value: &[u8]) -> String {
    let text = |bytes: &[u8]| {
        let printable = !bytes.is_empty() && bytes.iter().all(|b| (0x20..0x7f).contains(b));
        printable.then(|| String::from_utf8_lossy(bytes).into_owned())
    };
    match code {
        120 if value.first() == Some(&0) => {
            let mut labels = Vec::new();
            let mut rest = &value[1..];
            while let [length, tail @ ..] = rest {
                let (label, next) = tail.split_at(usize::from(*length).min(tail.len()));
                labels.extend(text(label));
                rest = next;
            }
            format!("{} (RFC 3361)", labels.join("."))
        }
        42 | 150 => {
            let addresses: Vec<_> = value
                .chunks(4)
                .map(|four| four.iter().map(u8::to_string).collect::<Vec<_>>().join("."))
                .collect();
            addresses.join(", ")
        }
        43 if text(value).is_none() => {
            let mut subs = Vec::new();
            let mut rest = value;
            while let [sub, length, tail @ ..] = rest {
                let (inner, next) = tail.split_at(usize::from(*length).min(tail.len()));
                subs.push(format!("{sub}: {}", text(inner).unwrap_or_else(|| hex(inner))));
                rest = next;
            }
            subs.join(", ")
        }
        _ => text(value).unwrap_or_else(|| format!("0x{}", hex(value))),
    }
}

/// Colours on a terminal, none in a pipe.
struct Paint(bool);

impl Paint {
    fn bold(&self, text: &str) -> String {
        self.code("1", text)
    }
    fn dim(&self, text: &str) -> String {
        self.code("2", text)
    }
    fn green(&self, text: &str) -> String {
        self.code("32", text)
    }
    fn code(&self, code: &str, text: &str) -> String {
        if self.0 { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// The example's comments are lines of their own.
fn without_comments(text: &str) -> String {
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}
