//! What is to be done with an answer's options and header, in memory that is used again.

use std::net::Ipv4Addr;

use super::packet::Packet;
use crate::encode::{self, Form};
use crate::engine::Engine;
use crate::plan::{Plan, PlanHeader, PlanOption};
use crate::policy::devices::DeviceOption;
use crate::query::Query;
use crate::value::{Existing, Send};

/// What to do with one option of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edit<'b> {
    /// The option's number.
    pub code: u8,
    /// None: take the option out.
    pub value: Option<EditValue<'b>>,
    /// Leave an option of this code alone that the server already put in.
    pub keep_existing: bool,
}

/// Where the bytes of an edit are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EditValue<'b> {
    /// Position in [`Engine::ready`].
    Ready(u32),
    /// The bytes themselves.
    Bytes(&'b [u8]),
}

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
    entries: Vec<Entry>,
    bytes: Vec<u8>,
    /// The header fields.
    pub header: Header,
    /// Values that could not be made for this packet (no MAC for `{{mac}}`, too long).
    pub left_out: u32,
    /// Whether some value has a token in it.
    pub(super) token: bool,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    code: u8,
    kind: Kind,
    keep_existing: bool,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Remove,
    Ready(u32),
    Bytes { start: u32, end: u32 },
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
    pub fn iter(&self) -> impl Iterator<Item = Edit<'_>> {
        self.entries.iter().map(|entry| Edit {
            code: entry.code,
            keep_existing: entry.keep_existing,
            value: match entry.kind {
                Kind::Remove => None,
                Kind::Ready(index) => Some(EditValue::Ready(index)),
                Kind::Bytes { start, end } => Some(EditValue::Bytes(
                    self.bytes.get(start as usize..end as usize).unwrap_or_default(),
                )),
            },
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

    pub(super) fn planned(
        &mut self,
        option: &PlanOption,
        shared: bool,
        query: &Query<'_>,
        live: &Packet<'_>,
    ) {
        if option.send == Send::Requested && !query.requests(option.code) {
            return;
        }
        let keep = option.existing == Existing::Keep;
        match &option.form {
            None => self.push(option.code, Kind::Remove, keep),
            Some(Form::Fixed(_)) if shared => {
                self.push(option.code, Kind::Ready(option.ready), keep);
            }
            Some(Form::Fixed(bytes)) => self.write(option.code, keep, |out| {
                out.extend_from_slice(bytes);
                true
            }),
            Some(Form::Live(program)) => {
                self.write(option.code, keep, |out| encode::run(&program.0, live, out));
            }
        }
    }

    pub(super) fn device(
        &mut self,
        own: &DeviceOption<'_>,
        plan: &Plan,
        query: &Query<'_>,
        live: &Packet<'_>,
    ) {
        if own.send_under(plan) == Send::Requested && !query.requests(own.code) {
            return;
        }
        let keep = own.existing_under(plan) == Existing::Keep;
        if own.remove {
            self.push(own.code, Kind::Remove, keep);
        } else if own.live {
            self.write(own.code, keep, |out| encode::run(own.value, live, out));
        } else {
            self.write(own.code, keep, |out| {
                out.extend_from_slice(own.value);
                true
            });
        }
    }

    fn push(&mut self, code: u8, kind: Kind, keep_existing: bool) {
        self.entries.push(Entry { code, kind, keep_existing });
    }

    fn write(&mut self, code: u8, keep: bool, write: impl FnOnce(&mut Vec<u8>) -> bool) {
        let start = self.bytes.len();
        if !write(&mut self.bytes) || self.bytes.len() == start {
            self.bytes.truncate(start);
            self.left_out += 1;
            return;
        }
        let (Ok(start), Ok(end)) = (u32::try_from(start), u32::try_from(self.bytes.len())) else {
            return;
        };
        self.push(code, Kind::Bytes { start, end }, keep);
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
