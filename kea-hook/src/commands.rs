//! The commands of Kea's control channel: arguments in, Kea's kind of answer out.
//!
//! One table names them all; each has a description in `api/`, and a test holds both together.

mod arguments;
mod explain;
mod phones;
mod policy;
mod remembered;
mod rows;
mod status;
mod vendors;

use serde_json::{Value, json};

use crate::budget::Budget;
use crate::hook::Hook;
use crate::words::{self, Wrong};

/// The longest arguments. A policy has its own limit; anything else is about one client.
const LONGEST_ARGUMENTS: usize = 256 << 10;
const LONGEST_POLICY: usize = 4 << 20;

/// Kea's result codes.
const SUCCESS: u8 = 0;
const ERROR: u8 = 1;
const EMPTY: u8 = 3;

/// An answer before it is JSON.
#[derive(Debug)]
pub(crate) struct Answer {
    result: u8,
    text: String,
    arguments: Option<Value>,
    /// A policy has been prepared and is to be applied.
    pub(crate) apply: bool,
}

impl Answer {
    fn new(result: u8, text: impl Into<String>, arguments: Option<Value>) -> Answer {
        Answer { result, text: text.into(), arguments, apply: false }
    }

    fn done(text: impl Into<String>, arguments: Value) -> Answer {
        Answer::new(SUCCESS, text, Some(arguments))
    }

    fn error(text: impl Into<String>) -> Answer {
        Answer::new(ERROR, text, None)
    }

    pub(crate) fn into_json(self) -> String {
        let mut answer = json!({ "result": self.result, "text": self.text });
        if let (Some(arguments), Value::Object(answer)) = (self.arguments, &mut answer) {
            answer.insert("arguments".to_owned(), arguments);
        }
        answer.to_string()
    }
}

/// Bad arguments become result 1.
impl From<Wrong> for Answer {
    fn from(wrong: Wrong) -> Answer {
        Answer::error(wrong)
    }
}

type Run = fn(&Hook, &Value, &mut Budget<'_>) -> Result<Answer, Wrong>;

/// All commands, by name.
pub(crate) const COMMANDS: [(&str, Run); 11] = [
    ("phone-allow-move", phones::allow_move),
    ("phone-explain", explain::explain),
    ("phone-get", phones::get),
    ("phone-list", phones::list),
    ("phone-policy-get", policy::get),
    ("phone-policy-reload", policy::reload),
    ("phone-policy-set", policy::set),
    ("phone-policy-test", policy::test),
    ("phone-status-get", status::get),
    ("phone-vendor-get", vendors::get),
    ("phone-vendor-list", vendors::list),
];

/// Runs a command. `arguments` is JSON, or empty where there are none.
pub(crate) fn run(hook: &Hook, name: &str, arguments: &str) -> Answer {
    crate::fault::provoke("command", arguments.as_bytes());
    let Some((_, run)) = COMMANDS.iter().find(|(known, _)| *known == name) else {
        return Answer::error(format!("'{name}' is not a command of offhook"));
    };
    let longest = match name.starts_with("phone-policy-") {
        true => LONGEST_POLICY,
        false => LONGEST_ARGUMENTS,
    };
    if arguments.len() > longest {
        return Answer::error(format!(
            "the arguments have {} bytes: expected at most {longest} bytes, since no client is answered while \
             Kea runs a command. A longer policy: write it into the file \"policy-file\" and run \
             phone-policy-reload",
            arguments.len()
        ));
    }
    let mut budget = hook.budgets.open();
    let arguments = match words::read(arguments) {
        Ok(arguments) => arguments,
        Err(error) => return Answer::error(format!("the arguments are not JSON: {error}")),
    };
    if !matches!(arguments, Value::Object(_) | Value::Null) {
        let found = words::kind(&arguments);
        return Answer::error(format!("the arguments must be a map, found {found}"));
    }
    run(hook, &arguments, &mut budget).unwrap_or_else(Answer::from)
}

#[cfg(test)]
mod tests;
