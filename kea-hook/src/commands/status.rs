//! `phone-status-get`: is it well?

use std::time::SystemTime;

use offhook_edge::catalogue::Installed;
use serde_json::{Map, Value, json};

use super::Answer;
use super::phones::{makers_seen, remembered};
use super::policy::summary;
use crate::budget::Budget;
use crate::counters::{Count, NAMES};
use crate::hook::{Hook, seconds};
use crate::standing::State;
use crate::words::{Members, Wrong};
use crate::{KEA_VERSION, VERSION};

pub(super) fn get(hook: &Hook, arguments: &Value, _: &mut Budget<'_>) -> Result<Answer, Wrong> {
    Members::new(arguments, "argument", &[])?;
    let snapshot = hook.in_force();
    let standing = hook.standing();
    let counts = hook.counts();
    let counters: Map<String, Value> = NAMES
        .iter()
        .zip(counts.0)
        .map(|(name, value)| (name.trim_start_matches("offhook.").to_owned(), value.into()))
        .collect();
    let faults = counts.0.get(Count::Faults as usize).copied().unwrap_or_default();
    let mut policy = summary(&snapshot, &makers_seen(hook));
    let age = SystemTime::now().duration_since(snapshot.since).map_or(0, |age| age.as_secs());
    if let Value::Object(policy) = &mut policy {
        policy.insert("age".to_owned(), age.into());
    }
    let tables = snapshot.engine.tables();
    let mut competing: Vec<Value> = Vec::new();
    for found in snapshot.competing.all() {
        let vendor = &tables.at(found.vendor).id;
        competing.push(json!({ "vendor": vendor, "code": found.code, "text": found.text }));
    }
    for behind in hook.behind() {
        let text = behind.sentence();
        let codes: Vec<Value> = match behind.codes[..] {
            [] => vec![Value::Null],
            _ => behind.codes.iter().map(|code| (*code).into()).collect(),
        };
        competing.extend(codes.into_iter().map(
            |code| json!({ "vendor": null, "library": behind.name, "code": code, "text": text }),
        ));
    }
    let value = json!({
        "version": VERSION,
        "kea": { "compiled-for": KEA_VERSION, "hooks-version": hook.host.hooks_version },
        "loaded": seconds(hook.loaded),
        "state": standing.state.name(),
        "mistakes": standing.mistakes,
        "configuration": if hook.refused { "refused" } else { "used" },
        "policy": policy,
        "competing-options": competing,
        "client-classes": {
            "set": hook.sets_classes(),
            "prefix": hook.parameters.class_prefix,
        },
        "catalogue": {
            "vendors": tables.vendors.len(),
            "systems": tables.systems.len(),
            "edition": snapshot.catalogue.edition(),
            "installed": matches!(snapshot.catalogue, Installed::Used(_)),
            "unusable": snapshot.catalogue.unusable(),
        },
        "phones": remembered(hook),
        "counters": counters,
    });
    let mut text = format!(
        "offhook {VERSION}, policy {} for {age} s, {faults} fault(s)",
        snapshot.engine.digest()
    );
    text += match standing.state {
        State::Active => "",
        State::LastGood => {
            "; the policy or the parameters that Kea's configuration names have mistakes: the last good \
             policy is in force"
        }
        State::Passive => {
            "; the policy or the parameters that Kea's configuration names have mistakes: phones get only \
             what Kea alone sends them"
        }
    };
    Ok(Answer::done(text, value))
}
