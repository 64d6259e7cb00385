//! Parameters in XML, in the shapes that makers have: elements, attributes, pairs of name and value.

use roxmltree::{Document as Tree, Node, ParsingOptions};

use super::{Document, Part, Unread};

/// More than any phone's file has; what is deeper is not built by a phone system.
const DEEPEST: usize = 64;
const LONGEST_NAME: usize = 256;
const MOST_NODES: u32 = 500_000;

pub(super) fn parse(text: &str) -> Result<Document, Unread> {
    let options = ParsingOptions { nodes_limit: MOST_NODES, ..ParsingOptions::default() };
    let tree = Tree::parse_with_options(text, options)
        .map_err(|error| Unread::Broken(error.to_string()))?;
    let mut document = Document::new("XML");
    let root = tree.root_element();
    if root.tag_name().name().eq_ignore_ascii_case("html") {
        return Err(Unread::Page);
    }
    // The root's own name says nothing; what it has does. No recursion: the depth is the server's.
    attributes(root, "", &mut document)?;
    let mut waiting: Vec<(Node<'_, '_>, String, usize)> =
        children(root).map(|node| (node, String::new(), 1)).collect();
    waiting.reverse();
    while let Some((node, above, depth)) = waiting.pop() {
        if depth > DEEPEST {
            return Err(Unread::Broken(format!("more than {DEEPEST} elements within each other")));
        }
        let path = path(node, &above)?;
        if one(node, &path, &mut document)? {
            let from = waiting.len();
            waiting.extend(children(node).map(|child| (child, path.clone(), depth + 1)));
            if let Some(new) = waiting.get_mut(from..) {
                new.reverse();
            }
        }
    }
    Ok(document)
}

fn children<'a, 'i>(node: Node<'a, 'i>) -> impl Iterator<Item = Node<'a, 'i>> {
    node.children().filter(Node::is_element)
}

/// The attributes that say which of several an element is.
const NUMBERS: [&str; 4] = ["idx", "index", "lineIndex", "At"];

/// More than any phone has lines.
const MOST_ALIKE: usize = 128;

/// Which of several an element is: `idx="1"`, `index="1"`, or a child `<ID>SIP1</ID>`; of things without attributes
/// that all have one name (Auerswald's identities) by their order, from 1.
fn number(node: Node<'_, '_>) -> Option<String> {
    let attribute = NUMBERS.iter().find_map(|name| node.attribute(*name));
    let child = || children(node).find(|child| child.has_tag_name("ID"))?.text();
    let number = attribute.or_else(child).map(|number| format!("[{}]", number.trim()));
    number.or_else(|| position(node).map(|position| format!("[{position}]")))
}

fn position(node: Node<'_, '_>) -> Option<usize> {
    let alike = |other: &Node<'_, '_>| other.tag_name() == node.tag_name();
    let alone = !node.prev_sibling_element().is_some_and(|other| alike(&other))
        && !node.next_sibling_element().is_some_and(|other| alike(&other));
    if alone || node.attributes().len() > 0 || children(node).next().is_none() {
        return None;
    }
    let before = std::iter::successors(node.prev_sibling_element(), Node::prev_sibling_element);
    let before = before.take(MOST_ALIKE).take_while(alike).count();
    (before < MOST_ALIKE).then_some(before + 1)
}

fn item_name<'a>(node: Node<'a, '_>) -> Option<&'a str> {
    matches!(node.tag_name().name(), "item" | "part").then(|| node.attribute("name")).flatten()
}

fn path(node: Node<'_, '_>, above: &str) -> Result<String, Unread> {
    let name = node.tag_name().name();
    // <item name="account.1"><part name="userid">: one name, put together by dots.
    let named = item_name(node);
    let own = match named {
        Some(named) => named.to_owned(),
        None => format!("{name}{}", number(node).unwrap_or_default()),
    };
    if own.len() > LONGEST_NAME {
        return Err(Unread::Broken(format!("a name of more than {LONGEST_NAME} bytes")));
    }
    let within = node.parent().and_then(item_name);
    let between = if named.and(within).is_some() { "." } else { "/" };
    Ok(if above.is_empty() { own } else { format!("{above}{between}{own}") })
}

/// What one element says. Whether its children are still to be read.
fn one(node: Node<'_, '_>, path: &str, document: &mut Document) -> Result<bool, Unread> {
    let bare = children(node).next().is_none();
    let text: String = match bare {
        true => node.children().filter_map(|child| child.text()).collect(),
        false => String::new(),
    };
    // Beside a text, attributes only say of what kind it is (idx, perm, para).
    if !bare || text.trim().is_empty() {
        attributes(node, path, document)?;
    }
    // Snom's list of files.
    if node.tag_name().name() == "file"
        && let Some(url) = node.attribute("url")
    {
        document.parts.push(Part::Include(url.to_owned()));
    }
    // What says everything in its attributes has no value of its own.
    if bare && (node.attributes().len() == 0 || !text.trim().is_empty()) {
        document.value(path, text)?;
    }
    Ok(!bare)
}

fn attributes(node: Node<'_, '_>, path: &str, document: &mut Document) -> Result<(), Unread> {
    // Gigaset's <SYMB_ITEM ID="X[0]" value='"Y"'/>: texts in quotes, all of an array by [0] or [%].
    if let (Some(name), Some(value)) = (node.attribute("ID"), node.attribute("value")) {
        let whole = name.strip_suffix("[0]").or_else(|| name.strip_suffix("[%]"));
        let text = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
        return document.value(whole.unwrap_or(name), text.unwrap_or(value));
    }
    // <setting id="X" value="Y"/>, <param name="X" value="Y"/>
    let name = node.attribute("id").or_else(|| node.attribute("name"));
    if let (Some(name), Some(value)) = (name, node.attribute("value")) {
        return document.value(name, value);
    }
    for attribute in node.attributes() {
        let (name, value) = (attribute.name(), attribute.value());
        if name.len() > LONGEST_NAME {
            return Err(Unread::Broken(format!("a name of more than {LONGEST_NAME} bytes")));
        }
        // Polycom's parameters are attributes with dots in their names, in any element.
        let key = match (name.contains('.'), path) {
            (true, _) => name.to_owned(),
            (false, "") => format!("@{name}"),
            (false, path) => format!("{path}/@{name}"),
        };
        document.value(key, value)?;
    }
    Ok(())
}
