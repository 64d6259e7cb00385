//! An option and its value as a person writes it, in a policy or in a vendor's folder.
//!
//! Reading checks the shape and everything that can be checked without knowing the phone; texts keep
//! their `{{names}}` until the policy is compiled. Turning values into bytes is `encode`'s work.

mod read;

use crate::record::{Bytes, List, Text, choice, record};

pub use read::template;

record! {
    /// What one DHCP option is to be, or that it is to go.
    pub struct OptionSpec {
        /// The option's number, 1 to 254.
        pub code: u8,
        /// What it is to be.
        pub value: Value,
        /// A trailing NUL after a text (counted in the length).
        pub nul: bool,
        /// Whether it is sent to phones that do not request it.
        pub send: Send,
        /// What happens to an option that the server put in.
        pub existing: Existing,
    }
}

choice! {
    /// The forms of a value; every text may hold `{{names}}`.
    pub enum Value {
        /// The option is taken out.
        Remove,
        /// The text's bytes.
        Text(Text),
        /// These bytes.
        Hex(Bytes),
        /// IPv4 addresses, 4 bytes each.
        Ipv4(List<Text>),
        /// A number of 1 byte.
        U8(Text),
        /// A number of 2 bytes, big-endian.
        U16(Text),
        /// A number of 4 bytes, big-endian.
        U32(Text),
        /// A signed number of 1 byte.
        I8(Text),
        /// A signed number of 2 bytes, big-endian.
        I16(Text),
        /// A signed number of 4 bytes, big-endian.
        I32(Text),
        /// Names in RFC 1035 form, one after the other.
        Domains(List<Text>),
        /// RFC 3361: all names, or all addresses.
        SipServers(List<Text>),
        /// Codes, lengths and values, one after the other (RFC 2132, section 8.4).
        SubOptions(List<SubOption>),
        /// RFC 3925 framing, for options 124 and 125.
        Enterprise(List<EnterpriseBlock>),
        /// Texts with a separator between them. Only the catalogue has this form.
        Joined(Joined),
    }
}

record! {
    /// A list in one text, such as `L2Q=1,L2QVLAN=7`. A part whose name has no value is left out.
    pub struct Joined {
        /// The separator.
        pub by: Text,
        /// The parts, with names in them.
        pub parts: List<Text>,
    }
}

record! {
    /// One sub-option: code, length, value.
    pub struct SubOption {
        /// Its code.
        pub code: u8,
        /// Its value.
        pub value: Value,
        /// A trailing NUL after a text (counted in the length).
        pub nul: bool,
    }
}

record! {
    /// One enterprise's part of option 124 or 125.
    pub struct EnterpriseBlock {
        /// The number (IANA, Private Enterprise Numbers).
        pub number: u32,
        /// What is sent for it.
        pub data: Value,
    }
}

choice! {
    /// Whether an option is sent to phones that did not list it in option 55.
    #[derive(Copy, Eq)]
    pub enum Send {
        /// As the layer above says.
        Unset,
        /// Always.
        Always,
        /// Only if option 55 lists it.
        Requested,
    }
}

choice! {
    /// What happens to an option that the server already put in the answer.
    #[derive(Copy, Eq)]
    pub enum Existing {
        /// As the layer above says.
        Unset,
        /// The policy's value takes its place.
        Replace,
        /// It stays, and the policy's value is not sent.
        Keep,
    }
}

/// Their spelling in a policy.
pub const SEND: [(&str, Send); 2] = [("always", Send::Always), ("requested", Send::Requested)];
/// Their spelling in a policy.
pub const EXISTING: [(&str, Existing); 2] =
    [("replace", Existing::Replace), ("keep", Existing::Keep)];

/// The keys that say what a value is; exactly one of them is in an option.
pub const FORMS: [&str; 13] = [
    "text",
    "hex",
    "ipv4",
    "u8",
    "u16",
    "u32",
    "i8",
    "i16",
    "i32",
    "domains",
    "sip-servers",
    "sub-options",
    "enterprise",
];

/// The keys of an option, forms aside.
pub const OPTION_KEYS: [&str; 5] = ["code", "nul", "remove", "send", "existing"];

/// Visits every text in a value that may hold `{{names}}`.
pub fn each_text(value: &Value, visit: &mut impl FnMut(&str)) {
    match value {
        Value::Remove | Value::Hex(_) => {}
        Value::Text(text)
        | Value::U8(text)
        | Value::U16(text)
        | Value::U32(text)
        | Value::I8(text)
        | Value::I16(text)
        | Value::I32(text) => visit(text),
        Value::Ipv4(texts) | Value::Domains(texts) | Value::SipServers(texts) => {
            texts.iter().for_each(|text| visit(text));
        }
        Value::SubOptions(subs) => subs.iter().for_each(|sub| each_text(&sub.value, visit)),
        Value::Enterprise(blocks) => {
            blocks.iter().for_each(|block| each_text(&block.data, visit));
        }
        Value::Joined(joined) => joined.parts.iter().for_each(|text| visit(text)),
    }
}
