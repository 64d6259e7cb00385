//! Which names a template can look up, by its words: what a file never names is not computed for it.

use std::borrow::Cow;
use std::collections::BTreeSet;

use offhook_core::fields::FieldIx;

use crate::names::TEMPLATE_NAMES;
use crate::templates::Templates;

/// What is computed for a template.
#[derive(Debug, Clone)]
pub(crate) struct Needs {
    /// `None`: all of it.
    words: Option<BTreeSet<String>>,
    /// The fields, a bit each.
    fields: u64,
    /// What a phone or line itself says, apart from the policy.
    pub own: bool,
}

impl Needs {
    /// Of a template, and of those that it includes.
    pub fn of(templates: &Templates, template: &str) -> Needs {
        let words = words(&|name| templates.text(name).map(Cow::Borrowed), template);
        let mut needs = Needs { words, fields: 0, own: false };
        for (at, name) in TEMPLATE_NAMES.iter().enumerate() {
            needs.fields |= u64::from(needs.has(name)) << at;
        }
        needs.own = needs.has("own");
        needs
    }

    /// Whether it can look up a name.
    pub fn has(&self, name: &str) -> bool {
        self.words.as_ref().is_none_or(|words| words.contains(name))
    }

    /// Whether it can look up a field.
    pub fn field(&self, at: FieldIx) -> bool {
        self.fields & at.bit() != 0
    }
}

/// The words of a template and of those that are in it; `None` if what it reads cannot be known by them.
pub(crate) fn words(texts: &Texts<'_>, template: &str) -> Option<BTreeSet<String>> {
    let mut words = BTreeSet::new();
    read(texts, template, 8, &mut words).map(|()| words)
}

/// A template's text, by its path.
pub(crate) type Texts<'t> = dyn Fn(&str) -> Option<Cow<'t, str>> + 't;

/// `depth` ends templates that include each other.
fn read(texts: &Texts<'_>, template: &str, depth: u8, words: &mut BTreeSet<String>) -> Option<()> {
    let text = texts(template).filter(|_| depth > 0)?;
    let apart = |c: char| !(c.is_ascii_alphanumeric() || c == '_');
    for word in text.split(apart).filter(|word| !word.is_empty()) {
        if ["import", "extends", "debug"].contains(&word) {
            return None;
        }
        words.insert(word.to_owned());
    }
    for behind in ["include", "part("].iter().flat_map(|word| text.split(word).skip(1)) {
        let name = included(template, behind.trim_start())?;
        read(texts, &name, depth - 1, words)?;
    }
    Some(())
}

/// The template that is named behind `include` or `part(`; `None` if it is not named there by a text.
fn included(template: &str, rest: &str) -> Option<String> {
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let name = rest.split(quote).nth(1)?;
    let folder = template.split_inclusive('/').next().unwrap_or_default();
    Some(if name.contains('/') { name.to_owned() } else { format!("{folder}{name}") })
}
