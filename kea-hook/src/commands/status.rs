//! `phone-status-get`: is it well?

use std::time::SystemTime;

use serde_json::{Map, Value, json};

use super::Answer;
use super::phones::remembered;
use super::policy::summary;
use crate::counters::{Count, NAMES};
use crate::hook::{Hook, seconds};
use crate::words::{Members, Wrong};
use crate::{KEA_VERSION, VERSION};

pub(super) fn get(hook: &Hook, arguments: &Value) -> Result<Answer, Wrong> {
    Members::new(arguments, "argument", &[])?;
    let snapshot = hook.in_force();
    let counts = hook.counts();
    let counters: Map<String, Value> = NAMES
        .iter()
        .zip(counts.0)
        .map(|(name, value)| (name.trim_start_matches("offhook.").to_owned(), value.into()))
        .collect();
    let faults = counts.0.get(Count::Faults as usize).copied().unwrap_or_default();
    let mut policy = summary(&snapshot);
    let age = SystemTime::now().duration_since(snapshot.since).map_or(0, |age| age.as_secs());
    if let Value::Object(policy) = &mut policy {
        policy.insert("age".to_owned(), age.into());
    }
    let tables = snapshot.engine.tables();
    let value = json!({
        "version": VERSION,
        "kea": { "compiled-for": KEA_VERSION, "hooks-version": hook.host.hooks_version },
        "loaded": seconds(hook.loaded),
        "configuration": if hook.goes_on { "refused" } else { "used" },
        "policy": policy,
        "competing-options": snapshot.competing.all().iter().map(|found| json!({
            "vendor": tables.at(found.vendor).id, "code": found.code, "text": found.text,
        })).collect::<Vec<_>>(),
        "client-classes": {
            "set": hook.sets_classes(),
            "prefix": hook.parameters.class_prefix,
        },
        "catalogue": { "vendors": tables.vendors.len(), "systems": tables.systems.len() },
        "phones": remembered(hook),
        "counters": counters,
    });
    let mut text = format!(
        "offhook {VERSION}, policy {} for {age} s, {faults} fault(s)",
        snapshot.engine.digest()
    );
    if hook.goes_on {
        text += "; Kea's configuration was read again with mistakes in it, which the log tells: what \
                 was in force before goes on";
    }
    Ok(Answer::done(text, value))
}
