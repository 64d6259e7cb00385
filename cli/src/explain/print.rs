//! An explanation for a person's eye: the answer first, then each option to the byte, then the reasons.

use offhook_core::explain::{ExplainedOption, Explanation, Layered};

use crate::decode;
use crate::input::{self, Failure};

pub fn print(explanation: &Explanation) -> Result<(), Failure> {
    let unknown = || "unknown".to_owned();
    match &explanation.vendor {
        Some(vendor) => {
            let variant =
                explanation.variant.as_ref().map_or(String::new(), |name| format!(" ({name})"));
            field("vendor", format!("{vendor}{variant}"))?;
            field("model", explanation.model.clone().unwrap_or_else(unknown))?;
            field("firmware", explanation.firmware.clone().unwrap_or_else(unknown))?;
        }
        None => field("vendor", "none: not a phone that is known".to_owned())?,
    }
    for evidence in &explanation.evidence {
        field("evidence", evidence.clone())?;
    }
    field("site", explanation.site.clone().unwrap_or_else(|| "none".to_owned()))?;
    field("system", explanation.system.clone().unwrap_or_else(|| "none".to_owned()))?;
    field("answer", explanation.answer.to_owned())?;
    if !explanation.classes.is_empty() {
        field("classes", explanation.classes.join(", "))?;
    }
    for option in &explanation.options {
        let value = shown(&option.text, &option.hex);
        input::line(format!("option {:<3} {value}  [{}]", option.code, option.reason))?;
    }
    let header = &explanation.header;
    for (name, value) in [
        ("next-server", &header.next_server),
        ("server-hostname", &header.server_hostname),
        ("boot-file-name", &header.boot_file_name),
    ] {
        if let Some(value) = value {
            input::line(format!("{name} {value}"))?;
        }
    }
    print_room(explanation)?;
    for option in &explanation.options {
        print_option(option)?;
    }
    for reason in &explanation.reasons {
        input::line(format!("  - {reason}"))?;
    }
    Ok(())
}

fn field(name: &str, value: String) -> Result<(), Failure> {
    input::line(format!("{name:10} {value}"))
}

fn shown(text: &Option<String>, hex: &Option<String>) -> String {
    match (text, hex) {
        (Some(text), _) => format!("\"{text}\""),
        (None, Some(hex)) => format!("0x{hex}"),
        (None, None) => "taken out".to_owned(),
    }
}

/// What it requested, and the room in its packet.
fn print_room(explanation: &Explanation) -> Result<(), Failure> {
    match &explanation.requested {
        None => field("requested", "no option 55: it takes what it gets".to_owned())?,
        Some(list) => {
            let one = |told: bool| {
                let named = list.iter().filter(|option| option.told == told);
                let named = named.map(|option| format!("{} {}", option.code, option.name));
                named.collect::<Vec<_>>().join(", ")
            };
            field("requested", format!("and sent: {}", one(true)))?;
            field("requested", format!("and not sent by offhook: {}", one(false)))?;
        }
    }
    let space = &explanation.space;
    let whose = if space.said_by_client { "its option 57" } else { "no option 57" };
    field(
        "space",
        format!(
            "{} of {} bytes for options left to the server ({whose}: messages of {} bytes); ours take {}",
            space.left, space.room, space.largest_message, space.ours
        ),
    )
}

/// To the byte, and every layer that had a value.
fn print_option(option: &ExplainedOption) -> Result<(), Failure> {
    let length = option.hex.as_ref().map_or(0, |digits| digits.len() / 2);
    input::line(format!("  option {} {}, {length} bytes", option.code, option.name))?;
    decode::print(&option.bytes, "    ")?;
    for Layered { by, place, hex, text, outcome } in &option.layers {
        let value = match (text, hex) {
            (None, None) => String::new(),
            _ => format!(" {}", shown(text, hex)),
        };
        input::line(format!("    {by} ({place}){value}: {outcome}"))?;
    }
    Ok(())
}
