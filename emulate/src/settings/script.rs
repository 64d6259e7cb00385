//! Avaya's script: `SET`, `GET`, `IF ... SEQ ... GOTO`, `GOTO` and tags.
//!
//! A file that `GET` obtains takes the place of the rest of the script; one that is missing does not stop
//! it (Avaya's J100 guide, contents of the settings file).

use super::lines::unquoted;
use super::{Document, Part, Reading, Unread};

pub(super) fn is_one(text: &str) -> bool {
    text.lines().any(|line| matches!(line.split_whitespace().next(), Some("SET" | "GET" | "GOTO")))
}

pub(super) fn parse(text: &str, phone: &dyn Reading) -> Result<Document, Unread> {
    let mut document = Document::new("script");
    let mut goal: Option<String> = None;
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        // `# TAG`; `##` is a comment.
        if let Some(tag) = line.strip_prefix('#') {
            if goal.as_deref().is_some_and(|goal| goal == tag.trim()) {
                goal = None;
            }
            continue;
        }
        if line.is_empty() || goal.is_some() {
            continue;
        }
        let (word, rest) = line.split_once([' ', '\t']).unwrap_or((line, ""));
        let rest = rest.trim();
        match word {
            "GET" => document.parts.push(Part::Instead(unquoted(rest).to_owned())),
            "SET" => {
                let (name, value) = rest.split_once([' ', '\t']).unwrap_or((rest, ""));
                document.value(name, unquoted(value))?;
            }
            "GOTO" => goal = Some(rest.to_owned()),
            "IF" => goal = jump(rest, phone),
            // Never the line itself: it may be a password.
            _ => {
                let why =
                    format!("line {}: not SET, GET, IF, GOTO, a tag or a comment", number + 1);
                return Err(Unread::Broken(why));
            }
        }
    }
    Ok(document)
}

/// `$MODEL4 SEQ J179 GOTO TAG`: the tag, if the words are equal.
fn jump(rest: &str, phone: &dyn Reading) -> Option<String> {
    let words: Vec<&str> = rest.split_whitespace().collect();
    let [name, "SEQ", value, "GOTO", tag] = *words else { return None };
    let found = phone.expand(name);
    found.eq_ignore_ascii_case(unquoted(value)).then(|| tag.to_owned())
}
