//! Names and what they stand for, as minijinja's values; secrets among them.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use foldhash::fast::FixedState;
use indexmap::IndexMap;
use minijinja::value::{Enumerator, Object, ObjectExt, ObjectRepr, Value};

/// A secret: printed where a template prints it, marked; nothing else can be done with it.
#[derive(Debug)]
pub(crate) struct Secret(pub String);

/// What a secret looks like to everything but printing; no value may hold it.
pub(crate) const SECRET_FACE: char = '\u{fdd2}';

impl Object for Secret {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }
    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SECRET_FACE}")
    }
}

/// Names and what they stand for. Templates look up hundreds of them for a phone.
#[derive(Clone, Default)]
pub(crate) struct Names(IndexMap<Name, Value, FixedState>);

/// A field's name, or one out of the policy.
pub(crate) type Name = Cow<'static, str>;

impl fmt::Debug for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.keys()).finish()
    }
}

impl Object for Names {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }
    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        self.get(key).cloned()
    }
    fn enumerate(self: &Arc<Self>) -> Enumerator {
        self.mapped_enumerator(|this| {
            Box::new(this.0.keys().map(|name| Value::from(name.as_ref())))
        })
    }
}

impl Names {
    /// With room for so many.
    pub fn with_room(count: usize) -> Names {
        Names(IndexMap::with_capacity_and_hasher(count, FixedState::default()))
    }

    /// What a name stands for.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// The first of a name counts.
    pub fn set(&mut self, name: impl Into<Name>, value: impl Into<Value>) {
        self.0.entry(name.into()).or_insert_with(|| value.into());
    }

    /// Names as they are in another.
    pub fn extend(&mut self, other: &Names) {
        for (name, value) in &other.0 {
            self.set(name.clone(), value.clone());
        }
    }

    pub fn into_value(self) -> Value {
        Value::from_object(self)
    }
}

/// A text, or nothing for an empty one.
pub(crate) fn text_or_none(text: &str) -> Value {
    if text.is_empty() { Value::from(()) } else { Value::from(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_a_name_counts_and_names_keep_their_order() {
        let mut names = Names::default();
        for (name, value) in [("b", 1), ("a", 2), ("b", 3)] {
            names.set(name, value);
        }
        assert_eq!((names.get("b"), names.get("c")), (Some(&Value::from(1)), None));
        assert_eq!(format!("{names:?}"), r#"["b", "a"]"#);
    }
}
