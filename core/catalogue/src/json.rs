//! JSON with Kea's comments (`//`, `#`, `/* */`) into a [`Tree`].

use std::fmt;

use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};

use crate::error::{Mistake, Mistakes};
use crate::tree::{Kind, Tree};

/// Reads a JSON document that may carry comments.
///
/// # Errors
/// The first place that is not JSON, with its line.
pub fn from_json(text: &str) -> Result<Tree, Mistakes> {
    // Editors on Windows write a byte order mark; RFC 8259, section 8.1 allows to ignore it.
    let bare = without_comments(text.strip_prefix('\u{feff}').unwrap_or(text))?;
    serde_json::from_str(&bare).map_err(|error| {
        let line = u32::try_from(error.line()).ok().filter(|line| *line > 0);
        let text = format!("not JSON: {error}");
        Mistakes(vec![Mistake { file: None, line, place: String::new(), text }])
    })
}

/// The same, and each node knows its line: for documents in which people look a place up by its line.
///
/// # Errors
/// As [`from_json`].
pub fn from_json_with_lines(text: &str) -> Result<Tree, Mistakes> {
    let mut tree = from_json(text)?;
    let bare = without_comments(text.strip_prefix('\u{feff}').unwrap_or(text))?;
    number(&mut tree, &mut lines(&bare).into_iter());
    Ok(tree)
}

/// The line of each value of a JSON text without comments, in the order in which they begin.
fn lines(text: &str) -> Vec<u32> {
    let (mut lines, mut line, mut at) = (Vec::new(), 1u32, 0);
    let bytes = text.as_bytes();
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\n' => line += 1,
            b'"' => {
                let end = at + string_end(&text[at..]);
                let behind = text[end..].trim_start();
                // The text is JSON, so only a key has a colon behind it.
                if !behind.starts_with(':') {
                    lines.push(line);
                }
                at = end;
                continue;
            }
            b'{' | b'[' => lines.push(line),
            b'-' | b'0'..=b'9' | b'a'..=b'z' => {
                lines.push(line);
                let rest = bytes.get(at..).unwrap_or_default();
                let is_end =
                    |byte: &u8| matches!(byte, b',' | b'}' | b']') || byte.is_ascii_whitespace();
                at += rest.iter().position(is_end).unwrap_or(rest.len());
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    lines
}

fn number(tree: &mut Tree, lines: &mut impl Iterator<Item = u32>) {
    tree.line = lines.next().unwrap_or(0);
    match &mut tree.kind {
        Kind::List(items) => items.iter_mut().for_each(|item| number(item, lines)),
        Kind::Table(entries) => entries.iter_mut().for_each(|(_, item)| number(item, lines)),
        Kind::Null | Kind::Bool(_) | Kind::Integer(_) | Kind::Float(_) | Kind::Text(_) => {}
    }
}

/// The same text with every comment turned into blanks, so that line and column stay true.
///
/// # Errors
/// A comment without an end, with its line.
pub fn without_comments(text: &str) -> Result<String, Mistakes> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['"', '/', '#']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = if rest.starts_with('"') {
            let end = string_end(rest);
            out.push_str(&rest[..end]);
            end
        } else if rest.starts_with("/*") {
            let Some(end) = rest.find("*/") else {
                let line = text.len() - rest.len();
                let line = text[..line].matches('\n').count() as u32 + 1;
                let text = "a comment begins here and never ends: expected */".to_owned();
                let place = String::new();
                return Err(Mistakes(vec![Mistake { file: None, line: Some(line), place, text }]));
            };
            blank(&rest[..end + 2], &mut out);
            end + 2
        } else if rest.starts_with("//") || rest.starts_with('#') {
            let end = rest.find('\n').unwrap_or(rest.len());
            blank(&rest[..end], &mut out);
            end
        } else {
            out.push('/');
            1
        };
        rest = &rest[end..];
    }
    out.push_str(rest);
    Ok(out)
}

fn string_end(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

fn blank(comment: &str, out: &mut String) {
    out.extend(comment.chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Tree, D::Error> {
        deserializer.deserialize_any(TreeVisitor).map(Tree::new)
    }
}

impl Serialize for Tree {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.kind {
            Kind::Null => serializer.serialize_unit(),
            Kind::Bool(value) => serializer.serialize_bool(*value),
            Kind::Integer(value) => serializer.serialize_i64(*value),
            Kind::Float(value) => serializer.serialize_f64(*value),
            Kind::Text(text) => serializer.serialize_str(text),
            Kind::List(items) => serializer.collect_seq(items),
            Kind::Table(entries) => {
                serializer.collect_map(entries.iter().map(|(key, value)| (key, value)))
            }
        }
    }
}

struct TreeVisitor;

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = Kind;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }
    fn visit_unit<E>(self) -> Result<Kind, E> {
        Ok(Kind::Null)
    }
    fn visit_bool<E>(self, value: bool) -> Result<Kind, E> {
        Ok(Kind::Bool(value))
    }
    fn visit_i64<E>(self, value: i64) -> Result<Kind, E> {
        Ok(Kind::Integer(value))
    }
    fn visit_u64<E>(self, value: u64) -> Result<Kind, E> {
        Ok(i64::try_from(value).map_or(Kind::Float(value as f64), Kind::Integer))
    }
    fn visit_f64<E>(self, value: f64) -> Result<Kind, E> {
        Ok(Kind::Float(value))
    }
    fn visit_str<E>(self, value: &str) -> Result<Kind, E> {
        Ok(Kind::Text(value.to_owned()))
    }
    fn visit_string<E>(self, value: String) -> Result<Kind, E> {
        Ok(Kind::Text(value))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Kind, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Kind::List(list))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Kind, A::Error> {
        let mut table = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            table.push(entry);
        }
        Ok(Kind::Table(table))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_three_kinds_of_comment_and_none_inside_strings() {
        let tree = from_json("{ // one\n \"a\": \"http://x/#y\", # two\n /* three\n */ \"b\": 1 }");
        let Kind::Table(entries) = tree.unwrap().kind else { panic!("not a table") };
        assert_eq!(entries[0].1.kind, Kind::Text("http://x/#y".into()));
        assert_eq!(entries[1].1.kind, Kind::Integer(1));
    }

    #[test]
    fn mistakes_keep_their_line() {
        let mistakes = from_json("{\n/* a\n b */\n \"a\": }").unwrap_err();
        assert_eq!(mistakes.0[0].line, Some(4));
        let mistakes = from_json("{\n/* a").unwrap_err();
        assert_eq!(mistakes.0[0].line, Some(2));
    }

    #[test]
    fn each_node_knows_its_line() {
        let text = "{ // one\n \"a:\": [1,\n -2, \"x\\\":\"],\n\"b\": { \"c\"\n: null } }";
        let tree = from_json_with_lines(text).unwrap();
        let Kind::Table(entries) = tree.kind else { panic!("not a table") };
        let Kind::List(items) = &entries[0].1.kind else { panic!("not a list") };
        assert_eq!(items.iter().map(|item| item.line).collect::<Vec<_>>(), [2, 3, 3]);
        let Kind::Table(inner) = &entries[1].1.kind else { panic!("not a table") };
        assert_eq!((entries[0].1.line, entries[1].1.line, inner[0].1.line), (2, 4, 5));
    }

    #[test]
    fn keys_that_stand_twice_are_kept() {
        let Kind::Table(entries) = from_json(r#"{"a":1,"a":2}"#).unwrap().kind else { panic!() };
        assert_eq!(entries.len(), 2);
    }
}
