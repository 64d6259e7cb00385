//! `{{ keys|each('key.{number} = {value}') }}`: one piece of text with holes, filled for each of a phone's keys.
//! Most of a file with keys is the same few lines again and again, and a template that loops over them spends
//! more on each name that it looks up than on the text.

use std::fmt::Write as _;

use minijinja::value::{Rest, Value};
use minijinja::{Error, ErrorKind, State};

use super::{escape_of, no_word, write_text};
use crate::escape::Escape;
use crate::key_names::{KeyNames, NamedKeys};
use crate::names::Names;

/// A part of a pattern.
#[derive(Clone, Copy)]
enum Piece<'p> {
    Text(&'p str),
    At,
    Number,
    Line,
    Module,
    Value,
    Label,
    Word,
    Pickup,
}

/// A pattern is read once for all keys of a phone.
fn pieces(pattern: &str) -> Result<Vec<Piece<'_>>, Error> {
    let mut pieces = Vec::with_capacity(16);
    let mut rest = pattern;
    while let Some((text, behind)) = cut(rest, b'{') {
        let (hole, behind) = cut(behind, b'}').ok_or_else(|| wrong("a hole without end"))?;
        if !text.is_empty() {
            pieces.push(Piece::Text(text));
        }
        pieces.push(match hole {
            "at" => Piece::At,
            "number" => Piece::Number,
            "line" => Piece::Line,
            "module" => Piece::Module,
            "value" => Piece::Value,
            "label" => Piece::Label,
            "word" => Piece::Word,
            "pickup" => Piece::Pickup,
            _ => {
                let text = "a hole is at, number, line, module, value, label, word or pickup";
                return Err(wrong(text));
            }
        });
        rest = behind;
    }
    pieces.push(Piece::Text(rest));
    Ok(pieces)
}

/// What is before and behind a sign of ASCII. Patterns are short, and a search for any character is long.
fn cut(text: &str, sign: u8) -> Option<(&str, &str)> {
    let at = text.bytes().position(|byte| byte == sign)?;
    Some((text.get(..at)?, text.get(at + 1..)?))
}

/// What holds for all keys of a phone.
struct Filling<'f> {
    escape: Escape,
    refuse: &'f str,
    /// What `{pickup}` stands for.
    pickup: Option<&'f str>,
}

/// The keys' texts, with an end of line between two of them. Behind the pattern: what `{at}` is for a key of the phone,
/// and for one of an expansion module; what follows the text of a BLF key if there is a code to pick up with; the code.
pub(super) fn each(
    state: &State<'_, '_>,
    keys: &Value,
    pattern: &str,
    more: Rest<Value>,
) -> Result<Value, Error> {
    let keys = keys.downcast_object_ref::<NamedKeys>();
    let keys = keys.ok_or_else(|| wrong("each is for a phone's keys"))?;
    let (escape, refuse) = escape_of(state)?;
    let words = state.lookup("words");
    let words = words.as_ref().and_then(|words| words.downcast_object_ref::<Names>());
    let words = words.and_then(|words| words.get("keys")?.downcast_object_ref::<Names>());
    // By their places: names for them would cost as much as the text of a key.
    let option = |at: usize| more.get(at).and_then(Value::as_str);
    let places = |at: usize| option(at).map(pieces).transpose();
    let (at, module, pickup) = (places(0)?, places(1)?, option(3));
    let blf = places(2)?.filter(|_| pickup.is_some());
    let text = pieces(pattern)?;
    let filling = Filling { escape, refuse, pickup };
    let mut out = String::with_capacity(keys.count() * (pattern.len() + 64));
    let mut place = String::new();
    // Most keys of a phone are of one kind.
    let (mut last, mut word) = ("", String::new());
    for (index, key) in keys.iter().enumerate() {
        if last != key.kind {
            let found = words.and_then(|words| words.get(key.kind)?.as_str());
            let found = found.ok_or_else(|| no_word("keys", key.kind))?;
            word.clear();
            write_text(escape, refuse, found, &mut word)?;
            last = key.kind;
        }
        if index > 0 {
            out.push('\n');
        }
        place.clear();
        let of_module = module.as_ref().filter(|_| key.module > 0);
        if let Some(at) = of_module.or(at.as_ref()) {
            filling.fill(at, key, (&word, ""), &mut place)?;
        }
        filling.fill(&text, key, (&word, &place), &mut out)?;
        if let Some(blf) = blf.as_ref().filter(|_| key.kind == "blf") {
            filling.fill(blf, key, (&word, &place), &mut out)?;
        }
    }
    Ok(Value::from_safe_string(out))
}

impl Filling<'_> {
    fn fill(
        &self,
        pieces: &[Piece<'_>],
        key: &KeyNames,
        (word, place): (&str, &str),
        out: &mut String,
    ) -> Result<(), Error> {
        for piece in pieces {
            let text = match *piece {
                Piece::Text(text) => {
                    out.push_str(text);
                    continue;
                }
                Piece::At => {
                    out.push_str(place);
                    continue;
                }
                Piece::Word => {
                    out.push_str(word);
                    continue;
                }
                Piece::Number => {
                    push_number(key.number, out);
                    continue;
                }
                Piece::Line => {
                    push_number(key.line, out);
                    continue;
                }
                Piece::Module => {
                    push_number(key.module.into(), out);
                    continue;
                }
                Piece::Value => key.value.as_str().unwrap_or_default(),
                Piece::Label => key.label.as_str().unwrap_or_default(),
                Piece::Pickup => self.pickup.unwrap_or_default(),
            };
            write_text(self.escape, self.refuse, text, out)?;
        }
        Ok(())
    }
}

/// Most numbers of keys and lines have a digit or two.
fn push_number(number: u16, out: &mut String) {
    let digit = |number: u16| char::from_digit(u32::from(number % 10), 10).unwrap_or('0');
    match number {
        0..10 => out.push(digit(number)),
        10..100 => out.extend([digit(number / 10), digit(number)]),
        // Writing into memory does not fail.
        _ => drop(write!(out, "{number}")),
    }
}

fn wrong(text: &'static str) -> Error {
    Error::new(ErrorKind::InvalidOperation, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_has_holes_of_known_names_and_each_with_its_end() {
        assert_eq!(pieces("a.{number} = {value}").map(|all| all.len()).ok(), Some(5));
        for wrong in ["{what}", "a {number", "{ number }"] {
            assert!(pieces(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn numbers_are_written_as_numbers_are() {
        for number in [0, 7, 10, 99, 100, 999, u16::MAX] {
            let mut out = String::new();
            push_number(number, &mut out);
            assert_eq!(out, number.to_string());
        }
    }
}
