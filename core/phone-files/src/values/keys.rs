//! The programmable keys, as templates see them.

use std::sync::Arc;

use minijinja::value::{Enumerator, Object, Value};
use offhook_core::keys::Key;

use super::Common;
use crate::phone::Phone;

/// The phone's keys, and those of the policy in the places that are left.
pub(crate) fn keys_of<'k>(common: &'k Common, phone: &'k Phone) -> Vec<&'k Key> {
    let place = |key: &Key| (key.module, key.number);
    let own = &phone.keys;
    let rest = common.keys.iter().filter(|key| !own.iter().any(|other| place(other) == place(key)));
    let mut keys: Vec<&Key> = own.iter().chain(rest).collect();
    keys.sort_by_key(|key| place(key));
    keys
}

/// A key, as templates see it. There are many of them.
#[derive(Debug)]
pub(super) struct KeyNames {
    number: u16,
    module: u8,
    kind: &'static str,
    value: Value,
    label: Value,
    line: u16,
}

impl KeyNames {
    pub fn new(key: &Key) -> KeyNames {
        let Key { number, module, kind, line, .. } = *key;
        let value = match kind {
            "line" => Value::from(line.to_string()),
            _ => Value::from(&*key.value),
        };
        let label = match (&*key.label, kind) {
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
