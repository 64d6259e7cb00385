//! The one form of a change to an answer.
//!
//! A change is written in a policy or a maker's folder ([`crate::value::OptionSpec`]), compiled into a plan, and
//! carried out on an answer. What differs between these steps is what is known of its value, so the value's
//! form is a parameter.

use crate::encode::{self, LiveValues};

/// One change to an answer: an option that is set, or taken out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edit<V> {
    /// The option's number.
    pub code: u8,
    /// `None`: the option is taken out.
    pub value: Option<V>,
    /// Leave an option of this code alone that the server already put in.
    pub keep_existing: bool,
}

/// A value before the packet is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Planned<'p> {
    /// The same bytes for every packet.
    Fixed {
        /// The bytes.
        bytes: &'p [u8],
        /// Their position in [`crate::Engine::ready`], if they are kept there.
        ready: Option<u32>,
    },
    /// The code of a program that is run for each packet, see [`encode::run`].
    Live(&'p [u8]),
}

impl Planned<'_> {
    /// The most bytes that this can become.
    pub fn longest(self) -> usize {
        match self {
            Planned::Fixed { bytes, .. } => bytes.len(),
            Planned::Live(program) => encode::longest(program),
        }
    }

    /// Appends the bytes; false if the packet lacks what they are made of, and what was written until then is to
    /// be cut off.
    #[must_use]
    pub fn write(self, values: &impl LiveValues, out: &mut Vec<u8>) -> bool {
        match self {
            Planned::Fixed { bytes, .. } => {
                out.extend_from_slice(bytes);
                true
            }
            Planned::Live(program) => encode::run(program, values, out),
        }
    }
}

/// A value whose bytes are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EditValue<'b> {
    /// Position in [`crate::Engine::ready`].
    Ready(u32),
    /// The bytes themselves.
    Bytes(&'b [u8]),
}
