//! dhcpd's expressions (dhcp-eval(5)) as conditions and values.

use super::definitions::Definitions;
use super::tokens::Token;
use crate::kinds::hex;
use crate::model::{Cond, Expr};

/// Words that are read from the left.
pub struct Reader<'t> {
    words: &'t [Token],
    names: &'t Definitions,
    depth: usize,
}

const DEEPEST: usize = 64;

/// A condition: all words must belong to it.
pub fn condition(words: &[Token], names: &Definitions) -> Result<Cond, String> {
    let mut reader = Reader { words, names, depth: 0 };
    let cond = reader.condition()?;
    reader.end()?;
    Ok(cond)
}

/// A value: all words must belong to it.
pub fn value(words: &[Token], names: &Definitions) -> Result<Expr, String> {
    let mut reader = Reader { words, names, depth: 0 };
    let value = reader.value()?;
    reader.end()?;
    Ok(value)
}

impl<'t> Reader<'t> {
    fn end(&self) -> Result<(), String> {
        match self.words {
            [] => Ok(()),
            _ => Err("the expression goes on where its end was expected".to_owned()),
        }
    }

    fn sign(&mut self, sign: &str) -> bool {
        match self.words {
            [Token::Sign(found), rest @ ..] if *found == sign => {
                self.words = rest;
                true
            }
            _ => false,
        }
    }

    fn need(&mut self, sign: &str) -> Result<(), String> {
        match self.sign(sign) {
            true => Ok(()),
            false => Err(format!("expected {sign} in the expression")),
        }
    }

    fn word(&mut self, word: &str) -> bool {
        match self.words {
            [Token::Word(found), rest @ ..] if found.eq_ignore_ascii_case(word) => {
                self.words = rest;
                true
            }
            _ => false,
        }
    }

    fn any_word(&mut self) -> Result<&'t str, String> {
        match self.words {
            [Token::Word(found), rest @ ..] => {
                self.words = rest;
                Ok(found)
            }
            _ => Err("expected a name or a number in the expression".to_owned()),
        }
    }

    fn number(&mut self) -> Result<usize, String> {
        let word = self.any_word()?;
        let small = word.parse().ok().filter(|number| *number <= 65535);
        small.ok_or_else(|| format!("expected a number, found {word:?}"))
    }

    fn deeper<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, String>,
    ) -> Result<T, String> {
        if self.depth >= DEEPEST {
            return Err(format!("more than {DEEPEST} expressions inside one another"));
        }
        self.depth += 1;
        let read = read(self);
        self.depth -= 1;
        read
    }

    fn condition(&mut self) -> Result<Cond, String> {
        let first = self.deeper(Self::single)?;
        let mut all = vec![first];
        let mut by = None;
        loop {
            let and = match (self.word("and"), by) {
                (true, _) => true,
                (false, _) if self.word("or") => false,
                _ => break,
            };
            if by.is_some_and(|before| before != and) {
                return Err("\"and\" and \"or\" are mixed without parentheses".to_owned());
            }
            by = Some(and);
            all.push(self.deeper(Self::single)?);
        }
        Ok(match by {
            None => all.pop().unwrap_or(Cond::EVERY),
            Some(true) => Cond::All(all),
            Some(false) => Cond::Any(all),
        })
    }

    fn single(&mut self) -> Result<Cond, String> {
        if self.word("not") {
            return Ok(self.deeper(Self::single)?.negated());
        }
        if self.word("exists") {
            let name = self.any_word()?;
            return match self.names.option(name)?.code() {
                Some(82) => Ok(Cond::Exists(82)),
                Some(code) => Ok(Cond::Exists(code)),
                None => self.names.relay(name).map(Cond::FromRelay).ok_or_else(|| unknown(name)),
            };
        }
        if self.word("true") {
            return Ok(Cond::EVERY);
        }
        if self.word("false") {
            return Ok(Cond::NONE);
        }
        for word in ["known", "static", "check"] {
            if self.word(word) {
                return Err(format!("\"{word}\" depends on the server's own state"));
            }
        }
        // A parenthesis opens a condition or a value; only reading on shows which.
        let before = self.words;
        if self.sign("(") {
            let inner = self.deeper(Self::condition);
            if inner.is_ok() && self.sign(")") && !self.compares() {
                return inner;
            }
            self.words = before;
        }
        let left = self.deeper(Self::value)?;
        if self.sign("=") {
            return Ok(Cond::Same(left, self.deeper(Self::value)?));
        }
        if self.sign("!=") {
            return Ok(Cond::Same(left, self.deeper(Self::value)?).negated());
        }
        for (sign, any_case) in [("~=", false), ("~~", true)] {
            if self.sign(sign) {
                let Expr::Bytes(pattern) = self.deeper(Self::value)? else {
                    return Err(format!("{sign} wants a text in quotes"));
                };
                return pattern_condition(left, &pattern, any_case);
            }
        }
        Err("a condition compares with =, !=, ~= or ~~".to_owned())
    }

    fn compares(&self) -> bool {
        matches!(self.words, [Token::Sign("=" | "!=" | "~=" | "~~"), ..])
    }

    fn list(&mut self) -> Result<Vec<Expr>, String> {
        self.need("(")?;
        let mut values = vec![self.deeper(Self::value)?];
        while self.sign(",") {
            values.push(self.deeper(Self::value)?);
        }
        self.need(")")?;
        Ok(values)
    }

    fn value(&mut self) -> Result<Expr, String> {
        if self.sign("(") {
            let inner = self.deeper(Self::value)?;
            self.need(")")?;
            return Ok(inner);
        }
        if let [Token::Quoted(text), rest @ ..] = self.words {
            self.words = rest;
            return Ok(Expr::Bytes(text.clone()));
        }
        let word = self.any_word()?;
        match word.to_ascii_lowercase().as_str() {
            "option" => {
                let name = self.any_word()?;
                match self.names.option(name)?.code() {
                    Some(code) => Ok(Expr::Option(code)),
                    None => self.names.relay(name).map(Expr::Relay).ok_or_else(|| unknown(name)),
                }
            }
            "config-option" => {
                let found = self.names.option(self.any_word()?)?;
                Ok(Expr::Config(found.space, found.number))
            }
            "hardware" => Ok(Expr::Concat(vec![Expr::Bytes(vec![1]), Expr::Mac])),
            "substring" => {
                self.need("(")?;
                let of = Box::new(self.deeper(Self::value)?);
                self.need(",")?;
                let from = self.number()?;
                self.need(",")?;
                let length = self.number()?;
                self.need(")")?;
                Ok(Expr::Part { of, from, length })
            }
            "suffix" => {
                self.need("(")?;
                let of = Box::new(self.deeper(Self::value)?);
                self.need(",")?;
                let length = self.number()?;
                self.need(")")?;
                Ok(Expr::End(of, length))
            }
            "lcase" | "ucase" => {
                let upper = word.eq_ignore_ascii_case("ucase");
                self.need("(")?;
                let of = Box::new(self.deeper(Self::value)?);
                self.need(")")?;
                Ok(Expr::Case(of, upper))
            }
            "concat" => Ok(Expr::Concat(self.list()?)),
            "pick-first-value" | "pick" => Ok(Expr::First(self.list()?)),
            "binary-to-ascii" => self.digits(),
            "encode-int" => {
                self.need("(")?;
                let number = self.number()? as u64;
                self.need(",")?;
                let size = match self.number()? {
                    size @ (8 | 16 | 32) => size / 8,
                    _ => return Err("encode-int takes 8, 16 or 32 bits".to_owned()),
                };
                self.need(")")?;
                let bytes = number.to_be_bytes();
                Ok(Expr::Bytes(bytes.get(8 - size..).unwrap_or_default().to_vec()))
            }
            "packet" => {
                self.need("(")?;
                let from = self.number()?;
                self.need(",")?;
                let length = self.number()?;
                self.need(")")?;
                match (from, length) {
                    // The packet's chaddr (RFC 2131, section 2).
                    (28..34, 1..=6) => {
                        Ok(Expr::Part { of: Box::new(Expr::Mac), from: from - 28, length })
                    }
                    _ => Err("packet(...) of another field than the hardware address".to_owned()),
                }
            }
            "leased-address" | "host-decl-name" | "client-state" | "lease-time" | "reverse"
            | "gethostbyname" | "extract-int" | "encapsulate" | "filename" | "server-name" => {
                Err(format!("\"{word}\" is an expression that a policy has no form for"))
            }
            _ => hex(word)
                .filter(|_| word.contains(':') || word.starts_with("0x") || word.len() <= 2)
                .map(Expr::Bytes)
                .ok_or_else(|| format!("{word:?} is an expression that is not known here")),
        }
    }

    fn digits(&mut self) -> Result<Expr, String> {
        self.need("(")?;
        let base = self.number()?;
        self.need(",")?;
        let width = self.number()?;
        self.need(",")?;
        let Expr::Bytes(separator) = self.deeper(Self::value)? else {
            return Err("binary-to-ascii wants a text as separator".to_owned());
        };
        self.need(",")?;
        let of = Box::new(self.deeper(Self::value)?);
        self.need(")")?;
        match (base, width) {
            (8 | 10 | 16, 8 | 16 | 32) => Ok(Expr::Digits {
                base: base as u8,
                width: width / 8,
                separator,
                padded: false,
                of,
            }),
            _ => Err("binary-to-ascii takes base 8, 10 or 16 and 8, 16 or 32 bits".to_owned()),
        }
    }
}

fn unknown(name: &str) -> String {
    format!("the option {name:?} is not known: its definition is missing in this file")
}

/// A regular expression that is nothing but a text, with `^` before it or `.*` behind it.
fn pattern_condition(value: Expr, pattern: &[u8], any_case: bool) -> Result<Cond, String> {
    let complex = || "a regular expression that is more than a text with ^ before it".to_owned();
    let text = std::str::from_utf8(pattern).map_err(|_| complex())?;
    let (anchored, text) = match text.strip_prefix('^') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let text = text.strip_suffix(".*").unwrap_or(text);
    if text.contains(['.', '*', '[', ']', '(', ')', '|', '?', '+', '\\', '$', '^', '{']) {
        return Err(complex());
    }
    let (value, text) = match any_case {
        true => (Expr::Case(Box::new(value), false), text.to_ascii_lowercase()),
        false => (value, text.to_owned()),
    };
    Ok(match anchored {
        true => Cond::Begins(value, text.bytes().map(Some).collect()),
        false => Cond::Contains(value, text.into_bytes()),
    })
}
