//! The parameters of a system, out of a value that it would have sent.

use std::collections::BTreeMap;

use offhook_core::catalogue::{Condition, System, Test};
use offhook_core::text::{Piece, pieces};
use offhook_core::tlv::Tlv;
use offhook_core::value::Value;

/// Parameters by name.
pub type Parameters = BTreeMap<String, String>;

/// `http://{{server}}:8880/p/` and `http://10.0.0.5:8880/p/`: the server is 10.0.0.5.
pub fn text(
    system: &System,
    vendor: &str,
    template: &str,
    text: &str,
    found: &mut Parameters,
) -> bool {
    let Ok(pieces) = pieces(template) else { return false };
    let mut rest = text;
    let mut pieces = pieces.into_iter().peekable();
    while let Some(piece) = pieces.next() {
        let name = match piece {
            Piece::Literal(literal) => match rest.strip_prefix(literal) {
                Some(behind) => {
                    rest = behind;
                    continue;
                }
                None => return false,
            },
            Piece::Name(name) => name,
        };
        let is_parameter = system.parameters.iter().any(|parameter| parameter.name == name);
        if !is_parameter {
            let written = format!("{{{{{name}}}}}");
            let behind = rest
                .strip_prefix(&written)
                .or_else(|| rest.strip_prefix(vendor).filter(|_| name == "vendor"));
            match behind {
                Some(behind) => {
                    rest = behind;
                    continue;
                }
                None => return false,
            }
        }
        let end = match pieces.peek() {
            Some(Piece::Literal(next)) => rest.find(next),
            Some(Piece::Name(_)) => None,
            None => Some(rest.len()),
        };
        let Some((value, behind)) = end.and_then(|end| rest.split_at_checked(end)) else {
            return false;
        };
        if !bind(name, value, found) {
            return false;
        }
        rest = behind;
    }
    rest.is_empty()
}

fn bind(name: &str, value: &str, found: &mut Parameters) -> bool {
    if value.is_empty() {
        return false;
    }
    match found.get(name) {
        Some(known) => known == value,
        None => {
            found.insert(name.to_owned(), value.to_owned());
            true
        }
    }
}

/// The same for the bytes of an option.
pub fn value(
    system: &System,
    vendor: &str,
    template: &Value,
    bytes: &[u8],
    found: &mut Parameters,
) -> bool {
    match template {
        Value::Text(template) => std::str::from_utf8(bytes)
            .is_ok_and(|shown| text(system, vendor, template, shown, found)),
        Value::SubOptions(subs) => {
            let parts: BTreeMap<u8, &[u8]> = Tlv::plain(bytes).values().collect();
            subs.iter().all(|sub| {
                parts
                    .get(&sub.code)
                    .is_some_and(|bytes| value(system, vendor, &sub.value, bytes, found))
            })
        }
        Value::SipServers(names) => match (&**names, sip_servers(bytes).as_deref()) {
            ([template], Some([name])) => text(system, vendor, template, name, found),
            _ => false,
        },
        // Nothing to learn from the others; the engine compares them.
        _ => true,
    }
}

/// RFC 3361: 0 and names, or 1 and addresses.
pub fn sip_servers(bytes: &[u8]) -> Option<Vec<String>> {
    match bytes.split_first()? {
        (1, addresses) => {
            let quads = addresses.as_chunks::<4>().0;
            Some(quads.iter().map(|quad| std::net::Ipv4Addr::from(*quad).to_string()).collect())
        }
        (0, mut labels) => {
            let (mut names, mut name) = (Vec::new(), Vec::new());
            while let Some((length, rest)) = labels.split_first() {
                let (label, behind) = rest.split_at_checked(usize::from(*length))?;
                labels = behind;
                match label {
                    [] => names.push(std::mem::take(&mut name).join(".")),
                    label => name.push(String::from_utf8(label.to_vec()).ok()?),
                }
            }
            Some(names)
        }
        _ => None,
    }
}

/// The values that the conditions want; `false`: the parameters found say otherwise, or only a version fits.
pub fn conditions(conditions: &[Condition], found: &mut Parameters) -> bool {
    conditions.iter().all(|condition| match condition.test {
        Test::Equals => bind(&condition.parameter, &condition.value, found),
        Test::Below => false,
        Test::From => true,
    })
}

/// Whether the parameters are enough for the system.
pub fn complete(system: &System, found: &Parameters) -> bool {
    system
        .parameters
        .iter()
        .all(|parameter| !parameter.required || found.contains_key(&*parameter.name))
}

/// How many characters of a template are its own: what makes it that system's and no other's.
pub fn own_text(template: &str) -> usize {
    let pieces = pieces(template).unwrap_or_default();
    let own = |piece: &Piece<'_>| match piece {
        Piece::Literal(text) => text.chars().filter(char::is_ascii_alphanumeric).count(),
        Piece::Name(_) => 0,
    };
    pieces.iter().map(own).sum()
}
