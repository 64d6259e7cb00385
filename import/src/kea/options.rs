//! Kea's option definitions and option values.

use std::collections::HashMap;

use offhook_core::tree::{Kind as Node, Tree};

use crate::kinds::{self, Form, Kind, Word, hex};
use crate::model::{Expr, Mode, Target};
use crate::names;

/// An object of the configuration.
pub type Object = [(String, Tree)];

/// A value of an object.
pub fn get<'t>(object: &'t Object, key: &str) -> Option<&'t Tree> {
    object.iter().find(|(known, _)| known == key).map(|(_, value)| value)
}

pub fn text<'t>(object: &'t Object, key: &str) -> Option<&'t str> {
    match &get(object, key)?.kind {
        Node::Text(text) => Some(text),
        _ => None,
    }
}

pub fn number(object: &Object, key: &str) -> Option<i64> {
    match &get(object, key)?.kind {
        Node::Integer(number) => Some(*number),
        _ => None,
    }
}

pub fn flag(object: &Object, key: &str) -> Option<bool> {
    match &get(object, key)?.kind {
        Node::Bool(value) => Some(*value),
        _ => None,
    }
}

/// The objects of a list, with the line of each.
pub fn objects<'t>(object: &'t Object, key: &str) -> Vec<(usize, &'t Object)> {
    let Some(Node::List(items)) = get(object, key).map(|tree| &tree.kind) else {
        return Vec::new();
    };
    let table = |item: &'t Tree| match &item.kind {
        Node::Table(entries) => Some((item.line as usize, entries.as_slice())),
        _ => None,
    };
    items.iter().filter_map(table).collect()
}

/// The texts of a list.
pub fn texts<'t>(object: &'t Object, key: &str) -> Vec<&'t str> {
    let Some(Node::List(items)) = get(object, key).map(|tree| &tree.kind) else {
        return Vec::new();
    };
    let text = |item: &'t Tree| match &item.kind {
        Node::Text(text) => Some(text.as_str()),
        _ => None,
    };
    items.iter().filter_map(text).collect()
}

/// A defined option.
#[derive(Debug, Clone)]
struct Defined {
    name: String,
    code: u32,
    space: String,
    form: Form,
}

/// The definitions in force: the configuration's, and those of a class before them.
#[derive(Debug, Clone, Default)]
pub struct Definitions {
    defined: Vec<Defined>,
    by_name: HashMap<(String, String), usize>,
}

/// Kea's own space.
const DHCP4: &str = "dhcp4";
/// Kea's space for the sub-options of option 43.
const VENDOR: &str = "vendor-encapsulated-options-space";

impl Definitions {
    /// Adds `option-def` entries; each that cannot be read with its line and reason.
    pub fn add(&mut self, object: &Object) -> Vec<(usize, String)> {
        let mut wrong = Vec::new();
        for (line, def) in objects(object, "option-def") {
            match defined(def) {
                Ok(defined) => {
                    self.by_name
                        .insert((defined.space.clone(), defined.name.clone()), self.defined.len());
                    self.defined.push(defined);
                }
                Err(text) => wrong.push((line, text)),
            }
        }
        wrong
    }

    fn find(&self, space: &str, name: Option<&str>, code: Option<u32>) -> Option<&Defined> {
        match name {
            Some(name) => self
                .by_name
                .get(&(space.to_owned(), name.to_owned()))
                .and_then(|at| self.defined.get(*at)),
            None => {
                self.defined.iter().rev().find(|one| one.space == space && Some(one.code) == code)
            }
        }
    }

    /// An option of DHCP by its number or name.
    pub fn code_of(&self, word: &str) -> Option<u8> {
        if let Ok(code) = word.parse() {
            return Some(code);
        }
        match self.find(DHCP4, Some(word), None) {
            Some(found) => u8::try_from(found.code).ok(),
            None => names::named(word)
                .map(|(code, _)| code)
                .or((word == "dhcp-agent-options").then_some(82)),
        }
    }
}

fn defined(def: &Object) -> Result<Defined, String> {
    let name = text(def, "name").ok_or("an option-def without a name")?.to_owned();
    let code = number(def, "code")
        .and_then(|code| u32::try_from(code).ok())
        .ok_or("an option-def without a code")?;
    let space = text(def, "space").unwrap_or(DHCP4).to_owned();
    let around = text(def, "encapsulate").filter(|space| !space.is_empty()).map(str::to_owned);
    let fields: Result<Vec<Kind>, String> = match text(def, "type").unwrap_or("binary") {
        "record" => text(def, "record-types")
            .unwrap_or_default()
            .split(',')
            .map(|word| kind(word.trim()))
            .collect(),
        word => kind(word).map(|kind| vec![kind]),
    };
    let many = flag(def, "array") == Some(true);
    Ok(Defined { name, code, space, form: Form { fields: fields?, many, around } })
}

fn kind(word: &str) -> Result<Kind, String> {
    Ok(match word {
        "binary" => Kind::Bytes,
        "boolean" => Kind::Flag,
        "empty" => Kind::Empty,
        "fqdn" => Kind::Domain,
        "ipv4-address" => Kind::Address,
        "string" => Kind::Text,
        "uint8" | "int8" => Kind::Number(1),
        "uint16" | "int16" => Kind::Number(2),
        "uint32" | "int32" => Kind::Number(4),
        other => return Err(format!("the type {other:?} is not known here")),
    })
}

/// One entry of `option-data`, as changes to the answer.
pub fn option_data(
    data: &Object,
    names: &Definitions,
) -> Result<Vec<(Target, Mode, Expr)>, String> {
    let space = text(data, "space").unwrap_or(DHCP4);
    let name = text(data, "name");
    let code = number(data, "code").and_then(|code| u32::try_from(code).ok());
    let found = names.find(space, name, None).or_else(|| names.find(space, None, code));
    let standard = match (space, name, code) {
        (DHCP4, Some(name), _) => names::named(name),
        (DHCP4, None, Some(code)) => {
            u8::try_from(code).ok().and_then(|code| Some((code, names::form_of(code)?)))
        }
        _ => None,
    };
    let code = found
        .map(|found| found.code)
        .or(standard.as_ref().map(|(code, _)| (*code).into()))
        .or(code);
    let Some(code) = code else {
        return Err(format!(
            "the option {:?} of the space {space:?} is not known here",
            name.unwrap_or("?")
        ));
    };
    if flag(data, "never-send") == Some(true) {
        let code = u8::try_from(code).map_err(|_| "an option over 255".to_owned())?;
        return Ok(vec![(Target::Option(code), Mode::Remove, Expr::Bytes(Vec::new()))]);
    }
    let form = found.map(|found| found.form.clone()).or(standard.map(|(_, form)| form));
    let around = match (&form, space, code) {
        // The own definition of 43: nothing, and the sub-options of Kea's space (ARM, "DHCPv4 Vendor-Specific Options").
        (_, DHCP4, 43) if found.is_none() => Some(VENDOR.to_owned()),
        (Some(form), ..) => form.around.clone(),
        _ => None,
    };
    let written = text(data, "data").unwrap_or_default();
    let mut changes = Vec::new();
    if space == DHCP4 && matches!(code, 124 | 125) && found.is_none() {
        let enterprise = written.split(',').next().unwrap_or_default().trim().to_owned();
        let outer = if code == 124 { 124 } else { 125 };
        let target = Target::Encapsulate { outer, space: enterprise };
        return Ok(vec![(target, Mode::Set, Expr::Bytes(Vec::new()))]);
    }
    let (outer, is_dhcp) = (u8::try_from(code).ok(), space == DHCP4);
    if let Some(around) = around {
        match outer.filter(|_| is_dhcp) {
            Some(outer) => changes.push((
                Target::Encapsulate { outer, space: around },
                Mode::Set,
                Expr::Bytes(Vec::new()),
            )),
            None => return Err("an option space inside another one".to_owned()),
        }
        if written.is_empty() {
            return Ok(changes);
        }
    }
    let bytes = encoded(data, form.as_ref(), written)?;
    let target = match outer.filter(|_| is_dhcp) {
        Some(code) => Target::Option(code),
        None => Target::Space(
            space
                .strip_prefix("vendor-")
                .filter(|rest| rest.parse::<u32>().is_ok())
                .unwrap_or(space)
                .to_owned(),
            code,
        ),
    };
    changes.push((target, Mode::Set, Expr::Bytes(bytes)));
    Ok(changes)
}

/// With `csv-format` values with commas between them, else hex digits or a text in single quotes.
fn encoded(data: &Object, form: Option<&Form>, written: &str) -> Result<Vec<u8>, String> {
    let by_form = form.filter(|_| flag(data, "csv-format").unwrap_or(true));
    match by_form {
        Some(form) => kinds::encode(form, &words(written)),
        None => {
            let bare = written.trim();
            let quoted = bare.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
            match quoted {
                Some(text) => Ok(text.as_bytes().to_vec()),
                None if bare.is_empty() => Ok(Vec::new()),
                None => hex(bare)
                    .ok_or_else(|| "expected hex digits, or a text in single quotes".to_owned()),
            }
        }
    }
}

/// The values of a text; `\,` is a comma of a value.
fn words(written: &str) -> Vec<Word> {
    let mut words = vec![String::new()];
    let mut characters = written.chars().peekable();
    while let Some(character) = characters.next() {
        let Some(word) = words.last_mut() else { break };
        match character {
            '\\' if characters.peek() == Some(&',') => {
                characters.next();
                word.push(',');
            }
            ',' => words.push(String::new()),
            other => word.push(other),
        }
    }
    let word = |word: String| Word { bytes: word.trim().as_bytes().to_vec(), quoted: false };
    words.into_iter().map(word).collect()
}
