//! From values to bytes: every form of docs/policy.md, with names filled in.
//!
//! A value without live names becomes its final bytes when the policy is compiled. One with live
//! names becomes a [`Program`], a short row of instructions that is run for each packet. Under Kea an
//! option may be longer than 255 bytes (the host splits it, RFC 3396); a sub-option never may.

/// Values with live names: what is left to do for each packet.
mod program;

pub use program::{Form, LiveValues, Program};
pub(crate) use program::{longest, run};

use std::net::Ipv4Addr;

use crate::catalogue::record::Text;
use crate::text::{Live, Piece, TextError, pieces};
use crate::value::{EnterpriseBlock, Joined, SubOption, Value};
use crate::value_error::ValueError;

/// What a name stands for.
#[derive(Debug, Clone, PartialEq)]
pub enum Filled {
    /// A text, step by step.
    Text(Vec<Op>),
    /// Several values, where a list is wanted: `{{time-servers}}`.
    List(Vec<String>),
}

/// A step of writing a value.
#[derive(Debug, Clone, PartialEq)]
pub enum Op {
    /// These bytes.
    Bytes(Vec<u8>),
    /// What the packet says.
    Live(Live),
    /// A length byte that counts what is written until the matching `Close`.
    Open,
    /// The end of the last [`Op::Open`].
    Close,
}

/// Why a value cannot be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// A name has no value here (no URL, no VLAN): the option stays away, nothing is wrong.
    Absent(String),
    /// A mistake in the value as it was written.
    Wrong(String),
}

impl From<ValueError> for Fault {
    fn from(error: ValueError) -> Fault {
        Fault::Wrong(error.to_string())
    }
}

impl From<TextError> for Fault {
    fn from(error: TextError) -> Fault {
        Fault::Wrong(error.to_string())
    }
}

impl From<String> for Fault {
    fn from(text: String) -> Fault {
        Fault::Wrong(text)
    }
}

/// Looks a name up.
pub type Names<'n> = dyn Fn(&str) -> Result<Filled, Fault> + 'n;

/// Compiles a value.
///
/// # Errors
/// A name without a value, or a mistake in the value.
pub fn compile(value: &Value, nul: bool, names: &Names<'_>) -> Result<Form, Fault> {
    let mut ops = Vec::new();
    write_value(value, nul, names, &mut ops)?;
    Ok(Form::from_ops(&ops)?)
}

/// Fills a text.
///
/// # Errors
/// A name without a value, or a mistake in the text.
pub(crate) fn fill(text: &str, names: &Names<'_>) -> Result<Vec<Op>, Fault> {
    let mut ops = Vec::new();
    for piece in pieces(text)? {
        match piece {
            Piece::Literal(literal) => push(&mut ops, literal.as_bytes()),
            Piece::Name(name) => match names(name)? {
                Filled::Text(inner) => inner.into_iter().for_each(|op| append(&mut ops, op)),
                Filled::List(items) => push(&mut ops, items.join(",").as_bytes()),
            },
        }
    }
    Ok(ops)
}

/// A text without live names, as a string.
pub(crate) fn fixed_text(ops: &[Op]) -> Option<String> {
    let mut bytes = Vec::new();
    for op in ops {
        match op {
            Op::Bytes(more) => bytes.extend_from_slice(more),
            _ => return None,
        }
    }
    String::from_utf8(bytes).ok()
}

fn push(ops: &mut Vec<Op>, bytes: &[u8]) {
    if bytes.is_empty() {
        return;
    }
    match ops.last_mut() {
        Some(Op::Bytes(last)) => last.extend_from_slice(bytes),
        _ => ops.push(Op::Bytes(bytes.to_vec())),
    }
}

fn append(ops: &mut Vec<Op>, op: Op) {
    match op {
        Op::Bytes(bytes) => push(ops, &bytes),
        other => ops.push(other),
    }
}

fn write_value(
    value: &Value,
    nul: bool,
    names: &Names<'_>,
    ops: &mut Vec<Op>,
) -> Result<(), Fault> {
    match value {
        Value::Remove => {}
        Value::Text(text) => {
            fill(text, names)?.into_iter().for_each(|op| append(ops, op));
            if nul {
                push(ops, &[0]);
            }
        }
        Value::Hex(bytes) => push(ops, bytes),
        Value::Ipv4(texts) => {
            for text in fill_list(texts, names)? {
                push(ops, &address(&text)?.octets());
            }
        }
        Value::U8(text) => push(ops, &number::<u8>(text, names)?.to_be_bytes()),
        Value::U16(text) => push(ops, &number::<u16>(text, names)?.to_be_bytes()),
        Value::U32(text) => push(ops, &number::<u32>(text, names)?.to_be_bytes()),
        Value::I8(text) => push(ops, &number::<i8>(text, names)?.to_be_bytes()),
        Value::I16(text) => push(ops, &number::<i16>(text, names)?.to_be_bytes()),
        Value::I32(text) => push(ops, &number::<i32>(text, names)?.to_be_bytes()),
        Value::Domains(texts) => {
            for text in fill_list(texts, names)? {
                push(ops, &domain(&text)?);
            }
        }
        Value::SipServers(texts) => push(ops, &sip_servers(&fill_list(texts, names)?)?),
        Value::SubOptions(subs) => write_sub_options(subs, names, ops)?,
        Value::Enterprise(blocks) => write_enterprise(blocks, names, ops)?,
        Value::Joined(joined) => write_joined(joined, names, ops)?,
    }
    Ok(())
}

/// Every part once, without those whose name has no value. If no part with a name is left, the
/// whole value is absent.
fn write_joined(joined: &Joined, names: &Names<'_>, ops: &mut Vec<Op>) -> Result<(), Fault> {
    let mut written: Vec<&Text> = Vec::new();
    let (mut absent, mut named) = (None, false);
    for part in &joined.parts {
        if written.contains(&part) {
            continue;
        }
        match fill(part, names) {
            Ok(filled) => {
                named |= part.contains("{{");
                if !written.is_empty() {
                    push(ops, joined.by.as_bytes());
                }
                filled.into_iter().for_each(|op| append(ops, op));
                written.push(part);
            }
            Err(Fault::Absent(why)) => absent = absent.or(Some(why)),
            Err(wrong) => return Err(wrong),
        }
    }
    match absent {
        Some(why) if !named => Err(Fault::Absent(why)),
        _ => Ok(()),
    }
}

/// Code, length, value; one after the other (RFC 2132 8.4).
fn write_sub_options(
    subs: &[SubOption],
    names: &Names<'_>,
    ops: &mut Vec<Op>,
) -> Result<(), Fault> {
    for sub in subs {
        push(ops, &[sub.code]);
        counted(ops, &format!("sub-option {}", sub.code), |ops| {
            write_value(&sub.value, sub.nul, names, ops)
        })?;
    }
    Ok(())
}

/// Enterprise number, length, data (RFC 3925).
fn write_enterprise(
    blocks: &[EnterpriseBlock],
    names: &Names<'_>,
    ops: &mut Vec<Op>,
) -> Result<(), Fault> {
    for block in blocks {
        push(ops, &block.number.to_be_bytes());
        counted(ops, &format!("enterprise {}", block.number), |ops| {
            write_value(&block.data, false, names, ops)
        })?;
    }
    Ok(())
}

/// Writes a length byte and what it counts.
fn counted(
    ops: &mut Vec<Op>,
    what: &str,
    write: impl FnOnce(&mut Vec<Op>) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let mut inner = Vec::new();
    write(&mut inner)?;
    if let [] | [Op::Bytes(_)] = inner.as_slice() {
        let bytes = match inner.pop() {
            Some(Op::Bytes(bytes)) => bytes,
            _ => Vec::new(),
        };
        let length = u8::try_from(bytes.len())
            .map_err(|_| format!("{what} would be {} bytes: at most 255", bytes.len()))?;
        push(ops, &[length]);
        push(ops, &bytes);
    } else {
        ops.push(Op::Open);
        inner.into_iter().for_each(|op| append(ops, op));
        ops.push(Op::Close);
    }
    Ok(())
}

fn fill_list(texts: &[Text], names: &Names<'_>) -> Result<Vec<String>, Fault> {
    let mut filled = Vec::new();
    for text in texts {
        if let [Piece::Name(name)] = pieces(text)?[..]
            && let Filled::List(items) = names(name)?
        {
            filled.extend(items);
            continue;
        }
        let ops = fill(text, names)?;
        let live = || format!("{text:?} depends on the packet: only a text may");
        filled.push(fixed_text(&ops).ok_or_else(live)?);
    }
    Ok(filled)
}

fn number<N: std::str::FromStr>(text: &str, names: &Names<'_>) -> Result<N, Fault> {
    let filled = fixed_text(&fill(text, names)?)
        .ok_or_else(|| format!("{text:?} depends on the packet: only a text may"))?;
    let bits = 8 * size_of::<N>();
    let wrong = |_| format!("{text:?} gives {filled:?}: expected a number of {bits} bits");
    Ok(filled.trim().parse().map_err(wrong)?)
}

fn address(text: &str) -> Result<Ipv4Addr, String> {
    text.parse().map_err(|_| format!("expected an IPv4 address, found {text:?}"))
}

/// A name in labels, uncompressed (RFC 1035, section 3.1).
///
/// # Errors
/// A label that is empty, over 63 bytes or not of letters, digits, `-` and `_`; more than 255 bytes.
pub(crate) fn domain(name: &str) -> Result<Vec<u8>, ValueError> {
    let bare = name.strip_suffix('.').unwrap_or(name);
    let mut bytes = Vec::with_capacity(bare.len() + 2);
    for label in bare.split('.') {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if label.is_empty() || label.len() > 63 || !label.chars().all(plain) {
            return Err(ValueError::Label { name: name.to_owned(), label: label.to_owned() });
        }
        bytes.push(label.len() as u8);
        bytes.extend_from_slice(label.as_bytes());
    }
    bytes.push(0);
    if bytes.len() > 255 {
        return Err(ValueError::LongName(name.to_owned()));
    }
    Ok(bytes)
}

/// RFC 3361: 0 and names, or 1 and addresses.
fn sip_servers(servers: &[String]) -> Result<Vec<u8>, Fault> {
    let addresses: Vec<Ipv4Addr> = servers.iter().filter_map(|text| text.parse().ok()).collect();
    if addresses.is_empty() {
        let mut bytes = vec![0];
        for name in servers {
            bytes.extend(domain(name)?);
        }
        return Ok(bytes);
    }
    if addresses.len() != servers.len() {
        return Err(Fault::Wrong(format!(
            "RFC 3361 takes all names or all addresses, found both in {}",
            servers.join(", ")
        )));
    }
    Ok(std::iter::once(1).chain(addresses.iter().flat_map(|address| address.octets())).collect())
}
