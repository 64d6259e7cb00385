//! The programmable keys of a phone: what each does, in the words of lists and policies.

use offhook_catalogue::error::Mistakes;
use offhook_catalogue::reader::Cursor;
use offhook_catalogue::url::split_scheme;

use crate::fields::characters;
use crate::packed::Packed;
use crate::value_error::ValueError;

/// What a key can do.
pub(crate) const KEY_TYPES: [&str; 5] = ["line", "blf", "speed-dial", "park", "url"];

/// One key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key<'t> {
    /// Its number on the phone, or on its module, from 1.
    pub number: u16,
    /// The expansion module that it is on, from 1; 0 is the phone itself.
    pub module: u8,
    /// One of [`KEY_TYPES`].
    pub kind: &'static str,
    /// The number, or the URL. Empty for a line.
    pub value: &'t str,
    /// What the phone shows; empty shows the value.
    pub label: &'t str,
    /// The line that it uses, from 1.
    pub line: u16,
}

impl Key<'_> {
    /// Where it is: its module and its number there.
    pub fn place(&self) -> (u8, u16) {
        (self.module, self.number)
    }
}

/// The keys of a phone. A phone may have dozens, and there may be a million phones, so they are kept packed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Keys(Packed);

impl Keys {
    /// Adds a key, whether or not another has its place.
    pub fn push(&mut self, key: Key<'_>) {
        let Key { number, module, kind, value, label, line } = key;
        let kind = KEY_TYPES.iter().position(|known| *known == kind).unwrap_or(0);
        for number in [number.into(), module.into(), kind as u64, line.into()] {
            self.0.push_number(number);
        }
        self.0.push_text(value);
        self.0.push_text(label);
    }

    /// All of them, in the order in which they were added.
    pub fn iter(&self) -> impl Iterator<Item = Key<'_>> + Clone {
        let mut left = self.0.read();
        std::iter::from_fn(move || {
            let (number, module) = (left.small()?, left.small()?);
            let kind = KEY_TYPES.get(left.small::<usize>()?)?;
            let line = left.small()?;
            Some(Key { number, module, kind, value: left.text()?, label: left.text()?, line })
        })
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Gives back memory that is not used.
    pub fn shrink(&mut self) {
        self.0.shrink();
    }
}

const KNOWN: [&str; 6] = ["number", "module", "type", "value", "label", "line"];

/// Reads a list of keys; mistakes name the place of each.
pub fn read_keys(at: &Cursor<'_>, mistakes: &mut Mistakes) -> Keys {
    let items: Vec<Cursor<'_>> = at.list("keys", mistakes).collect();
    let mut keys = Keys::default();
    for item in &items {
        read_key(item, &mut keys, mistakes);
    }
    if let Some(key) = twice(&keys) {
        at.mistake(twice_text(&key), mistakes);
    }
    keys.shrink();
    keys
}

fn read_key(at: &Cursor<'_>, keys: &mut Keys, mistakes: &mut Mistakes) -> Option<()> {
    let table = at.table(&KNOWN, mistakes)?;
    let number = table.need("number", "the key's number", mistakes);
    let number = number.and_then(|at| at.integer(1, 999, mistakes));
    let kind = table.need("type", &KEY_TYPES.join(", "), mistakes).and_then(|at| {
        let word = at.text(&KEY_TYPES.join(", "), mistakes)?;
        let found = type_named(word);
        if found.is_none() {
            at.expected(&KEY_TYPES.join(", "), mistakes);
        }
        found
    });
    let mut text = |name: &str| {
        let at = table.get(name).filter(|at| !at.is_null())?;
        let text = match &at.tree.kind {
            offhook_catalogue::tree::Kind::Integer(number) => number.to_string(),
            _ => at.text("a text", mistakes)?.to_owned(),
        };
        if let Err(wrong) = characters(&text) {
            at.mistake(wrong, mistakes);
        }
        Some(text)
    };
    let (value, label) = (text("value").unwrap_or_default(), text("label").unwrap_or_default());
    let module = table.get("module").and_then(|at| at.integer(0, 9, mistakes)).unwrap_or(0);
    let line = table.get("line").and_then(|at| at.integer(1, 999, mistakes));
    let (number, kind) = (u16::try_from(number?).ok()?, kind?);
    let module = u8::try_from(module).ok()?;
    let line = line.and_then(|line| u16::try_from(line).ok());
    let line = line.unwrap_or(1);
    match whole(Key { number, module, kind, value: &value, label: &label, line }) {
        Ok(key) => keys.push(key),
        Err(text) => at.mistake(text, mistakes),
    }
    Some(())
}

/// `blf:1002:Anna`, the key's type, value and label; the value of a URL holds colons itself.
///
/// # Errors
///
/// What was expected, without what was found.
pub fn parse_key(number: u16, text: &str) -> Result<Key<'_>, ValueError> {
    characters(text)?;
    let expected = || {
        let types = KEY_TYPES.join(", ");
        ValueError::Expected(format!("TYPE:VALUE or TYPE:VALUE:LABEL, TYPE one of {types}"))
    };
    let (kind, rest) = cut(text);
    let kind = type_named(kind.trim()).ok_or_else(expected)?;
    let (value, label) = if kind == "url" { cut_url(rest) } else { cut(rest) };
    let value = value.trim();
    // A line's value is the number of the line.
    let line = match (kind, value) {
        ("line", "") => 1,
        ("line", number) => number.parse().ok().filter(|line| *line > 0).ok_or_else(expected)?,
        _ => 1,
    };
    let value = if kind == "line" { "" } else { value };
    whole(Key { number, module: 0, kind, value, label: label.trim(), line })
}

fn type_named(word: &str) -> Option<&'static str> {
    KEY_TYPES.into_iter().find(|known| known.eq_ignore_ascii_case(word))
}

/// At the first colon. Lists have many keys, and their texts are short: a search for a byte is the quickest.
fn cut(text: &str) -> (&str, &str) {
    let at = text.bytes().position(|byte| byte == b':');
    let cut = at.and_then(|at| Some((text.get(..at)?, text.get(at + 1..)?)));
    cut.unwrap_or((text, ""))
}

/// A label follows the last colon, unless that is a port or part of a path.
fn cut_url(rest: &str) -> (&str, &str) {
    let scheme = split_scheme(rest).map_or(0, |(scheme, _)| scheme.len() + "://".len());
    match rest.rsplit_once(':') {
        Some((url, label))
            if url.len() >= scheme
                && !label.contains('/')
                && !label.starts_with(|c: char| c.is_ascii_digit()) =>
        {
            (url, label)
        }
        _ => (rest, ""),
    }
}

fn whole(key: Key<'_>) -> Result<Key<'_>, ValueError> {
    match key.kind {
        "line" => Ok(key),
        _ if key.value.is_empty() => {
            let expected = "a \"value\": the number or URL that the key is for";
            Err(ValueError::Expected(expected.to_owned()))
        }
        _ => Ok(key),
    }
}

/// The first key whose place another has too.
pub fn twice(keys: &Keys) -> Option<Key<'_>> {
    let mut seen = std::collections::HashSet::new();
    keys.iter().find(|key| !seen.insert(key.place()))
}

/// What to say of a key that [`twice`] has found.
pub fn twice_text(key: &Key<'_>) -> String {
    match key.module {
        0 => format!("key {} is listed twice", key.number),
        module => format!("key {} of module {module} is listed twice", key.number),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_in_one_cell() {
        let parts = |text: &str| {
            parse_key(2, text).map(|key| (key.kind, key.value.to_owned(), key.label.to_owned()))
        };
        let key = |kind, value: &str, label: &str| Ok((kind, value.to_owned(), label.to_owned()));
        assert_eq!(parts("blf:1002:Anna"), key("blf", "1002", "Anna"));
        assert_eq!(parts("Speed-Dial: +49 30 1"), key("speed-dial", "+49 30 1", ""));
        assert_eq!(parts("url:http://x:8080/a"), key("url", "http://x:8080/a", ""));
        assert_eq!(parts("url:http://x/a:Door"), key("url", "http://x/a", "Door"));
        assert_eq!(parse_key(1, "line:2").unwrap().line, 2);
        for wrong in ["", "blf", "blf:", "1002", "line:x", "blf:1\n"] {
            let text = parse_key(1, wrong).unwrap_err().to_string();
            assert!(text.contains("expected") || text.contains("U+000A"), "{wrong:?}: {text}");
        }
    }

    #[test]
    fn kept_keys_are_what_they_were() {
        let all = [
            parse_key(1, "line:2").unwrap(),
            parse_key(999, "blf:1002:Zoë").unwrap(),
            Key { module: 9, line: 999, ..parse_key(60, "url:http://x:8080/a").unwrap() },
        ];
        let mut keys = Keys::default();
        all.iter().for_each(|key| keys.push(*key));
        keys.shrink();
        assert!(keys.iter().eq(all), "{keys:?}");
        assert_eq!(twice(&keys), None);
        keys.push(all[1]);
        assert_eq!(twice(&keys), Some(all[1]));
    }
}
