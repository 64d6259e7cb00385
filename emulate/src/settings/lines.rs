//! Parameters in lines: `name = value`, `name: value`, Fanvil's modules, and lines that name files.

use super::{Document, Part, Unread};

pub(super) fn parse(text: &str, form: &'static str) -> Result<Document, Unread> {
    let mut document = Document::new(form);
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        let comment = ["#", ";", "//"].iter().any(|mark| line.starts_with(mark));
        let section = line.starts_with('[') && line.ends_with(']');
        // <<VOIP CONFIG FILE>>Version:2.0002, <SIP CONFIG MODULE>
        let module = line.starts_with("<<") || (line.starts_with('<') && line.ends_with('>'));
        if line.is_empty() || comment || section || module {
            continue;
        }
        if !read(line, &mut document)? {
            // Never the line itself: it may be a password.
            let why = format!("line {}: neither a parameter nor a comment", number + 1);
            return Err(Unread::Broken(why));
        }
    }
    if document.parts.is_empty() {
        return Err(Unread::Broken("no parameter in it".to_owned()));
    }
    Ok(document)
}

/// Snom's older form: lines within `<html><pre>`. Any other page is only a page.
pub(super) fn in_page(text: &str) -> Result<Document, Unread> {
    let lower = text.to_ascii_lowercase();
    let lines = lower.find("<pre>").map(|at| at + "<pre>".len()).and_then(|begin| {
        let end = lower.get(begin..)?.find("</pre>").map_or(text.len(), |at| begin + at);
        text.get(begin..end)
    });
    lines.and_then(|lines| parse(lines, "text in <pre>").ok()).ok_or(Unread::Page)
}

fn read(line: &str, document: &mut Document) -> Result<bool, Unread> {
    // Yealink and Flyingvoice.
    if let Some(rest) = line.strip_prefix("include:config") {
        let name = unquoted(rest);
        let inner = name.strip_prefix('<').and_then(|name| name.strip_suffix('>'));
        let name = inner.unwrap_or(name);
        document.parts.push(Part::Include(name.to_owned()));
        return Ok(true);
    }
    // `sip line1 user name: 1001` and `account.1.user_name = 1001`: the sign that comes first.
    let Some(at) = line.find(['=', ':']) else { return Ok(false) };
    let (name, value) = line.split_at(at);
    // Snom marks who may change a parameter: `user_host1!: x`. Fanvil pads its names with blanks.
    let name = name.trim().trim_end_matches(['!', '$', '&']);
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    if name.is_empty() {
        return Ok(false);
    }
    document.value(name, unquoted(value.get(1..).unwrap_or_default()))?;
    Ok(true)
}

pub(super) fn unquoted(value: &str) -> &str {
    let value = value.trim();
    let inner = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    inner.unwrap_or(value)
}
