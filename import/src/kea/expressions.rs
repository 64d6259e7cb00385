//! Kea's expressions of client classes and of the hook flex_option ("Using Expressions in Classification",
//! Kea's administrator reference manual).

use std::net::Ipv4Addr;

use super::options::Definitions;
use crate::model::{Cond, Expr};

/// What a `member()` means.
pub trait Members {
    /// The condition of a class; `None`: it is not known when this class is evaluated.
    fn member(&self, name: &str) -> Option<Cond>;
}

struct Reader<'t> {
    rest: &'t str,
    names: &'t Definitions,
    members: &'t dyn Members,
    depth: usize,
}

const DEEPEST: usize = 64;

/// A condition.
pub fn condition(text: &str, names: &Definitions, members: &dyn Members) -> Result<Cond, String> {
    let mut reader = Reader { rest: text, names, members, depth: 0 };
    let cond = reader.either()?;
    reader.end()?;
    Ok(cond)
}

/// A value.
pub fn value(text: &str, names: &Definitions, members: &dyn Members) -> Result<Expr, String> {
    let mut reader = Reader { rest: text, names, members, depth: 0 };
    let value = reader.sum()?;
    reader.end()?;
    Ok(value)
}

impl Reader<'_> {
    fn end(&mut self) -> Result<(), String> {
        self.rest = self.rest.trim_start();
        match self.rest.is_empty() {
            true => Ok(()),
            false => Err(format!("{} is not known here", self.next_word())),
        }
    }

    /// The next word, where it is a name. Not a text: it may hold a password.
    fn next_word(&self) -> String {
        let word = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '[');
        match self.rest.chars().take(24).take_while(word).collect::<String>() {
            word if word.is_empty() => "what follows".to_owned(),
            word => format!("{word:?}"),
        }
    }

    fn sign(&mut self, sign: &str) -> bool {
        self.rest = self.rest.trim_start();
        match self.rest.strip_prefix(sign) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn need(&mut self, sign: &str) -> Result<(), String> {
        match self.sign(sign) {
            true => Ok(()),
            false => Err(format!("expected {sign:?} before {}", self.next_word())),
        }
    }

    /// A word that ends where it ends, not in the middle of another one.
    fn word(&mut self, word: &str) -> bool {
        self.rest = self.rest.trim_start();
        let Some(rest) = self.rest.strip_prefix(word) else { return false };
        let ends = !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-');
        if ends {
            self.rest = rest;
        }
        ends
    }

    fn deeper<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, String>,
    ) -> Result<T, String> {
        if self.depth >= DEEPEST {
            return Err(format!("more than {DEEPEST} expressions inside one another"));
        }
        self.depth += 1;
        let found = read(self);
        self.depth -= 1;
        found
    }

    fn either(&mut self) -> Result<Cond, String> {
        let mut all = vec![self.deeper(Self::both)?];
        while self.word("or") {
            all.push(self.deeper(Self::both)?);
        }
        Ok(if all.len() == 1 { all.remove(0) } else { Cond::Any(all) })
    }

    fn both(&mut self) -> Result<Cond, String> {
        let mut all = vec![self.deeper(Self::single)?];
        while self.word("and") {
            all.push(self.deeper(Self::single)?);
        }
        Ok(if all.len() == 1 { all.remove(0) } else { Cond::All(all) })
    }

    fn single(&mut self) -> Result<Cond, String> {
        if self.word("not") {
            return Ok(self.deeper(Self::single)?.negated());
        }
        let before = self.rest;
        if self.sign("(") {
            let inner = self.deeper(Self::either);
            if inner.is_ok() && self.sign(")") {
                return inner;
            }
            self.rest = before;
        }
        if self.word("member") {
            self.need("(")?;
            let name = self.quoted()?;
            self.need(")")?;
            let known = self.members.member(&name);
            return known
                .ok_or_else(|| format!("the class {name:?} is not defined before this one"));
        }
        if self.word("match") {
            return Err("a regular expression".to_owned());
        }
        if let Some(cond) = self.exists()? {
            return Ok(cond);
        }
        let left = self.deeper(Self::sum)?;
        if self.sign("==") {
            return Ok(Cond::Same(left, self.deeper(Self::sum)?));
        }
        if self.sign("!=") {
            return Ok(Cond::Same(left, self.deeper(Self::sum)?).negated());
        }
        Err("expected == or != in the condition".to_owned())
    }

    /// `option[60].exists`, `relay4[1].exists`.
    fn exists(&mut self) -> Result<Option<Cond>, String> {
        let before = self.rest;
        for relay in [false, true] {
            if self.word(if relay { "relay4" } else { "option" }) {
                let code = self.code()?;
                if self.sign(".exists") {
                    return Ok(Some(if relay {
                        Cond::FromRelay(code)
                    } else {
                        Cond::Exists(code)
                    }));
                }
                self.rest = before;
            }
        }
        Ok(None)
    }

    fn code(&mut self) -> Result<u8, String> {
        self.need("[")?;
        let (inner, rest) = self.rest.split_once(']').ok_or("expected ] behind an option")?;
        self.rest = rest;
        self.names.code_of(inner.trim()).ok_or_else(|| format!("the option {inner:?} is not known"))
    }

    fn quoted(&mut self) -> Result<String, String> {
        self.need("'")?;
        let (inner, rest) =
            self.rest.split_once('\'').ok_or("a text that never ends: expected '")?;
        self.rest = rest;
        Ok(inner.to_owned())
    }

    fn number(&mut self) -> Result<i64, String> {
        self.rest = self.rest.trim_start();
        let length = self.rest.bytes().take_while(|b| b.is_ascii_digit() || *b == b'-').count();
        let (digits, rest) = self.rest.split_at(length);
        self.rest = rest;
        digits.parse().map_err(|_| "expected a number".to_owned())
    }

    /// `a + b`
    fn sum(&mut self) -> Result<Expr, String> {
        let mut all = vec![self.deeper(Self::value)?];
        while self.sign("+") {
            all.push(self.deeper(Self::value)?);
        }
        Ok(if all.len() == 1 { all.remove(0) } else { Expr::Concat(all) })
    }

    fn value(&mut self) -> Result<Expr, String> {
        self.rest = self.rest.trim_start();
        if self.rest.starts_with('\'') {
            return Ok(Expr::Bytes(self.quoted()?.into_bytes()));
        }
        if self.rest.starts_with("0x") || self.rest.starts_with("0X") {
            let digits = self.rest.get(2..).unwrap_or_default();
            let length = digits.bytes().take_while(u8::is_ascii_hexdigit).count();
            let (digits, rest) = digits.split_at(length);
            self.rest = rest;
            let even = if digits.len() % 2 == 1 { format!("0{digits}") } else { digits.to_owned() };
            return hex::decode(even).map(Expr::Bytes).map_err(|error| error.to_string());
        }
        if self.sign("(") {
            let inner = self.deeper(Self::sum)?;
            self.need(")")?;
            return Ok(inner);
        }
        if self.word("substring") {
            return self.substring();
        }
        if self.word("concat") {
            self.need("(")?;
            let first = self.deeper(Self::sum)?;
            self.need(",")?;
            let second = self.deeper(Self::sum)?;
            self.need(")")?;
            return Ok(Expr::Concat(vec![first, second]));
        }
        if self.word("ifelse") {
            self.need("(")?;
            let cond = self.deeper(Self::either)?;
            self.need(",")?;
            let yes = self.deeper(Self::sum)?;
            self.need(",")?;
            let no = self.deeper(Self::sum)?;
            self.need(")")?;
            return Ok(Expr::If(Box::new(cond), Box::new(yes), Box::new(no)));
        }
        if self.word("hexstring") {
            self.need("(")?;
            let of = Box::new(self.deeper(Self::sum)?);
            self.need(",")?;
            let separator = self.quoted()?.into_bytes();
            self.need(")")?;
            return Ok(Expr::Digits { base: 16, width: 1, separator, padded: true, of });
        }
        for (name, upper) in [("lcase", false), ("ucase", true)] {
            if self.word(name) {
                self.need("(")?;
                let of = Box::new(self.deeper(Self::sum)?);
                self.need(")")?;
                return Ok(Expr::Case(of, upper));
            }
        }
        self.packet()
    }

    fn packet(&mut self) -> Result<Expr, String> {
        let there = |value: Expr| Expr::First(vec![value, Expr::Bytes(Vec::new())]);
        if self.word("option") {
            let code = self.code()?;
            if self.sign(".hex") || self.sign(".text") {
                return Ok(there(Expr::Option(code)));
            }
            // option[82].option[1]: a sub-option of the relay's.
            if code == 82 && self.sign(".option") {
                let sub = self.code()?;
                self.need(".hex")?;
                return Ok(there(Expr::Relay(sub)));
            }
            return Err("a sub-option of an option".to_owned());
        }
        if self.word("relay4") {
            let code = self.code()?;
            self.need(".hex")?;
            return Ok(there(Expr::Relay(code)));
        }
        if self.word("pkt4.mac") {
            return Ok(Expr::Mac);
        }
        if self.word("pkt4.hlen") {
            return Ok(Expr::Bytes(vec![0, 0, 0, 6]));
        }
        if self.word("pkt4.htype") {
            return Ok(Expr::Bytes(vec![0, 0, 0, 1]));
        }
        if self.word("pkt4.msgtype") {
            return Ok(Expr::Concat(vec![Expr::Bytes(vec![0, 0, 0]), Expr::Option(53)]));
        }
        let length = self
            .rest
            .bytes()
            .take_while(|b| b.is_ascii_alphanumeric() || b".-_".contains(b))
            .count();
        let (word, rest) = self.rest.split_at(length);
        if let Ok(address) = word.parse::<Ipv4Addr>() {
            self.rest = rest;
            return Ok(Expr::Bytes(address.octets().to_vec()));
        }
        Err(format!("{word:?} is an expression that a policy has no form for"))
    }

    fn substring(&mut self) -> Result<Expr, String> {
        self.need("(")?;
        let of = Box::new(self.deeper(Self::sum)?);
        self.need(",")?;
        let from = self.number()?;
        self.need(",")?;
        let length = if self.word("all") { None } else { Some(self.number()?) };
        self.need(")")?;
        let size = |number: i64| usize::try_from(number).ok();
        match (size(from), length.map(size)) {
            (Some(from), None) => Ok(Expr::Part { of, from, length: usize::MAX }),
            (Some(from), Some(Some(length))) => Ok(Expr::Part { of, from, length }),
            (None, None) => {
                let length = size(-from).ok_or("a negative length")?;
                Ok(Expr::End(of, length))
            }
            _ => Err("substring with a negative number".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Known;
    impl Members for Known {
        fn member(&self, name: &str) -> Option<Cond> {
            (name == "KNOWN").then_some(Cond::EVERY)
        }
    }

    #[test]
    fn the_usual_forms_are_read() {
        let names = Definitions::default();
        let read = |text: &str| condition(text, &names, &Known);
        for good in [
            "substring(option[60].hex,0,7) == 'yealink'",
            "option[60].exists and not (option[vendor-class-identifier].hex == 'snom')",
            "substring(pkt4.mac, 0, 3) == 0x001565 or substring(hexstring(pkt4.mac, ':'),0,8) == '00:04:13'",
            "member('KNOWN') and relay4[1].hex == 0x01",
            "(option[77].text == 'x')",
            "('a' + 'b') == 'ab'",
        ] {
            assert!(read(good).is_ok(), "{good}: {:?}", read(good));
        }
        assert!(read("member('later')").unwrap_err().contains("not defined before"));
        assert!(read("split(option[60].hex, ' ', 1) == 'x'").unwrap_err().contains("no form"));
        let deep = format!("{}option[60].exists{}", "(".repeat(500), ")".repeat(500));
        assert!(read(&deep).is_err());
    }
}
