//! The programmable keys, as templates see them.

use std::sync::Arc;

use minijinja::value::{Enumerator, Object, ObjectRepr, Value};
use offhook_core::keys::Key;

/// A phone's keys, in the order of their places. A template that writes them by a pattern makes no value of each.
#[derive(Debug)]
pub(crate) struct NamedKeys(Vec<KeyNames>);

impl NamedKeys {
    pub fn of(keys: &[Key<'_>]) -> Value {
        Value::from_object(NamedKeys(keys.iter().map(|key| KeyNames::new(key)).collect()))
    }

    pub fn count(&self) -> usize {
        self.0.len()
    }

    pub fn iter(&self) -> impl Iterator<Item = &KeyNames> {
        self.0.iter()
    }
}

impl Object for NamedKeys {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }
    fn get_value(self: &Arc<Self>, at: &Value) -> Option<Value> {
        self.0.get(at.as_usize()?).cloned().map(Value::from_object)
    }
    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Seq(self.0.len())
    }
}

/// A key, as templates see it. There are many of them.
#[derive(Debug, Clone)]
pub(crate) struct KeyNames {
    pub number: u16,
    pub module: u8,
    pub kind: &'static str,
    pub value: Value,
    pub label: Value,
    pub line: u16,
}

impl KeyNames {
    fn new(key: &Key<'_>) -> KeyNames {
        let Key { number, module, kind, line, .. } = *key;
        let value = match kind {
            "line" => Value::from(line.to_string()),
            _ => Value::from(key.value),
        };
        let label = match (key.label, kind) {
            ("", "line") => Value::from(format!("Line {line}")),
            ("", _) => value.clone(),
            (label, _) => Value::from(label),
        };
        KeyNames { number, module, kind, value, label, line }
    }
}

impl Object for KeyNames {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }
    fn get_value_by_str(self: &Arc<Self>, name: &str) -> Option<Value> {
        match name {
            "number" => Some(self.number.into()),
            "module" => Some(self.module.into()),
            "type" => Some(self.kind.into()),
            "value" => Some(self.value.clone()),
            "label" => Some(self.label.clone()),
            "line" => Some(self.line.into()),
            _ => None,
        }
    }
    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Str(&["number", "module", "type", "value", "label", "line"])
    }
}
