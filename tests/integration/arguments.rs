//! Malformed arguments: of every command, every argument that its description in kea-hook/api names.
//! Kea answers with result 1 and a text that names the argument.

use std::fs;

use serde_json::{Value, json};

use crate::annotate::FILES;
use crate::commands::COMMANDS;
use crate::peers::kea::Setup;

/// A command as its description has it.
struct Described {
    name: String,
    /// Each with the form of its value.
    arguments: Vec<(String, Form)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Text,
    Number,
    Bool,
    List,
    Object,
}

impl Form {
    /// Values that are of another form.
    fn wrong(self) -> Vec<Value> {
        let all = [
            (Form::Text, json!("\u{0}?")),
            (Form::Number, json!(-1)),
            (Form::Number, json!(1.5)),
            (Form::Number, json!(7)),
            (Form::Bool, json!(true)),
            (Form::List, json!([{}])),
            (Form::Object, json!({ "no such key": 1 })),
        ];
        let wrong = |(form, value): (Form, Value)| {
            let right = match self {
                Form::Text | Form::Bool => form == self,
                // Negative and broken ones are none.
                Form::Number => value == json!(7),
                // One may be given as itself.
                Form::List => form == Form::Text,
                // An object with unknown keys is refused too.
                Form::Object => false,
            };
            (!right).then_some(value)
        };
        all.into_iter().filter_map(wrong).collect()
    }
}

/// The descriptions, out of their own syntax lines: `"limit": <integer>,`.
fn described() -> Vec<Described> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/kea-hook/api");
    let mut commands = Vec::new();
    for entry in fs::read_dir(folder).expect("kea-hook/api") {
        let path = entry.expect("a file").path();
        let text = fs::read_to_string(&path).expect("a description");
        let value: Value = serde_json::from_str(&text).expect("JSON");
        let lines = value["cmd-syntax"].as_array().expect("the syntax").iter();
        let lines = lines.filter_map(|line| line.as_str()?.trim().split_once("\": "));
        let arguments = lines.filter_map(|(name, value)| {
            let name = name.trim_start_matches('"').to_owned();
            let form = match value {
                _ if ["command", "arguments"].contains(&&*name) => return None,
                value if value.starts_with("\"<") => Form::Text,
                value if value.starts_with("<true") => Form::Bool,
                value if value.starts_with('<') => Form::Number,
                value if value.starts_with('[') => Form::List,
                _ => Form::Object,
            };
            Some((name, form))
        });
        let name = value["name"].as_str().expect("its name").to_owned();
        commands.push(Described { arguments: arguments.collect(), name });
    }
    commands.sort_by(|a, b| a.name.cmp(&b.name));
    commands
}

#[test]
fn each_argument_of_each_command_is_refused_by_its_name() {
    let kea = Setup::new().offhook_file(FILES).start();
    let commands = described();
    let names: Vec<&str> = commands.iter().map(|command| &*command.name).collect();
    assert_eq!(names, COMMANDS);
    let mut tried = 0;
    for Described { name: command, arguments } in &commands {
        for (argument, form) in arguments {
            for wrong in form.wrong() {
                // What must be there besides; a packet needs nothing else.
                let mut question = match &**command {
                    "phone-explain" if argument != "packet" => {
                        json!({ "hw-address": "00:15:65:00:00:01" })
                    }
                    _ => json!({}),
                };
                question[argument] = wrong;
                let reply = kea.command(command, question.clone());
                let named = reply.result == 1 && reply.text.contains(argument.as_str());
                assert!(named, "{command} {question}: {} {:?}", reply.result, reply.text);
                tried += 1;
            }
        }
        let text = kea.command(command, json!({ "no-such-argument": 1 })).refused();
        assert!(text.contains("no-such-argument"), "{command}: {text:?}");
        for arguments in [json!([1]), json!("text"), json!(7)] {
            let text = kea.command(command, arguments.clone()).refused();
            let said = text.starts_with("the arguments must be a map, found ");
            assert!(said, "{command} {arguments}: {text:?}");
        }
    }
    assert!(tried > 90, "expected the arguments of all descriptions, found {tried} cases");
    assert_eq!(kea.must_statistic("offhook.faults"), 0);
}

#[test]
fn bad_arguments_are_refused_by_name() {
    let kea = Setup::new().offhook_file(FILES).start();
    let long = "f".repeat(70_000);
    for (command, arguments, words) in [
        ("phone-explain", json!({}), "hw-address"),
        ("phone-explain", json!({ "hw-address": 7 }), "hw-address"),
        ("phone-explain", json!({ "hw-address": "00:15:65" }), "hw-address"),
        ("phone-explain", json!({ "hw-adress": "00:15:65:00:00:01" }), "hw-adress"),
        ("phone-explain", json!({ "packet": "0" }), "packet"),
        ("phone-explain", json!({ "packet": "zz" }), "packet"),
        ("phone-explain", json!({ "packet": "0101" }), "packet"),
        ("phone-explain", json!({ "hw-address": "00:15:65:00:00:01", "relay": "10.7" }), "relay"),
        ("phone-explain", json!({ "vendor-class": "a", "vendor-class-hex": "61" }), "vendor-class"),
        ("phone-explain", json!({ "vendor-class": "a", "request-list": [1, 300] }), "request-list"),
        ("phone-explain", json!({ "vendor-class": "a", "client-classes": [1] }), "client-classes"),
        ("phone-explain", json!({ "vendor-class": "a", "message": "offer" }), "message"),
        (
            "phone-explain",
            json!({ "vendor-class-hex": long.replace('f', "g") }),
            "vendor-class-hex",
        ),
        ("phone-get", json!({}), "hw-address"),
        ("phone-get", json!({ "hw-address": [] }), "hw-address"),
        ("phone-list", json!({ "limit": 0 }), "limit"),
        ("phone-list", json!({ "limit": -1 }), "limit"),
        ("phone-list", json!({ "limit": 1.5 }), "limit"),
        ("phone-list", json!({ "limit": "all" }), "limit"),
        ("phone-list", json!({ "from": "nowhere" }), "from"),
        ("phone-list", json!({ "vendor": "nobody" }), "vendor"),
        ("phone-policy-get", json!({ "policy": {} }), "policy"),
        ("phone-policy-reload", json!({ "file": "/etc/passwd" }), "file"),
        ("phone-policy-set", json!({}), "policy"),
        ("phone-policy-set", json!({ "policy": "text" }), "policy"),
        ("phone-policy-set", json!({ "policy": { "answer": "nobody" } }), "answer"),
        ("phone-policy-test", json!({ "policy": [] }), "policy"),
        ("phone-policy-test", json!({ "policy": { "sites": 7 } }), "sites"),
        ("phone-policy-test", json!({ "policy": {}, "limit": "x" }), "limit"),
        ("phone-status-get", json!({ "verbose": true }), "verbose"),
        ("phone-vendor-get", json!({}), "vendor"),
        ("phone-vendor-get", json!({ "vendor": "nobody" }), "nobody"),
        ("phone-vendor-list", json!({ "all": 1 }), "all"),
        ("phone-vendor-list", json!([1, 2]), "arguments"),
    ] {
        let shown = arguments.to_string().chars().take(80).collect::<String>();
        let text = kea.command(command, arguments).refused();
        assert!(text.contains(words), "{command} {shown}: expected {words:?} in {text:?}");
    }
    assert_eq!(kea.must_statistic("offhook.faults"), 0);
}
