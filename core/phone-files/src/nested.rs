//! The maker's own keys in files that nest: `phone/date/TimeZone`, `functionKeys/fkey[0]/@label`. A path names
//! steps below the root; `name[1]` is the element whose index attribute is 1; a last step `@name` is an
//! attribute. What is there takes the value, what is not is made.

use std::borrow::Cow;
use std::ops::Range;

use roxmltree::{Document, Node, NodeId};

use crate::escape::Escape;
use crate::makers::SettingsForm;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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

/// Puts values, escaped already, to their places, in their order. The file is read once for all of them, and
/// again only before a value whose place depends on one before it. The error says what is wrong with a key.
pub(crate) fn put_all(
    mut text: String,
    form: &SettingsForm,
    values: &[(Cow<'_, str>, String)],
) -> Result<String, String> {
    let mut left = values;
    while !left.is_empty() {
        let mut edits = independent(&text, form, left)?;
        left = left.get(edits.len()..).unwrap_or_default();
        // From the end, so that what is before stays where it is.
        edits.sort_by_key(|edit| edit.range.start);
        for Edit { range, by } in edits.into_iter().rev() {
            text.replace_range(range, &by);
        }
    }
    Ok(text)
}

/// One change of a file.
struct Edit {
    range: Range<usize>,
    by: String,
}

/// What an edit does to an element.
enum Touch<'p> {
    /// Puts an element before its end, which others may do besides.
    Adds(Step<'p>),
    /// Nothing else may be done to it by the same reading.
    Changes,
}

/// The edits of as many values as have places of their own.
fn independent(
    text: &str,
    form: &SettingsForm,
    values: &[(Cow<'_, str>, String)],
) -> Result<Vec<Edit>, String> {
    let document = Document::parse(text).map_err(|_| "the file cannot be read again".to_owned())?;
    let paths: Vec<String> =
        values.iter().map(|(key, _)| whole_path(form, key)).collect::<Result<_, _>>()?;
    let mut touched: Vec<(NodeId, Touch<'_>)> = Vec::new();
    let mut edits = Vec::new();
    for (path, (_, value)) in paths.iter().zip(values) {
        let (steps, attribute) = steps(path)?;
        let (at, left) = reached(document.root_element(), &steps, attribute, form)?;
        let touch = match left.first() {
            Some(step) if has_room(text, at) => Touch::Adds(*step),
            _ => Touch::Changes,
        };
        let before = touched.iter().filter(|(node, _)| *node == at.id());
        if before.into_iter().any(|(_, before)| depends(before, &touch)) {
            break;
        }
        touched.push((at.id(), touch));
        let edit = match (left.is_empty(), attribute) {
            (true, Some(name)) => set_attribute(at, name, value),
            (true, None) if at.children().any(|node| node.is_element()) => {
                return Err("there are elements in what the key names: name one of them".to_owned());
            }
            (true, None) => set_text(text, at, value),
            (false, attribute) => insert(text, at, &made(left, attribute, form, value)),
        };
        edits.push(edit);
        // By another index the next value may be another element's.
        if attribute == Some(index_name(form)) {
            break;
        }
    }
    Ok(edits)
}

/// Whether an edit must see what one before it did to the same element.
fn depends(before: &Touch<'_>, edit: &Touch<'_>) -> bool {
    match (before, edit) {
        (Touch::Adds(before), Touch::Adds(step)) => {
            before.name == step.name && (step.index.is_none() || step.index == before.index)
        }
        _ => true,
    }
}

/// A key as a path from the root.
fn whole_path(form: &SettingsForm, key: &str) -> Result<String, String> {
    if form.nested && !is_path(key) && key.contains('.') {
        return Err(format!("this maker's files nest: write the path, {}", key.replace('.', "/")));
    }
    Ok(match &form.plain {
        Some(plain) if !is_path(key) => plain.replace("KEY", key),
        Some(plain) if !key.contains('/') => {
            // `name[1]` and `name/@x` of a plain key are written where plain keys are.
            let folder = plain.rsplit_once('/').map(|(folder, _)| folder).unwrap_or_default();
            format!("{folder}/{key}")
        }
        _ => key.to_owned(),
    })
}

/// How far a path leads, and the steps that are left.
fn reached<'d, 's, 'p>(
    root: Node<'d, 'd>,
    steps: &'s [Step<'p>],
    attribute: Option<&str>,
    form: &SettingsForm,
) -> Result<(Node<'d, 'd>, &'s [Step<'p>]), String> {
    let mut left = match steps.split_first() {
        Some((first, rest)) if root.has_tag_name(first.name) && first.index.is_none() => rest,
        _ => steps,
    };
    if left.is_empty() && attribute.is_none() {
        return Err("the key names the file's root".to_owned());
    }
    let mut at = root;
    while let Some((step, rest)) = left.split_first()
        && let Some(found) =
            at.children().filter(|node| is_step(*node, step, form)).nth(nth(step, form))
    {
        (at, left) = (found, rest);
    }
    Ok((at, left))
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

/// Which of the elements that fit a step, from 0.
fn nth(step: &Step<'_>, form: &SettingsForm) -> usize {
    let number = step.index.filter(|_| form.position).and_then(|index| index.parse().ok());
    number.map_or(0, |number: usize| number.saturating_sub(1))
}

fn is_step(node: Node<'_, '_>, step: &Step<'_>, form: &SettingsForm) -> bool {
    node.is_element()
        && node.tag_name().name() == step.name
        && (step.index.is_none() || form.position || node.attribute(index_name(form)) == step.index)
}

fn set_attribute(node: Node<'_, '_>, name: &str, value: &str) -> Edit {
    let there = node.attributes().find(|attribute| attribute.name() == name);
    match there {
        Some(attribute) => Edit { range: attribute.range_value(), by: value.to_owned() },
        None => {
            // Behind the element's name.
            let at = node.range().start + 1 + node.tag_name().name().len();
            Edit { range: at..at, by: format!(" {name}=\"{value}\"") }
        }
    }
}

fn set_text(text: &str, node: Node<'_, '_>, value: &str) -> Edit {
    let range = node.range();
    let whole = text.get(range.clone()).unwrap_or_default();
    match whole.rfind("</") {
        Some(end) => {
            let start = opening_end(node, whole);
            let range = range.start + start..range.start + end;
            Edit { range, by: value.to_owned() }
        }
        None => {
            let name = node.tag_name().name();
            let open = whole.trim_end_matches("/>").trim_end();
            Edit { range, by: format!("{open}>{value}</{name}>") }
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
    if let Some(index) = step.index.filter(|_| !form.position) {
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

/// The beginning of the line on which nothing but an element's end is.
fn line_of_end(text: &str, node: Node<'_, '_>) -> Option<usize> {
    let range = node.range();
    let at = range.start + text.get(range)?.rfind("</")?;
    let before = text.get(..at)?;
    let line = before.rfind('\n').map_or(0, |line| line + 1);
    before.get(line..)?.trim().is_empty().then_some(line)
}

/// Whether elements can be put into a node one after another.
fn has_room(text: &str, node: Node<'_, '_>) -> bool {
    line_of_end(text, node).is_some()
}

/// Puts new elements at the end of what is in a node, on a line of their own.
fn insert(text: &str, node: Node<'_, '_>, new: &str) -> Edit {
    let depth = node.ancestors().filter(Node::is_element).count();
    let indent = |depth: usize| "  ".repeat(depth);
    let (inner, closing) = (indent(depth), indent(depth.saturating_sub(1)));
    if let Some(line) = line_of_end(text, node) {
        return Edit { range: line..line, by: format!("{inner}{new}\n") };
    }
    let range = node.range();
    let whole = text.get(range.clone()).unwrap_or_default();
    match whole.rfind("</") {
        Some(end) => {
            let at = range.start + end;
            Edit { range: at..at, by: format!("\n{inner}{new}\n{closing}") }
        }
        None => {
            let name = node.tag_name().name();
            let open = whole.trim_end_matches("/>").trim_end();
            Edit { range, by: format!("{open}>\n{inner}{new}\n{closing}</{name}>") }
        }
    }
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

    fn put(form: &SettingsForm, key: &str, value: &str) -> Result<String, String> {
        put_all(FILE.to_owned(), form, &[(key.into(), value.to_owned())])
    }

    fn with(key: &str, value: &str) -> String {
        let text = put(&form(), key, value).unwrap();
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
            assert!(put(&form, wrong, "v").is_err(), "{wrong:?}");
        }
        let nested = SettingsForm { nested: true, ..SettingsForm::default() };
        let error = put(&nested, "phone.date.TimeZone", "4").unwrap_err();
        assert!(error.contains("phone/date/TimeZone"), "{error}");
    }

    /// All at once as one after another, whether they depend on each other or not.
    #[test]
    fn many_values_are_put_as_if_one_by_one() {
        let keys = "a c c d b[2] b[3] b[3]/@x b tbook/item/@context e[1] e[2] e functionKeys/fkey[0]/@label \
                    functionKeys/fkey[0] functionKeys/fkey[1] settings/tbook/@e settings/new/x settings/new/y \
                    settings/new/y/@z phone-settings/a/@perm a/@q phone-settings/b[2]/@idx settings/@version";
        let keys: Vec<&str> = keys.split_whitespace().collect();
        // Each of these orders begins elsewhere and goes on by another step.
        for (start, step) in (0..keys.len()).flat_map(|start| [(start, 1), (start, 5), (start, 22)])
        {
            let at = |number: usize| keys[(start + number * step) % keys.len()];
            let values: Vec<(Cow<'_, str>, String)> =
                (0..keys.len()).map(|number| (at(number).into(), format!("v{number}"))).collect();
            let one_by_one = values.iter().try_fold(FILE.to_owned(), |text, value| {
                put_all(text, &form(), std::slice::from_ref(value))
            });
            let all = put_all(FILE.to_owned(), &form(), &values);
            assert_eq!(all, one_by_one, "{start}, {step}");
            if let Ok(text) = &all {
                Document::parse(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
            }
        }
    }

    /// Twenty values of their own places cost one reading of the file.
    #[test]
    fn values_that_do_not_depend_on_each_other_are_put_at_once() {
        let values: Vec<(Cow<'_, str>, String)> =
            (0..20).map(|number| (format!("key{number}").into(), "1".to_owned())).collect();
        assert_eq!(independent(FILE, &form(), &values).map(|edits| edits.len()), Ok(20));
        let twice = [("a".into(), "1".to_owned()), ("a".into(), "2".to_owned())];
        assert_eq!(independent(FILE, &form(), &twice).map(|edits| edits.len()), Ok(1));
    }

    #[test]
    fn elements_without_numbers_are_found_by_their_order() {
        let file =
            "<c>\n  <l>\n    <i>\n      <a>1</a>\n    </i>\n    <i>\n    </i>\n  </l>\n</c>\n";
        let form = SettingsForm { nested: true, position: true, ..SettingsForm::default() };
        let put = |key: &str| put_all(file.to_owned(), &form, &[(key.into(), "7".to_owned())]);
        assert!(put("l/i[1]/a").unwrap().contains("<a>7</a>"));
        assert!(put("l/i[2]/a").unwrap().contains("    <i>\n      <a>7</a>\n    </i>\n  </l>"));
    }
}
