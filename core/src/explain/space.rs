//! What the client requested, and how much room its packet has.

use serde::Serialize;

use super::ExplainedOption;
use crate::decode;
use crate::query::Query;

/// One option of the client's option 55.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Requested {
    /// The option's number.
    pub code: u8,
    /// Its name.
    pub name: &'static str,
    /// Whether it is among ours. The server has its own (addresses, routers).
    pub told: bool,
}

/// The room for options in the answer, by the client's own word. A server may take more (options in
/// `sname` and `file`, a larger packet) or less; its own options come out of the same room.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Space {
    /// The largest message that the client takes: its option 57, else 576 (RFC 2131).
    pub largest_message: u16,
    /// Whether the client said so (option 57); else RFC 2131's 576 bytes.
    pub said_by_client: bool,
    /// Bytes for options: without IP and UDP (28), the BOOTP header (236), cookie (4) and end (1).
    pub room: usize,
    /// Bytes that ours take, with their codes and lengths.
    pub ours: usize,
    /// What is left for the server's own; below 0 they do not fit.
    pub left: i64,
}

const AROUND: usize = 28 + 236 + 4 + 1;

impl Space {
    pub(super) fn of(query: &Query<'_>, options: &[ExplainedOption]) -> Space {
        let largest = query.max_size.unwrap_or(576).max(576);
        let room = usize::from(largest).saturating_sub(AROUND);
        let ours = options.iter().filter_map(|option| option.hex.as_ref());
        let ours = ours.map(|digits| digits.len() / 2).map(on_the_wire).sum();
        let signed = |size: usize| i64::try_from(size).unwrap_or(i64::MAX);
        Space {
            largest_message: largest,
            said_by_client: query.max_size.is_some(),
            room,
            ours,
            left: signed(room) - signed(ours),
        }
    }
}

/// A value over 255 bytes is in several pieces (RFC 3396), each with code and length.
fn on_the_wire(length: usize) -> usize {
    length + 2 * length.div_ceil(255).max(1)
}

pub(super) fn requested(query: &Query<'_>, ours: &[ExplainedOption]) -> Option<Vec<Requested>> {
    let list = query.request_list.as_deref()?;
    let one = |code: &u8| Requested {
        code: *code,
        name: decode::name(*code),
        told: ours.iter().any(|option| option.code == *code && option.hex.is_some()),
    };
    Some(list.iter().map(one).collect())
}
