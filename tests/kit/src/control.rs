//! Kea's control channel, spoken over its UNIX socket.

use serde_json::{Value, json};
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// One answer of Kea to one command.
#[derive(Debug, Clone)]
pub struct Reply {
    pub command: String,
    pub result: i64,
    pub text: String,
    pub arguments: Value,
}

impl Reply {
    pub fn read(command: &str, value: &Value) -> Reply {
        // Over HTTP, and from the control agent, answers come as a list of one.
        let value = match value {
            Value::Array(list) if list.len() == 1 => &list[0],
            other => other,
        };
        Reply {
            command: command.to_owned(),
            result: value["result"].as_i64().unwrap_or_else(|| {
                panic!("expected an answer with a result to {command}, found {value}")
            }),
            text: value["text"].as_str().unwrap_or_default().to_owned(),
            arguments: value["arguments"].clone(),
        }
    }

    /// The arguments of an answer that must be a success.
    #[track_caller]
    pub fn ok(self) -> Value {
        assert_eq!(
            self.result, 0,
            "expected success of {}, found result {}: {}",
            self.command, self.result, self.text
        );
        self.arguments
    }

    /// The text of an answer that must be a refusal.
    #[track_caller]
    pub fn refused(self) -> String {
        assert_eq!(
            self.result, 1,
            "expected {} to be refused with result 1, found {}: {} {}",
            self.command, self.result, self.text, self.arguments
        );
        self.text
    }
}

pub fn command(socket: &Path, name: &str, arguments: Option<Value>) -> Reply {
    let mut question = json!({ "command": name });
    if let Some(arguments) = arguments {
        question["arguments"] = arguments;
    }
    Reply::read(name, &raw(socket, question.to_string().as_bytes()))
}

/// Any bytes in, whatever JSON comes back out.
pub fn raw(socket: &Path, question: &[u8]) -> Value {
    let mut stream = UnixStream::connect(socket)
        .unwrap_or_else(|error| panic!("control socket {}: {error}", socket.display()));
    stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a read timeout");
    stream.write_all(question).expect("the command is sent");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("an answer on the control socket");
    serde_json::from_slice(&answer).unwrap_or_else(|error| {
        panic!(
            "expected JSON on the control socket, found {:?}: {error}",
            String::from_utf8_lossy(&answer)
        )
    })
}
