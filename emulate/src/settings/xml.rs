//! Parameters in XML, in the shapes that makers have: elements, attributes, pairs of name and value.

use roxmltree::{Document as Tree, Node};

use super::Document;

pub(super) fn parse(text: &str) -> Result<Document, String> {
    let tree = Tree::parse(text).map_err(|error| error.to_string())?;
    let mut document = Document { form: "XML", ..Document::default() };
    for child in elements(tree.root()) {
        // The root's own name says nothing; what it bears does.
        attributes(child, "", &mut document);
        for inner in elements(child) {
            walk(inner, "", &mut document);
        }
    }
    Ok(document)
}

fn elements<'a, 'i>(node: Node<'a, 'i>) -> impl Iterator<Item = Node<'a, 'i>> {
    node.children().filter(Node::is_element)
}

fn walk(node: Node<'_, '_>, above: &str, document: &mut Document) {
    let name = node.tag_name().name();
    let number = node.attribute("idx").or_else(|| node.attribute("index"));
    let number = number.map(|number| format!("[{number}]")).unwrap_or_default();
    let path = match above {
        "" => format!("{name}{number}"),
        above => format!("{above}/{name}{number}"),
    };
    let text: String = node.children().filter_map(|child| child.text()).collect();
    let bare = elements(node).next().is_none();
    // Beside a text, attributes only say of what kind it is (idx, perm, para).
    if !bare || text.trim().is_empty() {
        attributes(node, &path, document);
    }
    // Snom's list of files.
    if name == "file"
        && let Some(url) = node.attribute("url")
    {
        document.includes.push(url.to_owned());
    }
    if bare {
        // What says everything in its attributes has no value of its own.
        if node.attributes().len() == 0 || !text.trim().is_empty() {
            document.values.push((path, text));
        }
        return;
    }
    for child in elements(node) {
        walk(child, &path, document);
    }
}

fn attributes(node: Node<'_, '_>, path: &str, document: &mut Document) {
    // <setting id="X" value="Y"/>, <param name="X" value="Y"/>
    let name = node.attribute("id").or_else(|| node.attribute("name"));
    if let (Some(name), Some(value)) = (name, node.attribute("value")) {
        document.values.push((name.to_owned(), value.to_owned()));
        return;
    }
    for attribute in node.attributes() {
        let (name, value) = (attribute.name(), attribute.value().to_owned());
        // Polycom's parameters are attributes with dots in their names; wherever they stand.
        let key = match (name.contains('.'), path) {
            (true, _) => name.to_owned(),
            (false, "") => format!("@{name}"),
            (false, path) => format!("{path}/@{name}"),
        };
        document.values.push((key, value));
    }
}
