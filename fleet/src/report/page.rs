//! One HTML page that works from a file: style, script and data are in it, and a policy of its own
//! (Content-Security-Policy) lets nothing else run or load.
//!
//! The data is JSON within a script element, in which no `<` appears, so that no text of a phone can end
//! the element. The script puts texts into the page as texts only.

use std::collections::HashMap;
use std::io::{self, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::Report;
use crate::phone::{Phone, Stage};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");
const BODY: &str = include_str!("page.html");

/// Writes the page.
///
/// # Errors
/// It cannot be written.
pub fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let hash = |text: &str| STANDARD.encode(Sha256::digest(text.as_bytes()));
    write!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
         style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n\
         <title>offhook: the phones at a glance</title>\n<style>{STYLE}</style>\n</head>\n{BODY}\
         <script type=\"application/json\" id=\"data\">",
        hash(STYLE),
        hash(SCRIPT),
    )?;
    let mut escaped = Escaped(&mut *out);
    let mut buffer = io::BufWriter::with_capacity(1 << 16, &mut escaped);
    serde_json::to_writer(&mut buffer, &Data::of(report))?;
    buffer.flush()?;
    drop(buffer);
    write!(out, "</script>\n<script>{SCRIPT}</script>\n</body>\n</html>\n")
}

/// Passes JSON on without what could end or open an element. Within JSON these signs are in strings only.
struct Escaped<'o>(&'o mut dyn Write);

impl Write for Escaped<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut from = 0;
        for (at, byte) in bytes.iter().enumerate() {
            if matches!(byte, b'<' | b'>' | b'&') {
                self.0.write_all(bytes.get(from..at).unwrap_or_default())?;
                write!(self.0, "\\u{byte:04x}")?;
                from = at + 1;
            }
        }
        self.0.write_all(bytes.get(from..).unwrap_or_default())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// The report as the page's script reads it: every text once, and a row of numbers for each phone.
#[derive(Serialize)]
struct Data<'r> {
    made: i64,
    version: &'r str,
    servers: &'r [crate::sources::Server],
    logs: &'r [super::Log],
    warnings: &'r [String],
    numbers: &'r super::Numbers,
    stages: Vec<Value>,
    texts: Vec<String>,
    rows: Vec<Vec<Value>>,
}

impl<'r> Data<'r> {
    fn of(report: &'r Report) -> Data<'r> {
        let mut texts = Texts::default();
        let rows = report.phones.iter().map(|phone| row(phone, &mut texts)).collect();
        let stages = Stage::ALL.iter();
        let stages = stages.map(|stage| json!([stage.words(), u8::from(stage.is_well())]));
        Data {
            made: report.made,
            version: report.version,
            servers: &report.servers,
            logs: &report.logs,
            warnings: &report.warnings,
            numbers: &report.numbers,
            stages: stages.collect(),
            texts: texts.all,
            rows,
        }
    }
}

/// Texts by number; 0 is the empty one.
struct Texts {
    all: Vec<String>,
    known: HashMap<String, usize>,
}

impl Default for Texts {
    fn default() -> Texts {
        Texts { all: vec![String::new()], known: HashMap::new() }
    }
}

impl Texts {
    fn number(&mut self, text: &str) -> usize {
        if text.is_empty() {
            return 0;
        }
        if let Some(number) = self.known.get(text) {
            return *number;
        }
        self.all.push(text.to_owned());
        self.known.insert(text.to_owned(), self.all.len() - 1);
        self.all.len() - 1
    }

    fn of(&mut self, text: &Option<String>) -> Value {
        self.number(text.as_deref().unwrap_or_default()).into()
    }
}

/// The columns of a row, in the order that page.js names them.
fn row(phone: &Phone, texts: &mut Texts) -> Vec<Value> {
    let mac: String = phone.mac.0.iter().map(|byte| format!("{byte:02x}")).collect();
    let address = phone.address.map_or(0, u32::from);
    let stage = Stage::ALL.iter().position(|stage| *stage == phone.stage).unwrap_or(0);
    let mut told = Vec::new();
    for one in &phone.told {
        told.push(texts.number(&one.option));
        told.push(texts.number(&one.value));
    }
    let mut fetches: Vec<Value> = Vec::new();
    for fetch in &phone.fetches {
        let file = texts.number(&fetch.file);
        fetches.push(json!([file, fetch.status, fetch.times, fetch.last.unwrap_or(0)]));
    }
    let mut registrations: Vec<Value> = Vec::new();
    let mut ordered: Vec<_> = phone.registrations.iter().collect();
    ordered.sort_unstable_by_key(|one| one.order);
    for one in ordered {
        let (user, reason) = (texts.number(&one.user), texts.number(&one.reason));
        let last = one.last.unwrap_or(0);
        registrations.push(json!([user, one.status, one.times, last, reason]));
    }
    vec![
        mac.into(),
        address.into(),
        texts.of(&phone.vendor),
        texts.of(&phone.model),
        texts.of(&phone.firmware),
        texts.of(&phone.site),
        stage.into(),
        phone.first_seen.unwrap_or(0).into(),
        phone.last_seen.unwrap_or(0).into(),
        phone.answers.into(),
        told.into(),
        fetches.into(),
        registrations.into(),
        texts.of(&phone.host_name),
        texts.of(&phone.by),
        texts.of(&phone.policy),
        texts.of(&phone.server),
        texts.of(&phone.drift),
        texts.of(&phone.looks_like_a_phone_by),
        u8::from(phone.listed).into(),
    ]
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use serde_json::json;

    use super::*;
    use crate::Fleet;
    use crate::log::time::Clock;
    use crate::sources::kea;

    #[test]
    fn no_text_of_a_phone_leaves_its_place() {
        let mut fleet = Fleet::new(Clock::at(1_795_867_200, TimeZone::UTC));
        let evil = "</script><script>alert(1)</script><!--&\u{2028}";
        let fields =
            json!(["hw-address", "vendor", "model", "ip-address", "last-seen", "host-name"]);
        let row = json!(format!(
            "00:15:65:00:00:01\tyealink\t{evil}\t10.7.0.1\t1795867100\t{evil}\t66=http://u:pw1@h/<b>"
        ));
        fleet.add(kea::Rows::new(&fields).phone(&row, evil).unwrap());
        let mut page = Vec::new();
        write(&Report::of(&fleet, vec![evil.to_owned()]), &mut page).unwrap();
        let page = String::from_utf8(page).unwrap();
        assert_eq!(page.matches("</script>").count(), 2, "the page's own two");
        assert_eq!(page.matches("<script").count(), 2);
        assert!(!page.contains("<!--") && !page.contains("pw1"), "{page}");
        // What is in it is all there.
        let (_, data) = page.split_once("id=\"data\">").unwrap();
        let data: Value = serde_json::from_str(data.split_once("</script>").unwrap().0).unwrap();
        let texts = data["texts"].as_array().unwrap();
        assert!(
            texts.iter().any(|text| text == "</script><script>alert(1)</script><!--&\\u{2028}")
        );
        assert!(texts.iter().any(|text| text == "http://***@h/<b>"));
        // Nothing is loaded from anywhere.
        for word in ["src=", "href=", "url(", "@import"] {
            assert!(!STYLE.contains(word) && !BODY.contains(word), "{word}");
        }
        assert!(!SCRIPT.contains("innerHTML") && !SCRIPT.contains("</"), "texts stay texts");
    }
}
