//! The maker's own keys in files that nest: `phone/date/TimeZone`, `functionKeys/fkey[0]/@label`. A path names
//! steps below the root; `name[1]` is the element whose index attribute is 1; a last step `@name` is an
//! attribute. What is there takes the value, what is not is made.

use roxmltree::{Document, Node};

use crate::escape::Escape;
use crate::makers::SettingsForm;

#[derive(Debug, PartialEq, Eq)]
struct Step<'p> {
    name: &'p str,
    index: Option<&'p str>,
}

/// Whether a key of an XML file is put to its place in the finished file, and not by the template.
pub(crate) fn is_put(form: &SettingsForm, key: &str) -> bool {
    !form.flat && (is_path(key) || form.plain.is_some() || form.nested)
}

/// Whether a key names a place in the tree rather than one of the format's own keys.
fn is_path(key: &str) -> bool {
    key.contains(['/', '[', '@'])
}

/// Puts a value, escaped already, to its place. The error says what is wrong with the key.
pub(crate) fn put(
    text: &str,
    form: &SettingsForm,
    key: &str,
    value: &str,
) -> Result<String, String> {
    let whole = match &form.plain {
        Some(plain) if !is_path(key) => plain.replace("KEY", key),
        Some(plain) if !key.contains('/') => {
            // `name[1]` and `name/@x` of a plain key are written where plain keys are.
            let folder = plain.rsplit_once('/').map(|(folder, _)| folder).unwrap_or_default();
            format!("{folder}/{key}")
        }
        _ => key.to_owned(),
    };
    if form.nested && !is_path(key) && key.contains('.') {
        return Err(format!("this maker's files nest: write the path, {}", key.replace('.', "/")));
    }
    let (steps, attribute) = steps(&whole)?;
    let document = Document::parse(text).map_err(|_| "the file cannot be read again".to_owned())?;
    let root = document.root_element();
    let steps = match steps.split_first() {
        Some((first, rest)) if root.has_tag_name(first.name) && first.index.is_none() => rest,
        _ => &steps[..],
    };
    if steps.is_empty() && attribute.is_none() {
        return Err("the key names the file's root".to_owned());
    }
    let mut at = root;
    let mut left = steps;
    while let Some((step, rest)) = left.split_first()
        && let Some(found) = at.children().find(|node| is_step(*node, step, form))
    {
        (at, left) = (found, rest);
    }
    Ok(match (left.is_empty(), attribute) {
        (true, Some(name)) => set_attribute(text, at, name, value),
        (true, None) if at.children().any(|node| node.is_element()) => {
            return Err("there are elements in what the key names: name one of them".to_owned());
        }
        (true, None) => set_text(text, at, value),
        (false, attribute) => insert(text, at, &made(left, attribute, form, value)),
    })
}

fn steps(path: &str) -> Result<(Vec<Step<'_>>, Option<&str>), String> {
    let mut parts: Vec<&str> = path.split('/').collect();
    let attribute = match parts.last().and_then(|last| last.strip_prefix('@')) {
        Some(name) => {
            parts.pop();
            Some(name)
        }
        None => None,
    };
    let step = |part: &&'_ str| -> Option<()> {
        let (name, _) = part.split_once('[').unwrap_or((part, ""));
        Escape::Xml.write_key(name, &mut String::new()).ok()?;
        (part.contains('[') == part.ends_with(']')).then_some(())
    };
    let name =
        |name: &str| Escape::Xml.write_key(name, &mut String::new()).is_ok() && !name.is_empty();
    let fits = parts.iter().all(|part| !part.is_empty() && step(part).is_some())
        && attribute.is_none_or(name);
    if !fits || parts.is_empty() {
        return Err("expected steps of names with / between them, such as phone/date/TimeZone, \
                    name[1] for an index and @name for an attribute"
            .to_owned());
    }
    let steps = parts.iter().map(|part| match part.trim_end_matches(']').split_once('[') {
        Some((name, index)) => Step { name, index: Some(index) },
        None => Step { name: part, index: None },
    });
    let steps: Vec<Step<'_>> = steps.collect();
    let number = |step: &Step<'_>| {
        step.index
            .is_none_or(|index| !index.is_empty() && index.chars().all(|c| c.is_ascii_digit()))
    };
    if !steps.iter().all(number) {
        return Err("expected a number between [ and ]".to_owned());
    }
    Ok((steps, attribute))
}

fn index_name(form: &SettingsForm) -> &str {
    form.index.as_deref().unwrap_or("index")
}

fn is_step(node: Node<'_, '_>, step: &Step<'_>, form: &SettingsForm) -> bool {
    node.is_element()
        && node.tag_name().name() == step.name
        && (step.index.is_none() || node.attribute(index_name(form)) == step.index)
}

fn set_attribute(text: &str, node: Node<'_, '_>, name: &str, value: &str) -> String {
    let there = node.attributes().find(|attribute| attribute.name() == name);
    match there {
        Some(attribute) => replaced(text, attribute.range_value(), value),
        None => {
            // Behind the element's name.
            let at = node.range().start + 1 + node.tag_name().name().len();
            replaced(text, at..at, &format!(" {name}=\"{value}\""))
        }
    }
}

fn set_text(text: &str, node: Node<'_, '_>, value: &str) -> String {
    let range = node.range();
    let Some(whole) = text.get(range.clone()) else { return text.to_owned() };
    match whole.rfind("</") {
        Some(end) => {
            let start = opening_end(node, whole);
            replaced(text, range.start + start..range.start + end, value)
        }
        None => {
            let name = node.tag_name().name();
            let open = whole.trim_end_matches("/>").trim_end();
            replaced(text, range, &format!("{open}>{value}</{name}>"))
        }
    }
}

/// Where an element's opening tag ends: behind its last attribute there is nothing but blanks and `>`.
fn opening_end(node: Node<'_, '_>, whole: &str) -> usize {
    let start = node.range().start;
    let behind = node.attributes().map(|attribute| attribute.range().end - start).max();
    let from = behind.unwrap_or(1 + node.tag_name().name().len());
    whole.get(from..).and_then(|rest| rest.find('>')).map_or(whole.len(), |at| from + at + 1)
}

/// New elements for the steps that are not there.
fn made(steps: &[Step<'_>], attribute: Option<&str>, form: &SettingsForm, value: &str) -> String {
    let Some((step, rest)) = steps.split_first() else { return value.to_owned() };
    let mut open = step.name.to_owned();
    if let Some(index) = step.index {
        open.push_str(&format!(" {}=\"{index}\"", index_name(form)));
    }
    if rest.is_empty() {
        let named = |name: &&String| Some(name.as_str()) != attribute;
        for (name, value) in form.attributes.iter().filter(|(name, _)| named(name)) {
            open.push_str(&format!(" {name}=\"{value}\""));
        }
    }
    match (rest.is_empty(), attribute) {
        (true, Some(name)) => format!("<{open} {name}=\"{value}\"></{}>", step.name),
        _ => format!("<{open}>{}</{}>", made(rest, attribute, form, value), step.name),
    }
}

/// Puts new elements at the end of what is in a node, on a line of their own.
fn insert(text: &str, node: Node<'_, '_>, new: &str) -> String {
    let range = node.range();
    let Some(whole) = text.get(range.clone()) else { return text.to_owned() };
    let depth = node.ancestors().filter(Node::is_element).count();
    let indent = |depth: usize| "  ".repeat(depth);
    match whole.rfind("</") {
        Some(end) => {
            let at = range.start + end;
            let before = text.get(..at).unwrap_or_default();
            let line = before.rfind('\n').map_or(0, |line| line + 1);
            match before.get(line..).is_some_and(|rest| rest.trim().is_empty()) {
                true => replaced(text, line..line, &format!("{}{new}\n", indent(depth))),
                false => {
                    let closing = indent(depth.saturating_sub(1));
                    replaced(text, at..at, &format!("\n{}{new}\n{closing}", indent(depth)))
                }
            }
        }
        None => {
            let name = node.tag_name().name();
            let open = whole.trim_end_matches("/>").trim_end();
            let (inner, closing) = (indent(depth), indent(depth.saturating_sub(1)));
            replaced(text, range, &format!("{open}>\n{inner}{new}\n{closing}</{name}>"))
        }
    }
}

fn replaced(text: &str, range: std::ops::Range<usize>, by: &str) -> String {
    let mut out = text.to_owned();
    out.replace_range(range, by);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "<?xml version=\"1.0\"?>\n<settings>\n  <phone-settings>\n    \
                        <a perm=\"R\">1</a>\n    <b idx=\"2\"/>\n  </phone-settings>\n</settings>\n";

    fn form() -> SettingsForm {
        SettingsForm {
            plain: Some("phone-settings/KEY".to_owned()),
            index: Some("idx".to_owned()),
            attributes: [("perm".to_owned(), "R".to_owned())].into(),
            ..SettingsForm::default()
        }
    }

    fn with(key: &str, value: &str) -> String {
        let text = put(FILE, &form(), key, value).unwrap();
        Document::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        text
    }

    #[test]
    fn values_find_their_places() {
        assert!(with("a", "2").contains("<a perm=\"R\">2</a>"));
        assert!(with("c", "x").contains("    <c perm=\"R\">x</c>\n  </phone-settings>"));
        assert!(with("b[2]", "x").contains("<b idx=\"2\">x</b>"));
        assert!(with("b[3]", "x").contains("    <b idx=\"3\" perm=\"R\">x</b>\n"));
        assert!(with("phone-settings/a/@perm", "RW").contains("<a perm=\"RW\">1</a>"));
        assert!(with("phone-settings/b[2]/@perm", "x").contains("<b perm=\"x\" idx=\"2\"/>"));
        let keys = with("functionKeys/fkey[0]/@label", "Anna");
        assert!(
            keys.contains("<functionKeys><fkey idx=\"0\" perm=\"R\" label=\"Anna\"></fkey>"),
            "{keys}"
        );
        assert!(
            with("settings/tbook/@e", "2")
                .contains("  <tbook perm=\"R\" e=\"2\"></tbook>\n</settings>")
        );
    }

    #[test]
    fn keys_that_are_no_path() {
        for wrong in ["", "a//b", "/a", "a b/c", "a/@", "a[x]", "a[1", "<x>/y", "settings"] {
            let form = SettingsForm { plain: None, ..form() };
            assert!(put(FILE, &form, wrong, "v").is_err(), "{wrong:?}");
        }
        let nested = SettingsForm { nested: true, ..SettingsForm::default() };
        let error = put(FILE, &nested, "phone.date.TimeZone", "4").unwrap_err();
        assert!(error.contains("phone/date/TimeZone"), "{error}");
    }
}
