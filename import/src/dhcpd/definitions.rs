//! dhcpd's option spaces and the options that a file defines.

use std::collections::{BTreeSet, HashMap};

use super::items::Item;
use super::tokens::Token;
use crate::kinds::{Form, Kind};
use crate::model::Place;
use crate::names;

/// An option, by its space (empty: DHCP's own) and number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    pub space: String,
    pub number: u32,
    pub form: Option<Form>,
}

impl Named {
    /// The code, if it is an option of DHCP itself.
    pub fn code(&self) -> Option<u8> {
        u8::try_from(self.number).ok().filter(|_| self.space.is_empty())
    }
}

/// What the file defines.
#[derive(Debug, Default)]
pub struct Definitions {
    spaces: BTreeSet<String>,
    options: HashMap<String, Named>,
    /// Options around a space, with the place of their definition.
    pub around: Vec<(u8, String, Place)>,
    /// Definitions that cannot be read, and why.
    pub wrong: Vec<(Place, String)>,
}

impl Definitions {
    pub fn of(items: &[Item]) -> Definitions {
        let mut definitions = Definitions::default();
        definitions.collect(items);
        definitions
    }

    fn collect(&mut self, items: &[Item]) {
        for item in items {
            match item {
                Item::Statement { at, words } => {
                    if let Some(Err(text)) = self.take(at, words) {
                        self.wrong.push((at.clone(), text));
                    }
                }
                Item::Block { items, .. } => self.collect(items),
                Item::If(branches) => {
                    branches.iter().for_each(|branch| self.collect(&branch.items))
                }
            }
        }
    }

    /// `None`: not a definition.
    fn take(&mut self, at: &Place, words: &[Token]) -> Option<Result<(), String>> {
        let [Token::Word(option), rest @ ..] = words else { return None };
        if option != "option" {
            return None;
        }
        match rest {
            [Token::Word(space), Token::Word(name), widths @ ..] if space == "space" => {
                self.spaces.insert(name.clone());
                Some(one_byte_each(widths))
            }
            [
                Token::Word(name),
                Token::Word(code),
                Token::Word(number),
                Token::Sign("="),
                kind @ ..,
            ] if code == "code" => Some(self.define(at, name, number, kind)),
            _ => None,
        }
    }

    fn define(
        &mut self,
        at: &Place,
        name: &str,
        number: &str,
        kind: &[Token],
    ) -> Result<(), String> {
        let number: u32 = number
            .parse()
            .map_err(|_| "expected the option's number behind \"code\"".to_owned())?;
        let form = form(kind)?;
        let space = name.split_once('.').map_or("", |(space, _)| space).to_owned();
        if let Some(around) = &form.around {
            match (space.as_str(), u8::try_from(number)) {
                ("", Ok(code)) => self.around.push((code, around.clone(), at.clone())),
                _ => return Err("an option space inside another one".to_owned()),
            }
        }
        self.options.insert(name.to_owned(), Named { space, number, form: Some(form) });
        Ok(())
    }

    /// Whether this statement only defines something.
    pub fn is_definition(words: &[Token]) -> bool {
        matches!(words, [Token::Word(option), Token::Word(space), ..] if option == "option" && space == "space")
            || matches!(words, [Token::Word(option), _, Token::Word(code), Token::Word(_), Token::Sign("="), ..]
                if option == "option" && code == "code")
    }

    /// An option by its name: defined in the file, of DHCP itself, or `unknown-176`.
    pub fn option(&self, name: &str) -> Result<Named, String> {
        if let Some(found) = self.options.get(name) {
            return Ok(found.clone());
        }
        let (space, bare) = name.split_once('.').unwrap_or(("", name));
        let space = if space == "dhcp" { "" } else { space };
        let number = ["unknown-", "option-"]
            .iter()
            .find_map(|prefix| bare.strip_prefix(prefix)?.parse().ok());
        if let Some(number) = number {
            let form =
                u8::try_from(number).ok().filter(|_| space.is_empty()).and_then(names::form_of);
            return Ok(Named { space: space.to_owned(), number, form });
        }
        if space == "agent" {
            return Ok(Named { space: "agent".to_owned(), number: 0, form: None });
        }
        let known = names::named(bare).filter(|_| space.is_empty());
        let known = known
            .or_else(|| (bare == "relay-agent-information").then(|| (82, Form::one(Kind::Bytes))));
        match known {
            Some((code, form)) => {
                Ok(Named { space: String::new(), number: code.into(), form: Some(form) })
            }
            None => Err(format!(
                "the option {name:?} is not defined in this file and is none of DHCP's own"
            )),
        }
    }

    /// The sub-option of option 82 that `agent.NAME` means (dhcp-options(5)).
    pub fn relay(&self, name: &str) -> Option<u8> {
        match name.strip_prefix("agent.")? {
            "circuit-id" => Some(1),
            "remote-id" => Some(2),
            "link-selection" => Some(5),
            _ => None,
        }
    }
}

/// `code width 1 length width 1 hash size 11`: how a space's numbers and lengths are written.
fn one_byte_each(widths: &[Token]) -> Result<(), String> {
    for pair in widths.windows(2) {
        if let [Token::Word(width), Token::Word(bytes)] = pair
            && width == "width"
            && bytes != "1"
        {
            return Err(format!(
                "numbers or lengths of {bytes} bytes in a space; what is sent of it was made with one byte each"
            ));
        }
    }
    Ok(())
}

/// `text`, `array of ip-address`, `{ ip-address, unsigned integer 8 }` (dhcp-options(5), "Defining new options").
fn form(words: &[Token]) -> Result<Form, String> {
    let (many, words) = match words {
        [Token::Word(array), Token::Word(of), rest @ ..] if array == "array" && of == "of" => {
            (true, rest)
        }
        _ => (false, words),
    };
    if let [Token::Word(word), Token::Word(space)] = words
        && word == "encapsulate"
    {
        return Ok(Form { fields: vec![Kind::Bytes], many, around: Some(space.clone()) });
    }
    let fields: Vec<&[Token]> = match words {
        [Token::Sign("{"), inner @ .., Token::Sign("}")] => {
            inner.split(|token| *token == Token::Sign(",")).collect()
        }
        words => vec![words],
    };
    let fields: Result<Vec<Kind>, String> = fields.into_iter().map(kind).collect();
    Ok(Form { fields: fields?, many, around: None })
}

fn kind(words: &[Token]) -> Result<Kind, String> {
    let mut texts: Vec<&str> = Vec::new();
    for word in words {
        match word {
            Token::Word(word) => texts.push(word),
            _ => return Err("a type that is not known here".to_owned()),
        }
    }
    let texts = match texts.as_slice() {
        ["signed" | "unsigned", rest @ ..] => rest,
        all => all,
    };
    Ok(match texts {
        ["text"] => Kind::Text,
        ["string"] => Kind::Bytes,
        ["boolean" | "flag"] => Kind::Flag,
        ["ip-address"] => Kind::Address,
        ["integer", "8"] => Kind::Number(1),
        ["integer", "16"] => Kind::Number(2),
        ["integer", "32"] => Kind::Number(4),
        ["domain-name"] => Kind::Domain,
        ["domain-list", ..] => Kind::Domains,
        ["zerolength"] => Kind::Empty,
        other => return Err(format!("the type {:?} is not known here", other.join(" "))),
    })
}
