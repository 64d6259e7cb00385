//! The clients that have been seen: out of a file, or out of a running Kea's `phone-list`.
//!
//! A file holds questions as `offhook explain --batch` takes them, one a line, or a list that
//! `phone-list` or `offhook phones --json` printed. Only a question says what the client sent. A list's
//! entry without one still has the hardware address: [`Seen::bare`] counts those that it is not
//! enough for.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

use offhook_core::client_json::{self, Question};
use offhook_core::json;
use offhook_core::reader::Cursor;
use offhook_core::{Engine, Mistakes};
use serde_json::{Map, Value};

use crate::input::{Failure, wrong};
use crate::kea::pages::PHONES;
use crate::kea::{Access, Kea};

/// Goes through the clients of `--seen`, one by one.
pub struct Seen<'e> {
    /// By whose recognition a list's entry is checked.
    pub engine: &'e Engine,
    /// Entries of a list that their hardware address alone does not make the phone that they were.
    pub bare: usize,
    /// The makers that the lists name, by id.
    pub makers: BTreeSet<String>,
}

impl<'e> Seen<'e> {
    pub fn new(engine: &'e Engine) -> Seen<'e> {
        Seen { engine, bare: 0, makers: BTreeSet::new() }
    }
}

impl Seen<'_> {
    /// Visits every client that `source` (a file, a socket, a URL) knows.
    pub fn visit(
        &mut self,
        source: &str,
        access: &Access,
        mut each: impl FnMut(&Question),
    ) -> Result<(), Failure> {
        let path = Path::new(source);
        let socket = std::fs::metadata(path).is_ok_and(|found| found.file_type().is_socket());
        match socket || source.starts_with("http://") || source.starts_with("https://") {
            true => self.out_of_kea(&Kea::new(source, access)?, source, &mut each),
            false => self.out_of_file(path, &mut each),
        }
    }

    fn out_of_kea(
        &mut self,
        kea: &Kea,
        source: &str,
        each: &mut impl FnMut(&Question),
    ) -> Result<(), Failure> {
        kea.pages(&PHONES, &mut |phone| self.take(phone, source, each))
    }

    fn out_of_file(
        &mut self,
        path: &Path,
        each: &mut impl FnMut(&Question),
    ) -> Result<(), Failure> {
        let shown = path.display();
        let unreadable = |error: std::io::Error| wrong(format!("{shown}: cannot be read: {error}"));
        let mut reader: Box<dyn BufRead> = match path.as_os_str() == "-" {
            true => Box::new(std::io::stdin().lock()),
            false => Box::new(BufReader::new(std::fs::File::open(path).map_err(unreadable)?)),
        };
        let mut first = String::new();
        let mut number = 0usize;
        while first.trim().is_empty() {
            first.clear();
            number += 1;
            if reader.read_line(&mut first).map_err(unreadable)? == 0 {
                return Err(wrong(format!("{shown}: nothing in it: expected {EXPECTED}")));
            }
        }
        // A whole object on the first line: one a line. Else the whole file is one document.
        let Ok(value @ Value::Object(_)) = serde_json::from_str(&first) else {
            reader.read_to_string(&mut first).map_err(unreadable)?;
            let document: Value = serde_json::from_str(&first)
                .map_err(|error| wrong(format!("{shown}: {error}: expected {EXPECTED}")))?;
            return self.take_document(&document, &shown.to_string(), each);
        };
        if listed(&value).is_some() {
            return self.take_document(&value, &shown.to_string(), each);
        }
        self.take(&value, &format!("{shown}:{number}"), each)?;
        for line in reader.lines() {
            let line = line.map_err(unreadable)?;
            number += 1;
            if line.trim().is_empty() {
                continue;
            }
            let place = format!("{shown}:{number}");
            let value = serde_json::from_str(&line)
                .map_err(|error| wrong(format!("{place}: {error}: expected {EXPECTED}")))?;
            self.take(&value, &place, each)?;
        }
        Ok(())
    }

    fn take_document(
        &mut self,
        document: &Value,
        place: &str,
        each: &mut impl FnMut(&Question),
    ) -> Result<(), Failure> {
        let Some(items) = listed(document) else {
            return Err(wrong(format!("{place}: expected {EXPECTED}")));
        };
        for (index, item) in items.iter().enumerate() {
            self.take(item, &format!("{place}: [{index}]"), each)?;
        }
        Ok(())
    }

    fn take(
        &mut self,
        item: &Value,
        place: &str,
        each: &mut impl FnMut(&Question),
    ) -> Result<(), Failure> {
        let Value::Object(members) = item else {
            return Err(wrong(format!("{place}: expected {EXPECTED}")));
        };
        // Only a list's entry says whose phone it was.
        let was = members.get("vendor").map(|vendor| vendor.as_str());
        self.makers.extend(was.flatten().map(str::to_owned));
        let question = match (members.get("question"), was) {
            (Some(question), _) => ask(question, place)?,
            (None, None) => ask(item, place)?,
            (None, Some(was)) => {
                let question = ask(&by_address(members), place)?;
                let is = question.ask(|query| {
                    let found = self.engine.find(query).identity()?;
                    Some(self.engine.tables().at(found.vendor).id.to_string())
                });
                if is.flatten().as_deref() != was {
                    self.bare += 1;
                    return Ok(());
                }
                question
            }
        };
        each(&question);
        Ok(())
    }
}

const EXPECTED: &str = "one question a line, such as {\"mac\": \"00:15:65:01:02:03\", \"vendor-class\": \
     \"yealink\"}, or a list of phones as phone-list or offhook phones --json print it";

/// The entries of a list in any of its coats: bare, `phone-list`'s arguments, Kea's whole answer.
fn listed(document: &Value) -> Option<Vec<Value>> {
    let is_answer =
        |value: &Value| value.get("arguments").is_some() || value.get("phones").is_some();
    match document {
        Value::Array(items) if items.iter().any(is_answer) => {
            Some(items.iter().filter_map(listed).flatten().collect())
        }
        Value::Array(items) => Some(items.clone()),
        Value::Object(_) => {
            let inner = document.get("arguments").unwrap_or(document);
            inner.get("phones")?.as_array().cloned()
        }
        _ => None,
    }
}

/// What a list's entry says of the packet.
fn by_address(entry: &Map<String, Value>) -> Value {
    let mut question = Map::new();
    for (ours, theirs) in [("mac", ["mac", "hw-address"]), ("ip", ["ip-address", "address"])] {
        if let Some(value) = theirs.iter().find_map(|key| entry.get(*key)) {
            question.insert(ours.to_owned(), value.clone());
        }
    }
    Value::Object(question)
}

fn ask(value: &Value, place: &str) -> Result<Question, Failure> {
    let read = || -> Result<Question, Mistakes> {
        let tree = json::from_json(&value.to_string())?;
        let mut mistakes = Mistakes::default();
        let question = client_json::read(&Cursor::root(&tree), &[], &mut mistakes);
        mistakes.or(question)
    };
    read().map_err(|mistakes| wrong(format!("{place}: {mistakes}")))
}
