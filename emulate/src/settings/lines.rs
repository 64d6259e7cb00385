//! Parameters in lines: `name = value`, `name: value`, `SET name value`, and lines that name files.

use super::Document;

pub(super) fn parse(text: &str) -> Result<Document, String> {
    let mut document = Document { form: "text", ..Document::default() };
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        let comment = ["#", ";", "//"].iter().any(|mark| line.starts_with(mark));
        let section = line.starts_with('[') && line.ends_with(']');
        if line.is_empty() || comment || section {
            continue;
        }
        if !read(line, &mut document) {
            // Never the line itself: it may be a password.
            return Err(format!("line {}: neither a parameter nor a comment", number + 1));
        }
    }
    if document.values.is_empty() && document.includes.is_empty() {
        return Err("no parameter in it".to_owned());
    }
    Ok(document)
}

fn read(line: &str, document: &mut Document) -> bool {
    // Yealink and Flyingvoice.
    if let Some(rest) = line.strip_prefix("include:config") {
        document.includes.push(unquoted(rest).to_owned());
        return true;
    }
    // Avaya's script.
    let (word, rest) = line.split_once([' ', '\t']).unwrap_or((line, ""));
    match word {
        "GET" => {
            document.includes.push(rest.trim().to_owned());
            return true;
        }
        "SET" => {
            let (name, value) = rest.trim().split_once([' ', '\t']).unwrap_or((rest, ""));
            document.values.push((name.to_owned(), unquoted(value).to_owned()));
            return true;
        }
        "IF" | "GOTO" => return true,
        _ => {}
    }
    // `sip line1 user name: 1001` and `account.1.user_name = 1001`: the sign that stands first.
    let Some(at) = line.find(['=', ':']) else { return false };
    let (name, value) = line.split_at(at);
    let name = name.trim();
    if name.is_empty() {
        return false;
    }
    let value = value.get(1..).unwrap_or_default();
    document.values.push((name.to_owned(), unquoted(value).to_owned()));
    true
}

fn unquoted(value: &str) -> &str {
    let value = value.trim();
    let inner = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    inner.unwrap_or(value)
}
