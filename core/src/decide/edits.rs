//! What is to be done with an answer's options and header, in memory that is used again.

use std::net::Ipv4Addr;

use super::delivery::PlannedEdit;
use super::packet::Packet;
use crate::edit::{Edit, EditValue, Planned};
use crate::encode::{self, Form};
use crate::engine::Engine;
use crate::plan::PlanHeader;
use crate::query::Query;

/// The header fields to set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Header {
    /// `siaddr`.
    pub next_server: Option<Ipv4Addr>,
    /// `sname`: at most 63 bytes, without a NUL.
    pub server_hostname: Option<Vec<u8>>,
    /// `file`: at most 127 bytes, without a NUL.
    pub boot_file_name: Option<Vec<u8>>,
}

/// The edits of one answer; keep it and use it again, so that its memory is.
#[derive(Debug, Default)]
pub struct Edits {
    entries: Vec<Edit<Kept>>,
    bytes: Vec<u8>,
    /// The header fields.
    pub header: Header,
    /// Values that could not be made for this packet (no MAC for `{{mac}}`, too long).
    pub left_out: u32,
    /// Whether some value has a token in it.
    pub(super) token: bool,
}

/// Where the bytes of a change are kept.
#[derive(Debug, Clone, Copy)]
enum Kept {
    /// Position in [`Engine::ready`].
    Ready(u32),
    /// From here to there in the edits' own memory.
    Own { start: u32, end: u32 },
}

impl Edits {
    /// Forgets everything and keeps the memory.
    pub fn clear(&mut self) {
        self.entries.clear();
        self.bytes.clear();
        self.header = Header::default();
        self.left_out = 0;
        self.token = false;
    }

    /// Whether no option is changed; the header is not looked at.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How many options are changed.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// The edits, sorted by code.
    pub fn iter(&self) -> impl Iterator<Item = Edit<EditValue<'_>>> {
        self.entries.iter().map(|entry| Edit {
            code: entry.code,
            keep_existing: entry.keep_existing,
            value: entry.value.map(|kept| match kept {
                Kept::Ready(index) => EditValue::Ready(index),
                Kept::Own { start, end } => EditValue::Bytes(
                    self.bytes.get(start as usize..end as usize).unwrap_or_default(),
                ),
            }),
        })
    }

    /// An edit's bytes, wherever they are kept.
    pub fn bytes<'b>(&'b self, engine: &'b Engine, value: EditValue<'b>) -> &'b [u8] {
        match value {
            EditValue::Bytes(bytes) => bytes,
            EditValue::Ready(index) => {
                engine.ready().get(index as usize).map_or(&[], |ready| &ready.bytes)
            }
        }
    }

    /// Whether some value has a token in it.
    pub fn has_token(&self) -> bool {
        self.token
    }

    /// Adds a planned change, if this phone is to get it.
    pub(super) fn add(&mut self, planned: &PlannedEdit<'_>, query: &Query<'_>, live: &Packet<'_>) {
        let Edit { code, value, keep_existing } = planned.edit;
        if planned.requested && !query.requests(code) {
            return;
        }
        let kept = match value {
            None => None,
            Some(Planned::Fixed { ready: Some(index), .. }) => Some(Kept::Ready(index)),
            Some(value) => {
                let Some(kept) = self.keep(value, live) else { return };
                Some(kept)
            }
        };
        self.entries.push(Edit { code, value: kept, keep_existing });
    }

    /// Makes a value's bytes; `None` if it cannot be made for this packet.
    fn keep(&mut self, value: Planned<'_>, live: &Packet<'_>) -> Option<Kept> {
        let start = self.bytes.len();
        if !value.write(live, &mut self.bytes) || self.bytes.len() == start {
            self.bytes.truncate(start);
            self.left_out += 1;
            return None;
        }
        let (start, end) = (u32::try_from(start).ok()?, u32::try_from(self.bytes.len()).ok()?);
        Some(Kept::Own { start, end })
    }

    pub(super) fn header(&mut self, header: &PlanHeader, live: &Packet<'_>) {
        self.header.next_server = header.next_server;
        let mut field = |form: &Option<Form>, longest: usize| match form {
            None => None,
            Some(Form::Fixed(bytes)) => Some(bytes.to_vec()),
            Some(Form::Live(program)) => {
                let mut bytes = Vec::new();
                let good = encode::run(&program.0, live, &mut bytes) && bytes.len() <= longest;
                self.left_out += u32::from(!good);
                good.then_some(bytes)
            }
        };
        let (name, file) = (field(&header.server_hostname, 63), field(&header.boot_file_name, 127));
        self.header.server_hostname = name;
        self.header.boot_file_name = file;
    }
}
