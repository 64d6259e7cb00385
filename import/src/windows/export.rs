//! The XML of `Export-DhcpServer`.
//!
//! Element names: those of the cmdlet's file (DHCPServer, IPv4, Classes, Scopes, OptionValues, Reservations). How a
//! policy's conditions are written follows the parameters of Add-DhcpServerv4Policy (`EQ,VALUE,...`).

use std::net::Ipv4Addr;

use roxmltree::{Document, Node, ParsingOptions};

use super::{BY_HAND, Reader, Whom, Written};
use crate::kinds::hex as bytes_of;
use crate::model::{Cond, Expr, Refused};

/// More elements than any server has.
const MOST_NODES: u32 = 4_000_000;

pub fn read(reader: &mut Reader, text: &str) -> Result<(), Refused> {
    let options = ParsingOptions { nodes_limit: MOST_NODES, ..ParsingOptions::default() };
    let document = Document::parse_with_options(text, options)
        .map_err(|error| Refused(format!("{}: not XML: {error}", reader.file)))?;
    let root = document.root_element();
    let Some(v4) = child(root, "IPv4").filter(|_| root.has_tag_name("DHCPServer")) else {
        return Err(Refused(format!(
            "{}: expected <DHCPServer> with <IPv4> in it, found <{}>: is this of Export-DhcpServer?",
            reader.file,
            root.tag_name().name()
        )));
    };
    let kinds = definitions(v4);
    for class in children(v4, "Classes", "Class") {
        let data = text_of(class, "Data");
        let bytes = bytes_of(&data).unwrap_or_else(|| data.as_bytes().to_vec());
        reader.class(
            &text_of(class, "Name"),
            bytes,
            text_of(class, "Type").eq_ignore_ascii_case("vendor"),
        );
    }
    for scope in children(v4, "Scopes", "Scope") {
        reader.scope(line(scope), &text_of(scope, "ScopeId"), &text_of(scope, "SubnetMask"));
        for reservation in children(scope, "Reservations", "Reservation") {
            reader.reserve(
                line(reservation),
                &text_of(reservation, "IPAddress"),
                &text_of(reservation, "ClientId"),
            );
        }
    }
    values(reader, v4, &kinds, || Whom::Server);
    policies(reader, v4, &kinds, None);
    for scope in children(v4, "Scopes", "Scope") {
        let Ok(address) = text_of(scope, "ScopeId").parse::<Ipv4Addr>() else {
            lost(reader, scope, "scope");
            continue;
        };
        values(reader, scope, &kinds, || Whom::Scope(address));
        policies(reader, scope, &kinds, Some(address));
        for reservation in children(scope, "Reservations", "Reservation") {
            let Ok(address) = text_of(reservation, "IPAddress").parse::<Ipv4Addr>() else {
                lost(reader, reservation, "reservation");
                continue;
            };
            values(reader, reservation, &kinds, || Whom::Reserved(address));
        }
    }
    if let Some(v6) = child(root, "IPv6") {
        let at = reader.at(line(v6));
        reader.old.stays(&at, "DHCPv6");
    }
    for other in v4.children().filter(Node::is_element) {
        const READ: [&str; 5] =
            ["Classes", "Scopes", "OptionValues", "OptionDefinitions", "Policies"];
        if !READ.contains(&other.tag_name().name()) {
            let at = reader.at(line(other));
            reader.old.stays(&at, &format!("<{}>", other.tag_name().name()));
        }
    }
    Ok(())
}

/// The types of options, by vendor class and number.
type Kinds = Vec<(String, String, String)>;

fn definitions(v4: Node<'_, '_>) -> Kinds {
    let definitions = children(v4, "OptionDefinitions", "OptionDefinition");
    definitions
        .map(|node| {
            (
                text_of(node, "VendorClass").to_lowercase(),
                text_of(node, "OptionId"),
                text_of(node, "Type"),
            )
        })
        .collect()
}

fn values(reader: &mut Reader, parent: Node<'_, '_>, kinds: &Kinds, whom: impl Fn() -> Whom) {
    for node in children(parent, "OptionValues", "OptionValue") {
        let (code, vendor, user) =
            (text_of(node, "OptionId"), text_of(node, "VendorClass"), text_of(node, "UserClass"));
        let lower = vendor.to_lowercase();
        let kind = kinds.iter().find(|(class, number, _)| *class == lower && *number == code);
        let Some((_, _, kind)) = kind else {
            reader.note(
                line(node),
                format!("option {code}: its definition is missing in this file"),
                BY_HAND,
            );
            continue;
        };
        let texts = node.children().filter(|child| child.has_tag_name("Value"));
        let values: Vec<String> =
            texts.filter_map(|child| child.text()).map(str::to_owned).collect();
        let written = Written {
            line: line(node),
            code: &code,
            kind,
            vendor: &vendor,
            user: &user,
            values: &values,
        };
        reader.value(&written, whom());
    }
}

fn policies(reader: &mut Reader, parent: Node<'_, '_>, kinds: &Kinds, scope: Option<Ipv4Addr>) {
    let mut policies: Vec<Node<'_, '_>> = children(parent, "Policies", "Policy").collect();
    policies.sort_by_key(|policy| {
        text_of(*policy, "ProcessingOrder").parse::<u32>().unwrap_or(u32::MAX)
    });
    for (position, policy) in policies.into_iter().enumerate() {
        if text_of(policy, "Enabled").eq_ignore_ascii_case("false") {
            reader.note(line(policy), "a policy that is switched off", "nothing");
            continue;
        }
        match condition(reader, policy) {
            Ok(when) => values(reader, policy, kinds, || Whom::Policy {
                position,
                scope,
                when: when.clone(),
            }),
            Err(text) => {
                let name = text_of(policy, "Name");
                let reason =
                    format!("whom the policy {name:?} means cannot be judged here: {text}");
                reader.note(
                    line(policy),
                    reason,
                    "say in the policy whom it means (vendors, sites or devices)",
                );
                lost(reader, policy, "policy");
            }
        }
    }
}

/// Notes each value that is inside something that was not taken over.
fn lost(reader: &mut Reader, parent: Node<'_, '_>, what: &str) {
    let begins = line(parent);
    let values = parent.descendants().filter(|node| node.has_tag_name("OptionValue"));
    for own in values.map(line).filter(|own| *own != begins) {
        let text = format!("it belongs to the {what} of line {begins}, which was not taken over");
        reader.note(own, text, BY_HAND);
    }
}

/// Criteria that have no form in a policy.
const OTHERS: [&str; 6] =
    ["ClientId", "Fqdn", "RelayAgent", "CircuitId", "RemoteId", "SubscriberId"];

fn condition(reader: &Reader, policy: Node<'_, '_>) -> Result<Cond, String> {
    let mut criteria = Vec::new();
    for (tag, what) in [("VendorClass", 60u8), ("UserClass", 77), ("MacAddress", 0)] {
        let words = criterion(policy, tag);
        let Some((operator, values)) = words.split_first() else { continue };
        let mut any = Vec::new();
        for value in values {
            any.push(match what {
                0 => {
                    address(value).ok_or_else(|| format!("{value:?} is not a hardware address"))?
                }
                code => class(reader, code, value)?,
            });
        }
        let any = Cond::Any(any);
        criteria.push(match operator.to_ascii_uppercase().as_str() {
            "EQ" => any,
            "NEQ" | "NE" => any.negated(),
            other => return Err(format!("the comparison {other:?} is not known here")),
        });
    }
    if let Some(other) = OTHERS.iter().find(|tag| !criterion(policy, tag).is_empty()) {
        return Err(format!("its criterion <{other}>"));
    }
    if criteria.is_empty() {
        return Err("it has no criterion that is known here".to_owned());
    }
    Ok(match text_of(policy, "Condition").to_ascii_lowercase().as_str() {
        "and" => Cond::All(criteria),
        _ => Cond::Any(criteria),
    })
}

/// `EQ` and its values, written as one text with commas or as several elements.
fn criterion(policy: Node<'_, '_>, tag: &str) -> Vec<String> {
    let nodes = policy.children().filter(|child| child.has_tag_name(tag));
    let texts = nodes
        .flat_map(|node| node.descendants())
        .filter(Node::is_text)
        .filter_map(|node| node.text());
    let words =
        texts.flat_map(|text| text.split(',')).map(str::trim).filter(|word| !word.is_empty());
    words.map(str::to_owned).collect()
}

/// A class by its name; a `*` at the end: all whose data begins so.
fn class(reader: &Reader, code: u8, name: &str) -> Result<Cond, String> {
    let bare = name.trim_end_matches('*');
    let (kind, data) = reader
        .classes
        .get(&bare.to_lowercase())
        .filter(|(kind, _)| *kind == code)
        .ok_or_else(|| format!("the class {bare:?} is not defined in this file"))?;
    Ok(match bare.len() < name.len() {
        true => Cond::Begins(Expr::Option(*kind), data.iter().copied().map(Some).collect()),
        false if *kind == 60 => Cond::Same(Expr::Option(60), Expr::Bytes(data.clone())),
        false => Cond::Contains(Expr::Option(77), data.clone()),
    })
}

/// `001565*`, `00-15-65-*`
fn address(text: &str) -> Option<Cond> {
    let digits: String = text.chars().filter(char::is_ascii_hexdigit).collect();
    let bytes = hex::decode(digits).ok().filter(|bytes| !bytes.is_empty() && bytes.len() <= 6)?;
    if bytes.len() < 6 && !text.ends_with('*') {
        return None;
    }
    let mut pattern = [None; 6];
    for (place, byte) in pattern.iter_mut().zip(bytes) {
        *place = Some(byte);
    }
    Some(Cond::Mac(pattern))
}

fn child<'a, 'i>(node: Node<'a, 'i>, tag: &str) -> Option<Node<'a, 'i>> {
    node.children().find(|child| child.has_tag_name(tag))
}

fn children<'a, 'i>(
    node: Node<'a, 'i>,
    list: &str,
    tag: &'static str,
) -> impl Iterator<Item = Node<'a, 'i>> + use<'a, 'i> {
    let list = child(node, list);
    list.into_iter().flat_map(|list| list.children()).filter(move |child| child.has_tag_name(tag))
}

fn text_of(node: Node<'_, '_>, tag: &str) -> String {
    child(node, tag).and_then(|child| child.text()).unwrap_or_default().trim().to_owned()
}

fn line(node: Node<'_, '_>) -> usize {
    node.document().text_pos_at(node.range().start).row as usize
}
