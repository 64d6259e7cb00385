//! `phone-explain`: what a client would be sent now, and why.

use offhook_core::reader::Cursor;
use offhook_core::{Mistakes, client_json, explain as explain_query, json};
use serde_json::Value;

use super::Answer;
use crate::budget::Budget;
use crate::hook::Hook;
use crate::words::Wrong;

pub(super) fn explain(hook: &Hook, arguments: &Value, _: &mut Budget<'_>) -> Result<Answer, Wrong> {
    let text = match arguments {
        Value::Null => "{}".to_owned(),
        arguments => arguments.to_string(),
    };
    let question = read(&text).map_err(|mistakes| in_words(&mistakes))?;
    let snapshot = hook.in_force();
    let prefix = &hook.parameters.class_prefix;
    let explanation = question
        .ask(|query| explain_query(&snapshot.engine, query, prefix))
        .ok_or("argument packet: shorter than a BOOTP header")?;
    let text = match (&explanation.vendor, explanation.answer) {
        (Some(vendor), _) => format!("{vendor}: {} options to change", explanation.options.len()),
        (None, "drop") => "no phone: not answered".to_owned(),
        (None, _) => "no phone: nothing added, nothing changed".to_owned(),
    };
    let value = serde_json::to_value(&explanation).map_err(|error| error.to_string())?;
    Ok(Answer::done(text, value))
}

fn read(text: &str) -> Result<client_json::Question, Mistakes> {
    let tree = json::from_json(text)?;
    let mut mistakes = Mistakes::default();
    let question = client_json::read(&Cursor::root(&tree), &[], &mut mistakes);
    mistakes.or(question)
}

/// All mistakes in one line; each begins with the argument's name.
fn in_words(mistakes: &Mistakes) -> Wrong {
    let texts: Vec<String> = mistakes
        .0
        .iter()
        .map(|mistake| match &*mistake.place {
            "" => mistake.text.clone(),
            _ => format!("argument {mistake}"),
        })
        .collect();
    texts.join("; ")
}
