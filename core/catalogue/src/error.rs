//! What is wrong with something a person wrote: every mistake in one go, each with its place.
//!
//! Nothing that can happen while a packet is answered belongs in here: packets are never "wrong".

use std::fmt;

use crate::url::masked;

/// One mistake: where it is, what was expected, what was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// The file, if the text came from one (`yealink/vendor.toml`).
    pub file: Option<String>,
    /// The line in that file, where the format keeps lines (TOML, JSON syntax errors).
    pub line: Option<u32>,
    /// The place inside the document: `sites[2].match.networks[0]`; empty for the document itself.
    pub place: String,
    /// `expected ..., found ...`, and what to do where that is not plain.
    pub text: String,
}

impl Mistake {
    /// A mistake without a file and a line. The name and password of a URL that the text quotes are stars.
    pub fn new(place: impl Into<String>, text: impl Into<String>) -> Self {
        let text = masked(&text.into()).into_owned();
        Mistake { file: None, line: None, place: place.into(), text }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.file, self.line) {
            (Some(file), Some(line)) => write!(f, "{file}:{line}: ")?,
            (Some(file), None) => write!(f, "{file}: ")?,
            (None, Some(line)) => write!(f, "line {line}: ")?,
            (None, None) => {}
        }
        // A name and password in a URL are never printed.
        let text = masked(&self.text);
        if self.place.is_empty() {
            write!(f, "{text}")
        } else {
            write!(f, "{}: {text}", self.place)
        }
    }
}

/// All mistakes of one document, in the order of the document. Never empty when it is an error.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mistakes(pub Vec<Mistake>);

impl Mistakes {
    /// A single mistake.
    pub fn one(place: impl Into<String>, text: impl Into<String>) -> Self {
        Mistakes(vec![Mistake::new(place, text)])
    }

    /// Adds a mistake.
    pub fn push(&mut self, place: impl Into<String>, text: impl Into<String>) {
        self.0.push(Mistake::new(place, text));
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Says of every mistake that names no file yet which file it is in.
    pub fn in_file(mut self, file: &str) -> Self {
        for mistake in &mut self.0 {
            mistake.file.get_or_insert_with(|| file.to_owned());
        }
        self
    }

    /// `Ok(value)` if nothing was wrong, else all that was.
    ///
    /// # Errors
    /// All mistakes, or one that says that nothing was found.
    pub fn or<T>(self, value: Option<T>) -> Result<T, Mistakes> {
        match value {
            Some(value) if self.is_empty() => Ok(value),
            None if self.is_empty() => Err(Mistakes::one("", "nothing usable was found")),
            _ => Err(self),
        }
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, mistake) in self.0.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            write!(f, "{mistake}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Mistakes {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reader::Cursor;

    #[test]
    fn no_mistake_quotes_a_password() {
        let text = Mistake::new("url", "found \"http://u:pw@h/\"").text;
        assert_eq!(text, "found \"http://***@h/\"");
        let tree = crate::json::from_json("\"http://u:pw@h/\"").unwrap();
        let mut mistakes = Mistakes::default();
        Cursor::root(&tree).expected("a number", &mut mistakes);
        assert_eq!(mistakes.0[0].text, "expected a number, found \"http://***@h/\"");
    }
}
