//! JSON in and out of Kea: its spelling of texts, and arguments by name.

use serde_json::{Map, Value};

/// Reads what Kea wrote. Kea's texts are bytes; before 2.7 it writes each byte over 0x7e as one
/// `\u00XX`, so that an umlaut in UTF-8 comes as two characters. That is taken back here.
pub(crate) fn read(json: &str) -> Result<Value, serde_json::Error> {
    if json.is_empty() {
        return Ok(Value::Null);
    }
    let mut value = serde_json::from_str(json)?;
    restore(&mut value);
    Ok(value)
}

fn restore(value: &mut Value) {
    match value {
        Value::String(text) => restore_text(text),
        Value::Array(items) => items.iter_mut().for_each(restore),
        Value::Object(entries) => {
            if entries.keys().any(|key| !key.is_ascii()) {
                *entries = std::mem::take(entries)
                    .into_iter()
                    .map(|(mut key, value)| {
                        restore_text(&mut key);
                        (key, value)
                    })
                    .collect();
            }
            entries.values_mut().for_each(restore);
        }
        _ => {}
    }
}

fn restore_text(text: &mut String) {
    if text.is_ascii() {
        return;
    }
    let bytes: Option<Vec<u8>> = text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect();
    if let Some(real) = bytes.and_then(|bytes| String::from_utf8(bytes).ok()) {
        *text = real;
    }
}

/// Why a command's arguments, or the hook's parameters, are not usable.
pub(crate) type Wrong = String;

/// The members of a JSON object that a person wrote, with texts for what is wrong with them.
#[derive(Debug)]
pub(crate) struct Members<'v> {
    entries: Option<&'v Map<String, Value>>,
    /// `parameter` or `argument`: how the object's members are called in messages.
    noun: &'static str,
}

impl<'v> Members<'v> {
    /// Takes an object, or nothing at all, with no member but the known ones.
    pub(crate) fn new(
        value: &'v Value,
        noun: &'static str,
        known: &[&str],
    ) -> Result<Members<'v>, Wrong> {
        let entries = match value {
            Value::Null => None,
            Value::Object(entries) => Some(entries),
            other => return Err(format!("the {noun}s must be a map, found {}", kind(other))),
        };
        let unknown = entries.into_iter().flat_map(Map::keys).find(|key| !known.contains(&&***key));
        match unknown {
            None => Ok(Members { entries, noun }),
            Some(key) if known.is_empty() => {
                Err(format!("unknown {noun} '{key}': there are no {noun}s here"))
            }
            Some(key) => {
                Err(format!("unknown {noun} '{key}': the {noun}s are '{}'", known.join("', '")))
            }
        }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&'v Value> {
        self.entries?.get(name)
    }

    pub(crate) fn text(&self, name: &str) -> Result<Option<&'v str>, Wrong> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) if !text.is_empty() => Ok(Some(text)),
            Some(other) => Err(self.expected(name, "a text", other)),
        }
    }

    pub(crate) fn bool(&self, name: &str) -> Result<Option<bool>, Wrong> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Bool(value)) => Ok(Some(*value)),
            Some(other) => Err(self.expected(name, "true or false", other)),
        }
    }

    /// A text that must be one of these.
    pub(crate) fn word(&self, name: &str, words: &[&str]) -> Result<Option<&'v str>, Wrong> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(word)) if words.contains(&word.as_str()) => Ok(Some(word)),
            Some(other) => {
                let quoted: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
                let (last, others) = quoted.split_last().map_or(("", &[][..]), |(l, o)| (l, o));
                let what = format!("{} or {last}", others.join(", "));
                Err(self.expected(name, &what, other))
            }
        }
    }

    /// A whole number within bounds.
    pub(crate) fn number(&self, name: &str, least: u64, most: u64) -> Result<Option<u64>, Wrong> {
        let Some(value) = self.get(name) else { return Ok(None) };
        match value.as_u64().filter(|number| (least..=most).contains(number)) {
            Some(number) => Ok(Some(number)),
            None => {
                Err(self.expected(name, &format!("a whole number from {least} to {most}"), value))
            }
        }
    }

    /// `'name' must be ..., found ...`
    pub(crate) fn expected(&self, name: &str, what: &str, found: &Value) -> Wrong {
        format!("{} '{name}' must be {what}, found {}", self.noun, shown(found))
    }

    pub(crate) fn missing(&self, name: &str) -> Wrong {
        format!("{} '{name}' is missing", self.noun)
    }
}

pub(crate) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a map",
    }
}

/// A value in a message: short ones as they are, long ones by their kind.
fn shown(value: &Value) -> String {
    let text = value.to_string();
    if text.len() <= 60 { text } else { kind(value).to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn umlauts_survive_every_kea() {
        let old = read(r#"{"gr\u00c3\u00bc\u00c3\u009fe": ["T\u00c3\u00bcr", "\u00fc", "a"]}"#);
        assert_eq!(old.unwrap(), serde_json::json!({"grüße": ["Tür", "ü", "a"]}));
        assert_eq!(read(r#""Tür""#).unwrap(), Value::from("Tür"));
        assert_eq!(read("").unwrap(), Value::Null);
    }

    #[test]
    fn messages_name_the_member() {
        let value = serde_json::json!({"limit": 0, "from": ["x"], "on": 1});
        let members = Members::new(&value, "argument", &["limit", "from", "on"]).unwrap();
        assert_eq!(
            members.number("limit", 1, 9).unwrap_err(),
            "argument 'limit' must be a whole number from 1 to 9, found 0"
        );
        assert_eq!(
            members.text("from").unwrap_err(),
            "argument 'from' must be a text, found [\"x\"]"
        );
        assert_eq!(members.bool("on").unwrap_err(), "argument 'on' must be true or false, found 1");
        assert_eq!(members.text("none").unwrap(), None);
        assert_eq!(
            Members::new(&value, "argument", &["limit"]).unwrap_err(),
            "unknown argument 'from': the arguments are 'limit'"
        );
        assert_eq!(
            Members::new(&Value::from(3), "parameter", &[]).unwrap_err(),
            "the parameters must be a map, found a number"
        );
    }
}
