//! From values to bytes: every form of interfaces.md, with names filled in.
//!
//! A value without live names becomes its final bytes when the policy is compiled. One with live
//! names becomes a [`Program`], a short row of instructions that is run for each packet. Under Kea an
//! option may be longer than 255 bytes (the host splits it, RFC 3396); a sub-option never may.

use std::net::Ipv4Addr;

use crate::mac::Mac;
use crate::text::{Live, Piece, pieces, write_mac};
use crate::token;
use crate::value::{EnterpriseBlock, SubOption, Value};

/// What a name stands for.
#[derive(Debug, Clone, PartialEq)]
pub enum Filled {
    Text(Vec<Op>),
    /// Several values, where a list is wanted: `{{time-servers}}`.
    List(Vec<String>),
}

/// A step of writing a value.
#[derive(Debug, Clone, PartialEq)]
pub enum Op {
    Bytes(Vec<u8>),
    Live(Live),
    /// A length byte that counts what is written until the matching `Close`.
    Open,
    Close,
}

/// Why a value cannot be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// A name stands for nothing here (no URL, no VLAN): the option stays away, nothing is wrong.
    Absent(String),
    /// A mistake of whoever wrote the value.
    Wrong(String),
}

impl From<String> for Fault {
    fn from(text: String) -> Fault {
        Fault::Wrong(text)
    }
}

/// Looks a name up.
pub type Names<'n> = dyn Fn(&str) -> Result<Filled, Fault> + 'n;

/// A compiled value.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Form {
    Fixed(Box<[u8]>),
    Live(Program),
}

/// Instructions in bytes: `0 length(2) bytes`, `1 live`, `2` open, `3` close.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Program(pub Box<[u8]>);

/// What a program needs of the packet.
pub trait LiveValues {
    fn mac(&self) -> Option<Mac>;
    fn ip(&self) -> Option<Ipv4Addr>;
    fn model(&self) -> &[u8];
    fn firmware(&self) -> &[u8];
    /// The phone's token; none where there is no key, or the packet lacks what it is made of.
    fn token(&self) -> Option<token::Token>;
}

/// Compiles a value.
pub fn compile(value: &Value, nul: bool, names: &Names<'_>) -> Result<Form, Fault> {
    let mut ops = Vec::new();
    write_value(value, nul, names, &mut ops)?;
    Ok(Form::from_ops(&ops)?)
}

/// Fills a text.
pub fn fill(text: &str, names: &Names<'_>) -> Result<Vec<Op>, Fault> {
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
pub fn fixed_text(ops: &[Op]) -> Option<String> {
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
        Value::Domains(texts) => {
            for text in fill_list(texts, names)? {
                push(ops, &domain(&text)?);
            }
        }
        Value::SipServers(texts) => push(ops, &sip_servers(&fill_list(texts, names)?)?),
        Value::SubOptions(subs) => write_sub_options(subs, names, ops)?,
        Value::Enterprise(blocks) => write_enterprise(blocks, names, ops)?,
    }
    Ok(())
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

fn fill_list(
    texts: &[crate::catalogue::record::Text],
    names: &Names<'_>,
) -> Result<Vec<String>, Fault> {
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

/// A name in labels (RFC 1035 3.1), uncompressed.
pub fn domain(name: &str) -> Result<Vec<u8>, String> {
    let bare = name.strip_suffix('.').unwrap_or(name);
    let mut bytes = Vec::with_capacity(bare.len() + 2);
    for label in bare.split('.') {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if label.is_empty() || label.len() > 63 || !label.chars().all(plain) {
            return Err(format!("expected a domain name, found {name:?} (label {label:?})"));
        }
        bytes.push(label.len() as u8);
        bytes.extend_from_slice(label.as_bytes());
    }
    bytes.push(0);
    if bytes.len() > 255 {
        return Err(format!("{name:?} is longer than a domain name may be (255 bytes)"));
    }
    Ok(bytes)
}

/// RFC 3361: 0 and names, or 1 and addresses.
fn sip_servers(servers: &[String]) -> Result<Vec<u8>, String> {
    let addresses: Vec<Ipv4Addr> = servers.iter().filter_map(|text| text.parse().ok()).collect();
    if addresses.is_empty() {
        let mut bytes = vec![0];
        for name in servers {
            bytes.extend(domain(name)?);
        }
        return Ok(bytes);
    }
    if addresses.len() != servers.len() {
        return Err(format!(
            "RFC 3361 takes all names or all addresses, found both in {}",
            servers.join(", ")
        ));
    }
    Ok(std::iter::once(1).chain(addresses.iter().flat_map(|address| address.octets())).collect())
}

impl Form {
    fn from_ops(ops: &[Op]) -> Result<Form, String> {
        if let [] | [Op::Bytes(_)] = ops {
            let bytes = match ops {
                [Op::Bytes(bytes)] => bytes.as_slice(),
                _ => &[],
            };
            return Ok(Form::Fixed(bytes.into()));
        }
        let mut code = Vec::new();
        for op in ops {
            match op {
                Op::Bytes(bytes) => {
                    let length = u16::try_from(bytes.len())
                        .map_err(|_| format!("a value of {} bytes", bytes.len()))?;
                    code.push(0);
                    code.extend_from_slice(&length.to_be_bytes());
                    code.extend_from_slice(bytes);
                }
                Op::Live(live) => {
                    let index = Live::NAMES.iter().position(|(_, known)| known == live);
                    let index = index.and_then(|index| u8::try_from(index).ok());
                    code.extend([1, index.ok_or("a name without a number")?]);
                }
                Op::Open => code.push(2),
                Op::Close => code.push(3),
            }
        }
        Ok(Form::Live(Program(code.into())))
    }

    /// The most bytes that this can become.
    pub fn longest(&self) -> usize {
        match self {
            Form::Fixed(bytes) => bytes.len(),
            Form::Live(program) => Steps(&program.0).map(|step| step.longest()).sum(),
        }
    }

    /// The bytes, or the program's, for storing: see [`Program`].
    pub fn code(&self) -> &[u8] {
        match self {
            Form::Fixed(bytes) => bytes,
            Form::Live(program) => &program.0,
        }
    }
}

/// Runs a program; false if the packet lacks what it needs, or a length byte cannot hold its length.
/// What was written so far stays in `out` then: the caller cuts it off.
#[must_use]
pub fn run(program: &[u8], values: &impl LiveValues, out: &mut Vec<u8>) -> bool {
    let mut opened = [0usize; 8];
    let mut depth = 0;
    for step in Steps(program) {
        match step {
            Step::Bytes(bytes) => out.extend_from_slice(bytes),
            Step::Live(live) => {
                if !write_live(live, values, out) {
                    return false;
                }
            }
            Step::Open => {
                let Some(slot) = opened.get_mut(depth) else { return false };
                *slot = out.len();
                depth += 1;
                out.push(0);
            }
            Step::Close => {
                let Some(at) = depth.checked_sub(1) else { return false };
                depth = at;
                let start = opened[at];
                let Ok(length) = u8::try_from(out.len() - start - 1) else { return false };
                out[start] = length;
            }
        }
    }
    true
}

fn write_live(live: Live, values: &impl LiveValues, out: &mut Vec<u8>) -> bool {
    match live {
        Live::Mac { upper, separator } => {
            let Some(mac) = values.mac() else { return false };
            write_mac(mac.0, upper, separator, out);
        }
        Live::Ip => {
            let Some(ip) = values.ip() else { return false };
            use std::io::Write;
            return write!(out, "{ip}").is_ok();
        }
        Live::Model => out.extend_from_slice(values.model()),
        Live::Firmware => out.extend_from_slice(values.firmware()),
        Live::Token => {
            let Some(token) = values.token() else { return false };
            out.extend_from_slice(&token.0);
        }
    }
    true
}

enum Step<'p> {
    Bytes(&'p [u8]),
    Live(Live),
    Open,
    Close,
}

impl Step<'_> {
    fn longest(&self) -> usize {
        match self {
            Step::Bytes(bytes) => bytes.len(),
            Step::Live(live) => live.longest(),
            Step::Open => 1,
            Step::Close => 0,
        }
    }
}

struct Steps<'p>(&'p [u8]);

impl<'p> Iterator for Steps<'p> {
    type Item = Step<'p>;
    fn next(&mut self) -> Option<Step<'p>> {
        let [kind, rest @ ..] = self.0 else { return None };
        let (step, rest) = match kind {
            0 => {
                let (length, rest) = rest.split_first_chunk::<2>()?;
                let (bytes, rest) = rest.split_at_checked(u16::from_be_bytes(*length).into())?;
                (Step::Bytes(bytes), rest)
            }
            1 => {
                let [index, rest @ ..] = rest else { return None };
                (Step::Live(Live::NAMES.get(usize::from(*index))?.1), rest)
            }
            2 => (Step::Open, rest),
            _ => (Step::Close, rest),
        };
        self.0 = rest;
        Some(step)
    }
}
