//! Names and what they stand for, as minijinja's values; secrets among them.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

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

/// Names and what they stand for. Few enough to look through.
#[derive(Clone, Default)]
pub(crate) struct Names(pub Vec<(Name, Value)>);

/// A field's name, or one out of the policy.
pub(crate) type Name = Cow<'static, str>;

impl fmt::Debug for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

impl Object for Names {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }
    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        self.0.iter().find(|(name, _)| name == key).map(|(_, value)| value.clone())
    }
    fn enumerate(self: &Arc<Self>) -> Enumerator {
        self.mapped_enumerator(|this| {
            Box::new(this.0.iter().map(|(name, _)| Value::from(name.as_ref())))
        })
    }
}

impl Names {
    pub fn set(&mut self, name: &'static str, value: impl Into<Value>) {
        self.0.push((Name::Borrowed(name), value.into()));
    }

    pub fn into_value(self) -> Value {
        Value::from_object(self)
    }
}

/// A text, or nothing for an empty one.
pub(crate) fn text_or_none(text: &str) -> Value {
    if text.is_empty() { Value::from(()) } else { Value::from(text) }
}
