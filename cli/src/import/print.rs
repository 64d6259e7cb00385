//! What came out of an import, for people and for scripts.

use offhook_core::url::masked;
use offhook_import::{Difference, Import, Note};
use serde_json::{Value, json};

use super::prove::Proof;

/// The whole import as one object.
pub fn as_json(import: &Import, proof: Option<&Proof>) -> Value {
    let note = |note: &Note| {
        json!({
            "file": &*note.at.file,
            "line": note.at.line,
            "reason": masked(&note.reason),
            "advice": note.advice,
        })
    };
    let notes: Vec<Value> = import.notes.iter().map(note).collect();
    json!({
        "policy": concealed(&import.policy),
        "taken-over": import.taken.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "not-taken-over": notes,
        "differences": import.differences,
        "judged": "from the rules, no server started",
        "proof": proof,
    })
}

/// The policy without the passwords of its URLs. With --out they are in the file.
fn concealed(value: &Value) -> Value {
    match value {
        Value::String(text) => masked(text).into_owned().into(),
        Value::Array(items) => items.iter().map(concealed).collect(),
        Value::Object(entries) => {
            entries.iter().map(|(key, value)| (key.clone(), concealed(value))).collect()
        }
        other => other.clone(),
    }
}

/// The policy's text likewise.
pub fn without_passwords(text: &str) -> String {
    text.lines().map(masked).collect::<Vec<_>>().join("\n")
}

/// The report, line by line.
pub fn report(import: &Import) -> Vec<String> {
    let mut lines = Vec::new();
    for group in grouped(&import.notes) {
        let [first, ..] = group else { continue };
        let last = group.last().map_or(first.at.line, |last| last.at.line);
        let place = match last > first.at.line {
            true => format!("{}-{last}", first.at),
            false => first.at.to_string(),
        };
        lines.push(format!("not taken over: {place}: {}", masked(&first.reason)));
        lines.push(format!("    {}", first.advice));
    }
    lines.extend(import.differences.iter().map(difference));
    lines.push(format!(
        "{} lines taken over, {} not; {} phones of {} makers judged from the rules, no server started: {}",
        import.taken.len(),
        import.notes.len(),
        import.phones,
        import.makers,
        match import.differences.len() {
            0 => "each gets what it got before".to_owned(),
            1 => "1 difference".to_owned(),
            count => format!("{count} differences"),
        }
    ));
    lines
}

/// `difference: yealink (3 phones, such as ...): option 66: before "x" (dhcpd.conf:3), now nothing`
fn difference(difference: &Difference) -> String {
    let Difference { phone, phones, vendor, site, what, old, new, places } = difference;
    let site = site.as_ref().map(|site| format!(" at {site}")).unwrap_or_default();
    let many = match phones {
        1 => phone.clone(),
        count => format!("{count} phones, such as {phone}"),
    };
    let places =
        if places.is_empty() { String::new() } else { format!(" ({})", places.join(", ")) };
    let (old, new) = (old.as_deref().unwrap_or("nothing"), new.as_deref().unwrap_or("nothing"));
    format!("difference: {vendor}{site}: {what}: before {old}{places}, now {new}\n    {many}")
}

/// Notes of lines that follow each other and say the same.
fn grouped(notes: &[Note]) -> impl Iterator<Item = &[Note]> {
    notes.chunk_by(|one, other| {
        one.reason == other.reason
            && one.at.file == other.at.file
            && other.at.line <= one.at.line + 1
    })
}
