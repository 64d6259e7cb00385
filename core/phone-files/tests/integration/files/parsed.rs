//! The files read again: XML by a parser that is not ours, the makers' lines by their plainest reading.

use offhook_catalogue::Vendor;

/// A file's shape (elements, attributes, keys) and its values, by a parser that is not ours.
pub fn parsed(vendor: &Vendor, path: &str, text: &str) -> (Vec<String>, Vec<String>) {
    let name = path.rsplit('/').next().unwrap_or(path);
    let file = vendor.files.iter().find(|file| {
        let (head, tail) = file.name.split_once("{{").unwrap_or((&file.name, ""));
        let tail = tail.rsplit("}}").next().unwrap_or_default();
        file.template.is_some() && name.starts_with(head) && name.ends_with(tail)
    });
    match file.expect("a file of this vendor").escape {
        Some(offhook_catalogue::FileEscape::Xml) => parsed_xml(path, text),
        _ => parsed_lines(text),
    }
}

fn parsed_xml(path: &str, text: &str) -> (Vec<String>, Vec<String>) {
    let document =
        roxmltree::Document::parse(text).unwrap_or_else(|e| panic!("{path}: {e}\n{text}"));
    let (mut shape, mut values) = (Vec::new(), Vec::new());
    for node in document.descendants() {
        if node.is_element() {
            shape.push(format!("<{}>", node.tag_name().name()));
            for attribute in node.attributes() {
                shape.push(format!("@{}", attribute.name()));
                // Gigaset's texts have quotes of their own.
                let value = attribute.value();
                let bare = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
                values.push(bare.unwrap_or(value).to_owned());
            }
        } else if node.is_text() && !node.text().unwrap_or_default().trim().is_empty() {
            shape.push("text".to_owned());
            values.push(node.text().unwrap_or_default().to_owned());
        } else if node.is_comment() {
            shape.push("comment".to_owned());
        }
    }
    (shape, values)
}

/// `key = value`, `key: value`, `KEY="value"`, `SET KEY value`.
fn parsed_lines(text: &str) -> (Vec<String>, Vec<String>) {
    let (mut shape, mut values) = (Vec::new(), Vec::new());
    for line in text.lines() {
        if line.starts_with('#') || line.starts_with('[') || line.is_empty() {
            shape.push(line.to_owned());
            continue;
        }
        if line.starts_with("GET ") {
            shape.push(line.to_owned());
            continue;
        }
        let cut = match line.strip_prefix("SET ") {
            Some(rest) => rest.split_once(' '),
            None => line.find([':', '=']).map(|at| (&line[..at], &line[at + 1..])),
        };
        let (key, value) = cut.unwrap_or_else(|| panic!("no key and value: {line:?}"));
        shape.push(key.trim().to_owned());
        let value = value.trim();
        let bare = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        values.push(bare.unwrap_or(value).to_owned());
    }
    (shape, values)
}
