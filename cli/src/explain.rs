//! `offhook explain`: what a client would be sent, and why.

mod print;

use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use offhook_core::client_json::{self, Question};
use offhook_core::error::Mistakes;
use offhook_core::explain::Explanation;
use offhook_core::reader::Cursor;
use offhook_core::{Engine, Host, explain, json};
use serde_json::{Map, Value};

use crate::explain_capture;
use crate::input::{self, Catalogue, Failure};

/// Explains what a client would be sent, and why
///
/// Describe the client by flags, or many clients as one JSON object a line with --batch; the keys are
/// the flags' names.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  offhook explain --policy offhook.json --mac 00:04:13:01:02:03 --vendor-class snomD735
  offhook explain --policy offhook.json --pcap boot.pcapng
  echo '{\"mac\": \"00:15:65:01:02:03\"}' | offhook explain --policy offhook.json --batch -")]
pub struct Arguments {
    /// The policy
    #[arg(long, value_name = "FILE")]
    policy: PathBuf,
    /// The client's hardware address
    #[arg(long)]
    mac: Option<String>,
    /// Option 60
    #[arg(long, value_name = "TEXT")]
    vendor_class: Option<String>,
    /// Option 60 in hex
    #[arg(long, value_name = "HEX")]
    vendor_class_hex: Option<String>,
    /// Option 77
    #[arg(long, value_name = "TEXT")]
    user_class: Option<String>,
    /// Option 77 in hex
    #[arg(long, value_name = "HEX")]
    user_class_hex: Option<String>,
    /// Option 12
    #[arg(long, value_name = "TEXT")]
    host_name: Option<String>,
    /// Option 124 in hex
    #[arg(long, value_name = "HEX")]
    vendor_identifying_class_hex: Option<String>,
    /// Option 125 in hex
    #[arg(long, value_name = "HEX")]
    vendor_identifying_hex: Option<String>,
    /// Option 55, such as 1,3,66
    #[arg(long, value_name = "LIST")]
    request_list: Option<String>,
    /// The leased address (in an inform: the client's own)
    #[arg(long, value_name = "ADDRESS")]
    ip: Option<String>,
    /// The relay's address (giaddr)
    #[arg(long, value_name = "ADDRESS")]
    relay: Option<String>,
    /// The receiving interface
    #[arg(long, value_name = "NAME")]
    interface: Option<String>,
    /// A client class that the server gives the client; may be given several times
    #[arg(long, value_name = "CLASS")]
    client_class: Vec<String>,
    /// Option 82, circuit id
    #[arg(long, value_name = "TEXT")]
    circuit_id: Option<String>,
    /// Option 82, circuit id in hex
    #[arg(long, value_name = "HEX")]
    circuit_id_hex: Option<String>,
    /// Option 82, remote id
    #[arg(long, value_name = "TEXT")]
    remote_id: Option<String>,
    /// Option 82, remote id in hex
    #[arg(long, value_name = "HEX")]
    remote_id_hex: Option<String>,
    /// discover, request or inform
    #[arg(long)]
    message: Option<String>,
    /// A whole packet in hex, from its first BOOTP byte
    #[arg(long, value_name = "HEX")]
    packet: Option<String>,
    /// One JSON object a line from a file or - for standard input; prints one answer a line
    #[arg(long, value_name = "FILE", conflicts_with_all = ["mac", "vendor_class", "packet"])]
    batch: Option<PathBuf>,
    /// Every client packet of a capture (pcap, pcapng), compared with the server's answers in it
    #[arg(long, value_name = "FILE", conflicts_with_all = ["mac", "vendor_class", "packet", "batch"])]
    pcap: Option<PathBuf>,
    /// What the hook's parameter class-prefix says
    #[arg(long, default_value = "PHONE", value_name = "PREFIX")]
    class_prefix: String,
    /// Print as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    catalogue: Catalogue,
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let engine = arguments.catalogue.engine(&arguments.policy, Host::ANY)?;
    if let Some(file) = &arguments.pcap {
        let explained = explain_capture::explain_all(&engine, file, &arguments.class_prefix)?;
        return match arguments.json {
            true => input::json(&explained),
            false => explain_capture::print(&explained),
        };
    }
    if let Some(file) = &arguments.batch {
        return batch(&engine, file, &arguments.class_prefix);
    }
    let question = asked(&object(arguments).to_string()).map_err(|mistakes| {
        // The same names as flags: say it as the person wrote it.
        let lines = mistakes.0.iter().map(|mistake| match &*mistake.place {
            "" => mistake.text.replace("\"mac\" (or \"hw-address\")", "--mac"),
            place => format!("--{place}: {}", mistake.text),
        });
        input::wrong(lines.collect::<Vec<_>>().join("\n"))
    })?;
    let explanation = answered(&engine, &question, &arguments.class_prefix)?;
    if arguments.json { input::json(&explanation) } else { print::print(&explanation) }
}

fn object(arguments: &Arguments) -> Value {
    let fields = [
        ("mac", &arguments.mac),
        ("vendor-class", &arguments.vendor_class),
        ("vendor-class-hex", &arguments.vendor_class_hex),
        ("user-class", &arguments.user_class),
        ("user-class-hex", &arguments.user_class_hex),
        ("host-name", &arguments.host_name),
        ("vendor-identifying-class-hex", &arguments.vendor_identifying_class_hex),
        ("vendor-identifying-hex", &arguments.vendor_identifying_hex),
        ("request-list", &arguments.request_list),
        ("ip", &arguments.ip),
        ("relay", &arguments.relay),
        ("interface", &arguments.interface),
        ("circuit-id", &arguments.circuit_id),
        ("circuit-id-hex", &arguments.circuit_id_hex),
        ("remote-id", &arguments.remote_id),
        ("remote-id-hex", &arguments.remote_id_hex),
        ("message", &arguments.message),
        ("packet", &arguments.packet),
    ];
    let mut object: Map<String, Value> = fields
        .into_iter()
        .filter_map(|(key, value)| Some((key.to_owned(), value.clone()?.into())))
        .collect();
    if !arguments.client_class.is_empty() {
        object.insert("client-class".to_owned(), arguments.client_class.clone().into());
    }
    Value::Object(object)
}

fn asked(text: &str) -> Result<Question, Mistakes> {
    let tree = json::from_json(text)?;
    let mut mistakes = Mistakes::default();
    let question = client_json::read(&Cursor::root(&tree), &[], &mut mistakes);
    mistakes.or(question)
}

fn answered(engine: &Engine, question: &Question, prefix: &str) -> Result<Explanation, Failure> {
    let answer = question.ask(|query| explain(engine, query, prefix));
    answer.ok_or_else(|| input::wrong("--packet: not even a BOOTP header"))
}

/// One answer a line; a line that is wrong gets an `error` and the rest goes on.
fn batch(engine: &Engine, file: &Path, prefix: &str) -> Result<(), Failure> {
    let reader: Box<dyn BufRead> = if file.as_os_str() == "-" {
        Box::new(io::stdin().lock())
    } else {
        let opened = std::fs::File::open(file);
        Box::new(BufReader::new(
            opened.map_err(|error| input::wrong(format!("{}: {error}", file.display())))?,
        ))
    };
    let mut out = io::BufWriter::new(io::stdout().lock());
    let mut wrong = 0usize;
    for (number, line) in reader.split(b'\n').enumerate() {
        let line = line?;
        if line.trim_ascii().is_empty() {
            continue;
        }
        let line = std::str::from_utf8(&line).map_err(|_| "expected UTF-8".to_owned());
        let asked = line.and_then(|line| {
            asked(line).map_err(|mut mistakes| {
                // Its line is that of the file.
                mistakes.0.iter_mut().for_each(|mistake| mistake.line = None);
                mistakes.to_string()
            })
        });
        let answer = asked.and_then(|question| {
            let answer = question.ask(|query| explain(engine, query, prefix));
            answer.ok_or_else(|| "packet: not even a BOOTP header".to_owned())
        });
        let text = match answer {
            Ok(explanation) => serde_json::to_string(&explanation).map_err(input::wrong)?,
            Err(error) => {
                wrong += 1;
                serde_json::json!({ "error": error, "line": number + 1 }).to_string()
            }
        };
        writeln!(out, "{text}")?;
    }
    out.flush()?;
    match wrong {
        0 => Ok(()),
        _ => Err(input::wrong(format!("{wrong} lines are wrong: see their \"error\""))),
    }
}
