//! `phone-settings`: what the phones' files say unless the list of phones says otherwise. Read here,
//! used by `offhook generate` alone; the DHCP server never sends them.

use super::PhoneSettings;
use crate::error::Mistakes;
use crate::fields::{FieldIx, check_setting, check_value, field_names};
use crate::keys::read_keys;
use crate::reader::Cursor;
use crate::tree::Kind;

pub(super) fn read_phone_settings(at: &Cursor<'_>, mistakes: &mut Mistakes) -> PhoneSettings {
    let mut settings = PhoneSettings::default();
    let known: Vec<&str> = field_names(false).chain(["settings", "keys"]).collect();
    let Some(table) = at.table(&known, mistakes) else { return settings };
    for name in field_names(false) {
        let (Some(at), Some(field)) = (table.get(name), FieldIx::named(name)) else { continue };
        if field.field().secret {
            let text = "a secret has no place in the policy, which the DHCP server reads: put it \
                        into the list of phones";
            at.mistake(text, mistakes);
            continue;
        }
        let Some(value) = text_of(&at, mistakes) else { continue };
        match check_value(field, &value) {
            Ok(value) => {
                settings.values.set(field, &value);
            }
            Err(text) => at.mistake(format!("{text}; found {}", at.tree.found()), mistakes),
        }
    }
    if let Some(at) = table.get("keys") {
        settings.keys = read_keys(&at, mistakes);
    }
    if let Some(at) = table.get("settings")
        && let Some(table) = at.any_table(mistakes)
    {
        for (key, at) in table.iter() {
            let Some(value) = text_of(&at, mistakes) else { continue };
            match check_setting(key, &value) {
                Ok(()) => settings.settings.push((key.into(), value.into_boxed_str())),
                Err(text) => at.mistake(text, mistakes),
            }
        }
    }
    settings
}

fn text_of(at: &Cursor<'_>, mistakes: &mut Mistakes) -> Option<String> {
    match &at.tree.kind {
        Kind::Text(text) => Some(text.clone()),
        Kind::Integer(number) => Some(number.to_string()),
        Kind::Bool(value) => Some(value.to_string()),
        Kind::List(_) => Some(at.texts("texts", mistakes).join(",")),
        _ => {
            at.expected("a text or a whole number", mistakes);
            None
        }
    }
}
