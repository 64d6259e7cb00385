//! Values with live names, as a short row of instructions that is run for each packet: no allocation
//! but what the value itself needs.

use std::net::Ipv4Addr;

use super::Op;
use crate::mac::Mac;
use crate::text::{Live, write_mac};
use crate::token;

/// A compiled value.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Form {
    /// The same bytes for every packet.
    Fixed(Box<[u8]>),
    /// To be run for each packet.
    Live(Program),
}

/// Instructions in bytes: `0 length(2) bytes`, `1 live`, `2` open, `3` close.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Program(pub Box<[u8]>);

/// What a program needs of the packet.
pub trait LiveValues {
    /// The client's hardware address.
    fn mac(&self) -> Option<Mac>;
    /// Its address: leased, or its own.
    fn ip(&self) -> Option<Ipv4Addr>;
    /// The model that its packet names; empty: none.
    fn model(&self) -> &[u8];
    /// The firmware that its packet names; empty: none.
    fn firmware(&self) -> &[u8];
    /// The phone's token; none where there is no key, or the packet lacks what it is made of.
    fn token(&self) -> Option<token::Token>;
}

impl Form {
    pub(super) fn from_ops(ops: &[Op]) -> Result<Form, String> {
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
            Form::Live(program) => longest(&program.0),
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

/// The most bytes that a program writes.
pub(crate) fn longest(program: &[u8]) -> usize {
    Steps(program).map(|step| step.longest()).sum()
}

/// Runs a program; false if the packet lacks what it needs, or a length byte cannot hold its length.
/// What was written so far stays in `out` then: the caller cuts it off.
#[must_use]
pub(crate) fn run(program: &[u8], values: &impl LiveValues, out: &mut Vec<u8>) -> bool {
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
