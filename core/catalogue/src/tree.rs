//! A document as people write it (JSON with comments, or TOML), before its meaning is read.
//!
//! Both formats become the same tree, so that an option value is read by the same code in a policy
//! and in a vendor's folder. Keys that are written twice are kept, so that the reader can complain.

use crate::error::{Mistake, Mistakes};
use crate::url::concealed;

/// A node of the document.
#[derive(Debug, Clone, PartialEq)]
pub struct Tree {
    /// Line in the file, 0 if the format has no lines.
    pub line: u32,
    /// What it is.
    pub kind: Kind,
}

/// A node, in JSON's terms.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// JSON's `null`; TOML has none.
    Null,
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// Another number.
    Float(f64),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Tree>),
    /// An object: keys and values in their order, a key that is written twice included.
    Table(Vec<(String, Tree)>),
}

impl Tree {
    /// A node without a line.
    pub fn new(kind: Kind) -> Tree {
        Tree { line: 0, kind }
    }

    /// What kind of value this is, for an error message that must not repeat it.
    pub fn kind_name(&self) -> &'static str {
        match &self.kind {
            Kind::Null => "null",
            Kind::Bool(_) => "true or false",
            Kind::Integer(_) | Kind::Float(_) => "a number",
            Kind::Text(_) => "another text",
            Kind::List(_) => "a list",
            Kind::Table(_) => "an object",
        }
    }

    /// What this is, for an error message; long texts are cut.
    pub fn found(&self) -> String {
        match &self.kind {
            Kind::Null => "null".into(),
            Kind::Bool(value) => value.to_string(),
            Kind::Integer(value) => format!("the number {value}"),
            Kind::Float(value) => format!("the number {value:?}"),
            // A URL that is not one may hold a password all the same.
            Kind::Text(text) => match concealed(text) {
                text if text.chars().count() > 60 => {
                    format!("{:?}...", text.chars().take(60).collect::<String>())
                }
                text => format!("{text:?}"),
            },
            Kind::List(_) => "a list".into(),
            Kind::Table(_) => "an object".into(),
        }
    }
}

/// Reads a TOML document.
///
/// # Errors
/// The first place that is not TOML, with its line.
pub fn from_toml(text: &str) -> Result<Tree, Mistakes> {
    let lines = Lines::of(text);
    match toml::de::DeTable::parse(text) {
        Ok(table) => Ok(Tree { line: 1, kind: toml_table(table.into_inner(), &lines) }),
        Err(error) => {
            let line = error.span().map(|span| lines.line(span.start));
            let text = error.message().to_owned();
            Err(Mistakes(vec![Mistake { file: None, line, place: String::new(), text }]))
        }
    }
}

fn toml_table(table: toml::de::DeTable<'_>, lines: &Lines) -> Kind {
    let entries = table.into_iter().map(|(key, value)| {
        let line = lines.line(key.span().start);
        let mut tree = toml_value(value, lines);
        tree.line = line;
        (key.into_inner().into_owned(), tree)
    });
    Kind::Table(entries.collect())
}

fn toml_value(value: toml::Spanned<toml::de::DeValue<'_>>, lines: &Lines) -> Tree {
    use toml::de::DeValue;
    let line = lines.line(value.span().start);
    let kind = match value.into_inner() {
        DeValue::String(text) => Kind::Text(text.into_owned()),
        DeValue::Boolean(value) => Kind::Bool(value),
        DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) => Kind::Integer(number),
            Err(_) => Kind::Text(number.as_str().to_owned()),
        },
        DeValue::Float(number) => match number.as_str().parse() {
            Ok(number) => Kind::Float(number),
            Err(_) => Kind::Text(number.as_str().to_owned()),
        },
        DeValue::Datetime(date) => Kind::Text(date.to_string()),
        DeValue::Array(items) => {
            Kind::List(items.into_iter().map(|item| toml_value(item, lines)).collect())
        }
        DeValue::Table(table) => toml_table(table, lines),
    };
    Tree { line, kind }
}

/// Where each line begins, to turn byte offsets into line numbers.
struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &str) -> Lines {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        Lines(std::iter::once(0).chain(breaks.map(|(at, _)| at + 1)).collect())
    }

    fn line(&self, offset: usize) -> u32 {
        self.0.partition_point(|start| *start <= offset) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn toml_keeps_lines() {
        let tree = from_toml("a = 1\n[[b]]\nc = \"x\"\n").unwrap();
        let Kind::Table(entries) = tree.kind else { panic!("not a table") };
        assert_eq!(entries[0].1, Tree { line: 1, kind: Kind::Integer(1) });
        let Kind::List(items) = &entries[1].1.kind else { panic!("not a list") };
        let Kind::Table(inner) = &items[0].kind else { panic!("not a table") };
        assert_eq!(inner[0].1, Tree { line: 3, kind: Kind::Text("x".into()) });
    }

    #[test]
    fn toml_mistakes_name_the_line() {
        let mistakes = from_toml("a = 1\nb = \n").unwrap_err();
        assert_eq!(mistakes.0[0].line, Some(2));
    }
}
