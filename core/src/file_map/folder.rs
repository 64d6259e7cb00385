//! The folder of a phone's files below the tree's root, part by part.

use super::pattern::{Atom, Pattern, is_plain};
use crate::encode::Op;
use crate::text::{Live, TOKEN_LENGTH};

/// What is between two slashes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// The phone's token; not part of the tree.
    Token,
    /// A name, which may depend on the phone.
    Name(Pattern),
}

impl Part {
    pub(super) fn longest(&self) -> usize {
        match self {
            Part::Token => TOKEN_LENGTH + 1,
            Part::Name(name) => name.longest() + 1,
        }
    }
}

pub(super) fn check_part(part: &str) -> Result<(), String> {
    if part.is_empty() {
        return Err("\"//\" in the path: expected one slash between its parts".to_owned());
    }
    if part.starts_with('.') {
        return Err(format!("the part {part:?} begins with '.': it is never served"));
    }
    if part.len() > 200 {
        return Err("a part of the path is longer than 200 characters".to_owned());
    }
    match part.chars().find(|c| !is_plain(*c)) {
        None => Ok(()),
        Some(c) => Err(format!(
            "{c:?} in the part {part:?} of the path: expected letters, digits, '.', '-', '_' and '+', in \
             the URL as in the names of sites and in \"vars\""
        )),
    }
}

/// The folder below the root, part by part.
pub(super) fn parts(folder: &[Op]) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    // What is between two slashes: `None` is a token.
    let mut part: Vec<Option<Atom>> = Vec::new();
    for op in folder {
        match op {
            Op::Bytes(bytes) => {
                let text = String::from_utf8_lossy(bytes);
                for (index, piece) in text.split('/').enumerate() {
                    if index > 0 {
                        parts.push(close(&mut part)?);
                    }
                    if !piece.is_empty() {
                        part.push(Some(Atom::Text(piece.to_owned())));
                    }
                }
            }
            Op::Live(Live::Token) => part.push(None),
            Op::Live(live) => match Atom::from_live(*live) {
                Some(Atom::Mac { separator: b':', .. }) => {
                    return Err("a path holds no ':': write {{mac}}".to_owned());
                }
                Some(atom) => part.push(Some(atom)),
                None => {
                    return Err(
                        "the URL depends on {{ip}} or {{firmware}}, which is not known before \
                                the phone asks: no file can be put there"
                            .to_owned(),
                    );
                }
            },
            Op::Open | Op::Close => {}
        }
    }
    if !part.is_empty() {
        parts.push(close(&mut part)?);
    }
    let tokens = parts.iter().filter(|part| **part == Part::Token).count();
    if tokens > 1 {
        return Err("{{token}} is listed twice: once is enough".to_owned());
    }
    let has_owner =
        parts.iter().any(|part| matches!(part, Part::Name(name) if name.has_lower_mac()));
    if tokens == 1 && !has_owner {
        return Err(
            "a token is good for one phone, so its folder needs a part {{mac}} (lower case, \
                    without separators)"
                .to_owned(),
        );
    }
    Ok(parts)
}

fn close(part: &mut Vec<Option<Atom>>) -> Result<Part, String> {
    let atoms = std::mem::take(part);
    if let [None] = atoms.as_slice() {
        return Ok(Part::Token);
    }
    let mut name = Pattern::default();
    for atom in atoms {
        match atom {
            None => {
                return Err("{{token}} must be alone between two slashes, so that a web server \
                            finds it"
                    .to_owned());
            }
            Some(Atom::Text(text)) => name.push_text(&text),
            Some(atom) => name.0.push(atom),
        }
    }
    // A hole is made of plain characters, and never begins with a dot.
    let texts = name.0.iter().map(|atom| match atom {
        Atom::Text(text) => text.as_str(),
        Atom::Mac { .. } | Atom::Model => "x",
    });
    check_part(&texts.collect::<String>())?;
    if name.has_mac() && !name.same_owner(&name) {
        return Err(format!(
            "{name} does not say where the address begins: {{{{model}}}} on one side only"
        ));
    }
    Ok(Part::Name(name))
}
