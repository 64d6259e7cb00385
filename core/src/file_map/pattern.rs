//! Names of files and folders as far as they are known before a phone asks: fixed text, and holes for
//! the phone's address and model.

use crate::mac::Mac;
use crate::text::{Live, Piece, pieces, write_mac};

/// A piece of a name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Atom {
    /// These characters.
    Text(String),
    /// The hardware address: upper case or not, separator or none (0).
    Mac {
        /// With `A` to `F`.
        upper: bool,
        /// Between the bytes, as ASCII; 0: none.
        separator: u8,
    },
    /// The phone's model.
    Model,
}

/// A name, or a path with `/` between its parts.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pattern(pub Vec<Atom>);

/// The characters that a name in the tree may hold; every web server and file system reads them alike.
pub fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '+')
}

impl Pattern {
    /// The pattern of a file's name in the catalogue (`snom{{model}}-{{MAC}}.htm`). `None` if the name
    /// holds anything that is not known before a phone asks.
    pub fn from_name(name: &str) -> Option<Pattern> {
        let mut pattern = Pattern::default();
        for piece in pieces(name).ok()? {
            match piece {
                Piece::Literal(text) => pattern.push_text(text),
                Piece::Name(name) => pattern.0.push(Atom::from_live(Live::named(name)?)?),
            }
        }
        Some(pattern)
    }

    /// Adds characters at the end.
    pub fn push_text(&mut self, text: &str) {
        match self.0.last_mut() {
            _ if text.is_empty() => {}
            Some(Atom::Text(last)) => last.push_str(text),
            _ => self.0.push(Atom::Text(text.to_owned())),
        }
    }

    /// One behind the other.
    pub fn joined(&self, other: &Pattern) -> Pattern {
        let mut joined = self.clone();
        for atom in &other.0 {
            match atom {
                Atom::Text(text) => joined.push_text(text),
                other => joined.0.push(other.clone()),
            }
        }
        joined
    }

    /// The name for one phone.
    pub fn filled(&self, mac: Mac, model: &str) -> String {
        let mut name = Vec::new();
        for atom in &self.0 {
            match atom {
                Atom::Text(text) => name.extend_from_slice(text.as_bytes()),
                Atom::Mac { upper, separator } => write_mac(mac.0, *upper, *separator, &mut name),
                Atom::Model => name.extend_from_slice(model.as_bytes()),
            }
        }
        String::from_utf8_lossy(&name).into_owned()
    }

    /// The most characters that it can become: a model of a list has at most 64.
    pub fn longest(&self) -> usize {
        let length = |atom: &Atom| match atom {
            Atom::Text(text) => text.len(),
            Atom::Mac { separator: 0, .. } => 12,
            Atom::Mac { .. } => 17,
            Atom::Model => 64,
        };
        self.0.iter().map(length).sum()
    }

    /// Whether the hardware address is part of it.
    pub fn has_mac(&self) -> bool {
        self.0.iter().any(|atom| matches!(atom, Atom::Mac { .. }))
    }

    /// The address in the one spelling that a token is made for.
    pub fn has_lower_mac(&self) -> bool {
        self.0.contains(&Atom::Mac { upper: false, separator: 0 })
    }

    /// Whether the model is part of it.
    pub fn has_model(&self) -> bool {
        self.0.contains(&Atom::Model)
    }

    /// The text of a name without holes.
    pub fn fixed(&self) -> Option<&str> {
        match self.0.as_slice() {
            [] => Some(""),
            [Atom::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// Whether some name fits both patterns.
    pub(crate) fn overlaps(&self, other: &Pattern) -> bool {
        let (a, b) = (self.steps(), other.steps());
        let width = b.len() + 1;
        let mut seen = vec![false; (a.len() + 1) * width];
        let mut open = vec![(0, 0)];
        while let Some((i, j)) = open.pop() {
            match seen.get_mut(i * width + j) {
                Some(seen) if !*seen => *seen = true,
                _ => continue,
            }
            let (left, right) = (a.get(i), b.get(j));
            if left.is_none() && right.is_none() {
                return true;
            }
            if left.is_some_and(|step| step.repeats) {
                open.push((i + 1, j));
            }
            if right.is_some_and(|step| step.repeats) {
                open.push((i, j + 1));
            }
            if let (Some(left), Some(right)) = (left, right)
                && left.class & right.class != 0
            {
                let next = |at: usize, step: &Step| if step.repeats { at } else { at + 1 };
                open.push((next(i, left), next(j, right)));
            }
        }
        false
    }

    /// Whether the address is in the same place of every name that fits both patterns, so that the
    /// name alone says whose file it is.
    pub(crate) fn same_owner(&self, other: &Pattern) -> bool {
        let (Some(a), Some(b)) = (self.around_mac(), other.around_mac()) else { return false };
        (a.0.is_some() && a.0 == b.0) || (a.1.is_some() && a.1 == b.1)
    }

    /// How many characters precede and follow the first address; `None` where that differs.
    fn around_mac(&self) -> Option<(Option<usize>, Option<usize>)> {
        let at = self.0.iter().position(|atom| matches!(atom, Atom::Mac { .. }))?;
        let length = |atoms: &[Atom]| {
            let mut steps = Vec::new();
            steps_of(atoms, &mut steps);
            let fixed = steps.iter().all(|step| !step.repeats);
            fixed.then_some(steps.len())
        };
        Some((length(self.0.get(..at)?), length(self.0.get(at + 1..)?)))
    }

    fn steps(&self) -> Vec<Step> {
        let mut steps = Vec::new();
        steps_of(&self.0, &mut steps);
        steps
    }
}

impl Atom {
    /// `None` for what is not known before a phone asks.
    pub(crate) fn from_live(live: Live) -> Option<Atom> {
        match live {
            Live::Mac { upper, separator } => Some(Atom::Mac { upper, separator }),
            Live::Model => Some(Atom::Model),
            Live::Ip | Live::Firmware | Live::Token => None,
        }
    }
}

/// As people write it in a policy.
impl std::fmt::Display for Pattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for atom in &self.0 {
            match atom {
                Atom::Text(text) => f.write_str(text)?,
                Atom::Mac { upper: false, .. } => f.write_str("{{mac}}")?,
                Atom::Mac { upper: true, .. } => f.write_str("{{MAC}}")?,
                Atom::Model => f.write_str("{{model}}")?,
            }
        }
        Ok(())
    }
}

/// One character of a name, or any number of them: the set of those that may appear there.
struct Step {
    /// A bit for each ASCII character.
    class: u128,
    repeats: bool,
}

fn steps_of(atoms: &[Atom], steps: &mut Vec<Step>) {
    let lower = class(|c| matches!(c, '0'..='9' | 'a'..='f'));
    let upper = class(|c| matches!(c, '0'..='9' | 'A'..='F'));
    let one = |class: u128| Step { class, repeats: false };
    let mut begins = true;
    for atom in atoms {
        match atom {
            Atom::Text(text) => {
                steps.extend(text.chars().map(|c| one(class(|other| other == c))));
                begins = text.ends_with('/');
                continue;
            }
            Atom::Mac { upper: is_upper, separator } => {
                for byte in 0..6 {
                    if byte > 0 && *separator != 0 {
                        steps.push(one(1 << (separator & 127)));
                    }
                    steps.extend((0..2).map(|_| one(if *is_upper { upper } else { lower })));
                }
            }
            Atom::Model => {
                // No part of a path begins with a dot.
                if begins {
                    steps.push(one(class(|c| is_plain(c) && c != '.')));
                }
                steps.push(Step { class: class(is_plain), repeats: true });
            }
        }
        begins = false;
    }
}

fn class(holds: impl Fn(char) -> bool) -> u128 {
    (0..128u8).filter(|byte| holds(char::from(*byte))).fold(0, |all, byte| all | 1 << byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(name: &str) -> Pattern {
        Pattern::from_name(name).unwrap()
    }

    #[test]
    fn two_patterns_overlap_if_one_name_fits_both() {
        for (a, b) in [
            ("{{mac}}.cfg", "{{model}}.cfg"),
            ("{{mac}}.cfg", "000000000000.cfg"),
            ("{{mac}}.cfg", "{{MAC}}.cfg"), // an address of digits only
            ("yealink/{{mac}}.cfg", "{{model}}/{{MAC}}.cfg"),
            ("snom{{model}}.htm", "snom{{model}}-{{MAC}}.htm"),
            ("a{{model}}b{{model}}c", "{{model}}abc"),
        ] {
            assert!(
                pattern(a).overlaps(&pattern(b)) && pattern(b).overlaps(&pattern(a)),
                "{a} {b}"
            );
        }
        for (a, b) in [
            ("{{mac}}.cfg", "{{mac}}.xml"),
            ("{{mac}}.cfg", "Config{{MAC}}.cfg"),
            ("{{mac}}.cfg", "y000000000000.cfg"),
            ("{{mac}}/{{mac}}.cfg", "{{mac}}.cfg"),
            ("yealink/{{mac}}.cfg", "polycom/{{mac}}.cfg"),
            ("{{model}}.cfg", "cfg"),
            ("{{model}}.cfg", ".cfg"),
            ("{{mac:dash}}.cfg", "{{mac}}.cfg"),
        ] {
            assert!(!pattern(a).overlaps(&pattern(b)), "{a} {b}");
        }
    }

    #[test]
    fn a_name_says_whose_file_it_is_if_the_address_has_one_place() {
        assert!(pattern("{{mac}}.cfg").same_owner(&pattern("{{mac}}-directory.xml")));
        assert!(pattern("{{model}}-{{mac}}.htm").same_owner(&pattern("snom{{model}}-{{MAC}}.htm")));
        assert!(!pattern("{{model}}{{mac}}").same_owner(&pattern("{{mac}}{{model}}")));
        assert!(!pattern("{{model}}{{mac}}{{model}}").same_owner(&pattern("{{mac}}")));
        assert!(!pattern("common.cfg").same_owner(&pattern("{{mac}}.cfg")));
    }

    #[test]
    fn a_pattern_is_filled_in_for_a_phone() {
        let mac = Mac([0, 0x15, 0x65, 0xaa, 2, 3]);
        assert_eq!(
            pattern("snom{{model}}-{{MAC}}.htm").filled(mac, "D735"),
            "snomD735-001565AA0203.htm"
        );
        assert_eq!(Pattern::from_name("{{ip}}.cfg"), None);
    }
}
