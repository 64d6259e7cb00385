//! One statement of dhcpd.conf: a change to the answer, or something that is not taken over.

use super::definitions::{Definitions, Named};
use super::tokens::Token;
use super::{BY_HAND, Reader, Scope, expressions, texts};
use crate::kinds::{self, Word};
use crate::model::{Expr, Mode, Place, Target};

/// What a statement does.
pub struct Change {
    pub target: Target,
    pub mode: Mode,
    pub value: Expr,
}

/// The options of a space go into an option.
pub fn encapsulate(outer: u8, space: &str) -> Change {
    let target = Target::Encapsulate { outer, space: space.to_owned() };
    Change { target, mode: Mode::Set, value: Expr::Bytes(Vec::new()) }
}

/// Statements that change an answer.
const ABOUT_ANSWERS: [&str; 9] = [
    "option",
    "supersede",
    "default",
    "append",
    "prepend",
    "filename",
    "server-name",
    "next-server",
    "vendor-option-space",
];

/// Whether a statement changes an answer.
pub fn is_about_answers(words: &[Token]) -> bool {
    matches!(words.first(), Some(Token::Word(word)) if ABOUT_ANSWERS.contains(&word.as_str()))
        && !Definitions::is_definition(words)
}

/// What dhcpd decides itself, and offhook does not touch.
const STAYS: [(&str, &str); 12] = [
    ("range", "which addresses a subnet has"),
    ("hardware", ""),
    ("fixed-address", ""),
    ("match", ""),
    ("subclass", ""),
    ("spawn", ""),
    ("log", "a line in dhcpd's log"),
    ("allow", "who gets an address"),
    ("deny", "who gets an address"),
    ("ignore", "who gets an answer"),
    ("interface", "where the server listens"),
    ("dynamic-bootp", "BOOTP clients"),
];

impl Reader {
    pub(super) fn statement(&mut self, at: &Place, words: &[Token], scope: &Scope) {
        self.look_at(words);
        if Definitions::is_definition(words) {
            return;
        }
        let Some(Token::Word(first)) = words.first() else {
            self.old.note(at, "a statement that is not known here", BY_HAND);
            return;
        };
        let first = first.to_ascii_lowercase();
        let rest = words.get(1..).unwrap_or_default();
        let read = match first.as_str() {
            "option" => self.option(rest, Mode::Set),
            "supersede" => self.option(behind_option(rest), Mode::Set),
            "default" => self.option(behind_option(rest), Mode::Default),
            "append" => self.option(behind_option(rest), Mode::Append),
            "prepend" => self.option(behind_option(rest), Mode::Prepend),
            "filename" => self.text(rest, Target::BootFile),
            "server-name" => self.text(rest, Target::ServerName),
            "next-server" => self.next_server(rest),
            "vendor-option-space" => match rest {
                [Token::Word(space)] => Ok(encapsulate(43, space)),
                _ => Err("expected the name of an option space".to_owned()),
            },
            _ => {
                self.other(at, &first);
                return;
            }
        };
        match read {
            Ok(change) => self.rule(at, scope, change),
            Err(text) => {
                let what = texts(rest).first().cloned().unwrap_or_default();
                let what = match first.as_str() {
                    "option" => format!("option {what}"),
                    other => other.to_owned(),
                };
                self.old.note(at, format!("{what}: {text}"), BY_HAND);
            }
        }
    }

    fn other(&mut self, at: &Place, first: &str) {
        if let Some((_, what)) = STAYS.iter().find(|(known, _)| *known == first) {
            if !what.is_empty() {
                self.old.stays(at, what);
            }
            return;
        }
        match first {
            "site-option-space" => {
                let text =
                    "\"site-option-space\": options 128 to 254 of a space for some clients only";
                self.old.note(at, text, BY_HAND);
            }
            "set" | "unset" | "eval" | "execute" | "define" => {
                let text = format!("\"{first}\" computes something while the server runs");
                self.old.note(at, text, BY_HAND);
            }
            "add" => self.old.note(
                at,
                "\"add\" puts clients into a class while the server runs",
                "say in the policy whom it means (vendors, sites or devices)",
            ),
            "send" | "request" | "require" | "also" => {
                self.old.stays(at, "a statement for DHCP clients");
            }
            _ => self.old.stays(at, &format!("\"{first}\"")),
        }
    }

    fn option(&self, words: &[Token], mode: Mode) -> Result<Change, String> {
        let Some((Token::Word(name), rest)) = words.split_first() else {
            return Err("expected the name of an option".to_owned());
        };
        let found = self.names.option(name)?;
        if found.space == "agent" || found.code() == Some(82) {
            return Err("the relay's option cannot be set".to_owned());
        }
        let value = match rest {
            [Token::Sign("="), expression @ ..] => expressions::value(expression, &self.names)?,
            literal => self.literal(&found, literal)?,
        };
        let target = match found.code() {
            Some(code) => Target::Option(code),
            None => Target::Space(found.space, found.number),
        };
        Ok(Change { target, mode, value })
    }

    fn literal(&self, found: &Named, words: &[Token]) -> Result<Expr, String> {
        let form =
            found.form.as_ref().ok_or("its type is not known: it is not defined in this file")?;
        let mut values = Vec::new();
        for token in words {
            match token {
                Token::Word(word) => {
                    values.push(Word { bytes: word.clone().into_bytes(), quoted: false })
                }
                Token::Quoted(text) => values.push(Word { bytes: text.clone(), quoted: true }),
                Token::Sign(",") => {}
                // An expression without "=": dhcpd takes it for some types.
                Token::Sign(_) => return expressions::value(words, &self.names),
            }
        }
        let encoded = kinds::encode(form, &values);
        match encoded {
            Ok(bytes) => Ok(Expr::Bytes(bytes)),
            Err(text) => expressions::value(words, &self.names).map_err(|_| text),
        }
    }

    fn text(&self, words: &[Token], target: Target) -> Result<Change, String> {
        let words = match words {
            [Token::Sign("="), rest @ ..] => rest,
            all => all,
        };
        let value = expressions::value(words, &self.names)?;
        Ok(Change { target, mode: Mode::Set, value })
    }

    fn next_server(&self, words: &[Token]) -> Result<Change, String> {
        let value = match words {
            [Token::Word(word)] => match word.parse::<std::net::Ipv4Addr>() {
                Ok(address) => Expr::Bytes(address.octets().to_vec()),
                Err(_) => return Err("expected an IPv4 address; dhcpd looks a name up when it starts: write the address".to_owned()),
            },
            [Token::Sign("="), rest @ ..] => expressions::value(rest, &self.names)?,
            other => expressions::value(other, &self.names)?,
        };
        Ok(Change { target: Target::NextServer, mode: Mode::Set, value })
    }
}

/// `supersede option NAME`, also without the word.
fn behind_option(words: &[Token]) -> &[Token] {
    match words {
        [Token::Word(option), rest @ ..] if option == "option" => rest,
        all => all,
    }
}
