//! `phone-vendor-list` and `phone-vendor-get`: the catalogue in use, overlay included.

use offhook_core::reader::advice;
use serde_json::{Value, json};

use super::Answer;
use crate::budget::Budget;
use crate::hook::Hook;
use crate::words::{Members, Wrong};

pub(super) fn list(hook: &Hook, arguments: &Value, _: &mut Budget<'_>) -> Result<Answer, Wrong> {
    Members::new(arguments, "argument", &[])?;
    let snapshot = hook.in_force();
    let tables = snapshot.engine.tables();
    let vendors: Vec<Value> = tables
        .vendors
        .iter()
        .zip(snapshot.classes.iter().skip(1))
        .map(|(vendor, class)| {
            json!({
                "id": vendor.id,
                "name": vendor.name,
                "class": class,
                "left-alone": vendor.left_alone.is_some(),
            })
        })
        .collect();
    let systems: Vec<Value> = tables
        .systems
        .iter()
        .map(|system| json!({ "id": system.id, "name": system.name }))
        .collect();
    let text = format!("{} vendors, {} systems", vendors.len(), systems.len());
    Ok(Answer::done(text, json!({ "vendors": vendors, "systems": systems })))
}

pub(super) fn get(hook: &Hook, arguments: &Value, _: &mut Budget<'_>) -> Result<Answer, Wrong> {
    let members = Members::new(arguments, "argument", &["vendor"])?;
    let id = members.text("vendor")?.ok_or_else(|| members.missing("vendor"))?;
    let snapshot = hook.in_force();
    let tables = snapshot.engine.tables();
    let Some(found) = tables.vendor(id) else {
        return Err(no_vendor(&snapshot, id));
    };
    let vendor = tables.at(found);
    let value = serde_json::to_value(vendor).map_err(|error| error.to_string())?;
    Ok(Answer::done(vendor.name.to_string(), value))
}

/// Names the argument, and the vendor that was probably meant.
pub(super) fn no_vendor(snapshot: &crate::snapshot::Snapshot, id: &str) -> Wrong {
    let known: Vec<&str> =
        snapshot.engine.tables().vendors.iter().map(|vendor| &*vendor.id).collect();
    format!("argument 'vendor': there is no vendor '{id}'; {}", advice(id, &known))
}
