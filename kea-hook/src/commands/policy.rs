//! `phone-policy-get`, `-test`, `-set` and `-reload`.
//!
//! A policy is built whole before anything is touched; the shim then applies it while Kea's packet
//! threads are stopped. One that is wrong changes nothing, and every mistake is reported.

use std::collections::BTreeSet;

use offhook_core::token::STARS;
use offhook_core::tree::{Kind, Tree};
use offhook_core::url::without_userinfo;
use offhook_core::{Mistake, Mistakes, check};
use serde_json::{Value, json};

use super::phones::{differences, makers_seen};
use super::{Answer, ERROR, arguments};
use crate::budget::Budget;
use crate::hook::{Hook, MOST_LINES, log_mistakes, seconds};
use crate::parameters::Origin;
use crate::snapshot::{Keys, Snapshot};
use crate::words::{Members, Wrong};
use crate::workbench::Outcome;

/// A longer policy is not shown: Kea would answer no client for a second.
const LONGEST_SHOWN: usize = 1 << 20;

pub(super) fn get(hook: &Hook, arguments: &Value, _: &mut Budget<'_>) -> Result<Answer, Wrong> {
    Members::new(arguments, "argument", &[])?;
    let snapshot = hook.in_force();
    let mut value = summary(&snapshot, &makers_seen(hook));
    let mut text = format!("policy {}", snapshot.engine.digest());
    let policy = match snapshot.text.len() {
        ..=LONGEST_SHOWN => document(&snapshot.text)?,
        length => {
            text = format!(
                "{text}: its {length} bytes are too many to show here; read it in {}",
                snapshot.origin
            );
            Value::Null
        }
    };
    if let Value::Object(members) = &mut value {
        members.insert("policy".to_owned(), policy);
    }
    Ok(Answer::done(text, value))
}

pub(super) fn test(
    hook: &Hook,
    arguments: &Value,
    budget: &mut Budget<'_>,
) -> Result<Answer, Wrong> {
    let members = Members::new(arguments, "argument", &["policy", "limit", "from"])?;
    let limit = members.number("limit", 0, 1000)?.unwrap_or(100);
    let from = arguments::from(&members)?;
    // Without a policy in the command: the file as it is now, before it is reloaded.
    let origin = match (&hook.parameters.origin, given(&members)?) {
        (_, Some(text)) => Origin::Command(text),
        (Origin::File(path), None) => Origin::File(path.clone()),
        _ => return Err(members.missing("policy")),
    };
    // Without its keys: who may only read must not make Kea open other files.
    let candidate = match *made(hook.make(origin, Keys::Unread, budget.patience()))? {
        Ok(candidate) => candidate,
        Err(mistakes) => return Ok(refused(&mistakes)),
    };
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let (report, next) = differences(hook, &candidate, limit, from, budget);
    let mut text = format!(
        "no mistakes; {} of {} phones seen would be sent something else",
        report.changed, report.phones
    );
    if let Some(next) = next {
        let all = hook.seen.len();
        text =
            format!("{text}; these are not all of the {all}: continue with \"from\": \"{next}\"");
    }
    let mut value = summary(&candidate, &makers_seen(hook));
    let report = serde_json::to_value(&report).map_err(|error| error.to_string())?;
    if let (Value::Object(members), Value::Object(report)) = (&mut value, report) {
        members.extend(report);
        if let Some(next) = next {
            members.insert("next".to_owned(), next.to_string().into());
        }
    }
    hook.workbench.dispose(candidate);
    Ok(Answer::done(text, value))
}

/// A policy that a command has waited for.
fn made(outcome: Outcome) -> Result<Box<Result<Snapshot, Mistakes>>, Wrong> {
    match outcome {
        Outcome::Made(made) => Ok(made),
        Outcome::Unfinished(since) => Err(format!(
            "the policy is large and is still being compiled, for {:.1} s now; clients are answered meanwhile. \
             Repeat the command in a moment for its result",
            since.as_secs_f32()
        )),
        Outcome::Occupied(since) => Err(format!(
            "another policy, of another command, is still being compiled, for {:.1} s now. Repeat the command \
             in a moment",
            since.as_secs_f32()
        )),
        Outcome::NoThread(error) => Err(format!(
            "the system starts no thread that could compile the policy: {error}. Repeat the command in a moment"
        )),
    }
}

pub(super) fn set(
    hook: &Hook,
    arguments: &Value,
    budget: &mut Budget<'_>,
) -> Result<Answer, Wrong> {
    let members = Members::new(arguments, "argument", &["policy"])?;
    let text = given(&members)?.ok_or_else(|| members.missing("policy"))?;
    let note = "; it holds until Kea is configured again: write it into the file to keep it";
    prepare(hook, Origin::Command(text), note, budget)
}

pub(super) fn reload(
    hook: &Hook,
    arguments: &Value,
    budget: &mut Budget<'_>,
) -> Result<Answer, Wrong> {
    Members::new(arguments, "argument", &[])?;
    match &hook.parameters.origin {
        Origin::File(path) => prepare(hook, Origin::File(path.clone()), "", budget),
        _ => Err("the policy is in Kea's configuration itself: there is no file to read again \
                  (use phone-policy-set, or config-reload)"
            .to_owned()),
    }
}

/// The policy of an argument, as text.
fn given(members: &Members<'_>) -> Result<Option<String>, Wrong> {
    match members.get("policy") {
        None => Ok(None),
        Some(policy @ Value::Object(_)) => Ok(Some(policy.to_string())),
        Some(other) => Err(members.expected("policy", "a map", other)),
    }
}

fn prepare(hook: &Hook, origin: Origin, note: &str, budget: &Budget<'_>) -> Result<Answer, Wrong> {
    Ok(match *made(hook.make(origin, Keys::Read, budget.patience()))? {
        Err(mistakes) => {
            // The command may come from a script that does not show the answer.
            log_mistakes(&mistakes);
            refused(&mistakes)
        }
        Ok(snapshot) => {
            let text = format!("policy {} is in force{note}", snapshot.engine.digest());
            let mut answer = Answer::done(text, summary(&snapshot, &makers_seen(hook)));
            hook.prepare(snapshot);
            answer.apply = true;
            answer
        }
    })
}

/// All mistakes, each with its place; nothing has been changed.
fn refused(mistakes: &Mistakes) -> Answer {
    let count = mistakes.0.len();
    let noun = if count == 1 { "mistake" } else { "mistakes" };
    let told = || mistakes.0.iter().take(MOST_LINES);
    let mut lines: Vec<String> = told().map(Mistake::to_string).collect();
    if count > MOST_LINES {
        lines.push(format!("and {} more", count - MOST_LINES));
    }
    let list: Vec<Value> = told().map(mistake).collect();
    let text = format!("{count} {noun}, the policy in force stays in force: {}", lines.join("; "));
    Answer::new(ERROR, text, Some(json!({ "mistakes": list })))
}

fn mistake(mistake: &Mistake) -> Value {
    let mut value = json!({ "place": mistake.place, "text": mistake.text });
    if let Value::Object(members) = &mut value {
        if let Some(file) = &mistake.file {
            members.insert("file".to_owned(), file.as_str().into());
        }
        if let Some(line) = mistake.line {
            members.insert("line".to_owned(), line.into());
        }
    }
    value
}

/// What there is to say of a policy in a few words.
///
/// The doubts are those about the policy, the makers that it names and those of the phones seen.
pub(super) fn summary(snapshot: &Snapshot, seen: &BTreeSet<String>) -> Value {
    let policy = snapshot.engine.policy();
    let all = check::of_makers_seen(&snapshot.doubts, seen);
    let doubts: Vec<Value> = all
        .iter()
        .take(MOST_LINES)
        .map(|doubt| {
            json!({
                "place": doubt.place,
                "text": doubt.text,
                "vendors": doubt.vendors,
                "places": doubt.places,
            })
        })
        .collect();
    json!({
        "digest": snapshot.engine.digest(),
        "origin": match &snapshot.origin {
            Origin::File(_) => "file",
            Origin::Inline(_) => "configuration",
            Origin::Command(_) => "command",
            Origin::LastGood(..) => "last-good",
            Origin::Nowhere => "none",
        },
        "file": match &snapshot.origin {
            Origin::File(path) | Origin::LastGood(path, _) => Value::from(path.display().to_string()),
            _ => Value::Null,
        },
        "since": seconds(snapshot.since),
        "sites": policy.sites.len(),
        "devices": policy.devices.len(),
        "doubts": doubts,
        "more-doubts": all.len().saturating_sub(MOST_LINES),
    })
}

/// A policy's text as JSON, without its comments and its secrets.
fn document(text: &str) -> Result<Value, Wrong> {
    let tree = offhook_core::json::from_json(text).map_err(|error| error.to_string())?;
    Ok(tree_value(&tree, ""))
}

fn tree_value(tree: &Tree, key: &str) -> Value {
    match &tree.kind {
        Kind::Null => Value::Null,
        Kind::Bool(value) => Value::from(*value),
        Kind::Integer(value) => Value::from(*value),
        Kind::Float(value) => Value::from(*value),
        Kind::Text(_) if key == "random-folder" => Value::from(STARS),
        Kind::Text(value) => {
            Value::from(String::from_utf8_lossy(&without_userinfo(value.as_bytes())))
        }
        Kind::List(items) => items.iter().map(|item| tree_value(item, key)).collect(),
        Kind::Table(entries) => {
            entries.iter().map(|(key, value)| (key.clone(), tree_value(value, key))).collect()
        }
    }
}
