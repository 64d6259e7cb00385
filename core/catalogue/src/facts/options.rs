//! The options in which a maker's phones expect their settings, and those that they read.

use super::conditions::{fits_firmware, fits_model, of_models};
use super::variant::VariantIx;
use crate::record::{List, Text, choice, number_or_zero, record, spelling, text_or_empty};
use crate::text::TextError;
use crate::value::OptionSpec;

choice! {
    /// What a phone makes of its URL.
    #[derive(Copy, Eq, Default)]
    pub enum Takes {
        /// Files are looked for below it.
        #[default]
        Base,
        /// Only its host counts.
        Host,
        /// It is the file.
        File,
    }
}

/// Their spelling in a vendor's folder.
pub const TAKES: [(&str, Takes); 3] =
    [("base", Takes::Base), ("host", Takes::Host), ("file", Takes::File)];

choice! {
    /// A field of the DHCP header (RFC 2131, section 2).
    #[derive(Copy, Eq, PartialOrd, Ord)]
    pub enum HeaderField {
        /// `siaddr`: the next server.
        Siaddr,
        /// `sname`: the server's host name.
        Sname,
        /// `file`: the boot file's name.
        File,
    }
}

/// Their names in the RFC.
pub const HEADER_FIELDS: [(&str, HeaderField); 3] =
    [("siaddr", HeaderField::Siaddr), ("sname", HeaderField::Sname), ("file", HeaderField::File)];

impl HeaderField {
    /// Its name in the RFC.
    pub fn name(self) -> &'static str {
        spelling(&HEADER_FIELDS, &self)
    }
}

record! {
    /// How the vendor wants a provisioning URL.
    #[derive(Default)]
    pub struct UrlRules {
        /// What the phone makes of the URL.
        pub takes: Takes,
        /// The longest URL in bytes; `None`: not known.
        #[serde(with = "number_or_zero")]
        pub max_length: Option<u16>,
        /// The schemes that the phone takes, in its own order; empty: not known.
        pub schemes: List<Text>,
        /// The schemes that the phone tries for a host without one, in its order. Empty: not known, and
        /// the first of `schemes` is meant.
        pub bare: List<Text>,
        /// Where that is documented.
        pub bare_sources: List<Text>,
    }
}

choice! {
    /// What an option of the answer is for.
    #[derive(Copy, Eq)]
    pub enum What {
        /// The URL of the phone's files.
        Url,
        /// The name of a file.
        File,
        /// The VLAN of the phone's own traffic.
        VoiceVlan,
        /// The servers for the time of day.
        TimeServers,
        /// The SIP servers.
        SipServers,
    }
}

record! {
    /// One option that the vendor's phones read.
    pub struct Tell {
        /// What it is for.
        pub what: What,
        /// The option, with names in its value.
        pub option: OptionSpec,
        /// A header field instead of an option.
        #[serde(serialize_with = "crate::record::word_or_empty")]
        pub header: Option<HeaderField>,
        /// The schemes of URLs that are sent this way; empty: all.
        pub schemes: List<Text>,
        /// The variants that are sent this way; empty: all.
        pub variants: List<VariantIx>,
        /// Sent unless a policy says otherwise. False: a way that is known but not used.
        pub default: bool,
        /// Remembered, not verified: never sent by default.
        pub recalled: bool,
        /// Where it is documented: keys of the vendor's `sources`.
        pub sources: List<Text>,
    }
}

record! {
    /// An option that the vendor's phones read.
    pub struct Read {
        /// Where it is in the answer.
        pub code: ReadFrom,
        /// Its place among the options that the phone reads, from 1; the first one found counts. `None`: not
        /// known.
        #[serde(with = "number_or_zero")]
        pub order: Option<u16>,
        /// What the phone takes from it.
        pub gives: Gives,
        /// The form of the value, in words, where the code does not say it.
        #[serde(with = "text_or_empty")]
        pub form: Option<Text>,
        /// How the value is made is not documented: nothing can be read out of it.
        pub opaque: bool,
        /// How the models begin that read it; empty: all.
        pub models: List<Text>,
        /// See [`fits_firmware`].
        pub firmware_from: List<Text>,
        /// Read only where it was switched on in the phone.
        pub if_switched_on: bool,
        /// What else is known, a sentence.
        #[serde(with = "text_or_empty")]
        pub note: Option<Text>,
        /// Remembered, not verified.
        pub recalled: bool,
        /// Where it is documented: keys of the vendor's `sources`.
        pub sources: List<Text>,
    }
}

choice! {
    /// Where in an answer a phone looks. In JSON `66`, `43.2` or a header field's name.
    #[derive(Copy, Eq, PartialOrd, Ord, serde::Deserialize)]
    #[serde(into = "String", try_from = "String")]
    pub enum ReadFrom {
        /// A whole option, by its number.
        Option(u8),
        /// A sub-option.
        SubOption(SubOptionCode),
        /// A field of the header.
        Header(HeaderField),
    }
}

record! {
    /// A sub-option of an option, by both numbers.
    #[derive(Copy, Eq, PartialOrd, Ord)]
    pub struct SubOptionCode {
        /// The option.
        pub option: u8,
        /// The sub-option.
        pub sub: u8,
    }
}

choice! {
    /// What a phone takes from an option that it reads.
    #[derive(Copy, Eq)]
    pub enum Gives {
        /// The URL of its files, or a part of it.
        Url,
        /// The name of a file, beside the URL.
        File,
        /// The VLAN of the phone's own traffic.
        VoiceVlan,
        /// The priority in that VLAN (IEEE 802.1Q).
        VlanPriority,
        /// The servers for the time of day.
        TimeServers,
        /// The SIP servers.
        SipServers,
        /// Something that offhook does not send.
        Other,
    }
}

/// Their spelling in a vendor's folder.
pub const GIVES: [(&str, Gives); 7] = [
    ("url", Gives::Url),
    ("file", Gives::File),
    ("voice-vlan", Gives::VoiceVlan),
    ("vlan-priority", Gives::VlanPriority),
    ("time-servers", Gives::TimeServers),
    ("sip-servers", Gives::SipServers),
    ("other", Gives::Other),
];

impl Gives {
    /// Whether it is of the voice VLAN: its id or its priority.
    pub fn is_of_voice_vlan(self) -> bool {
        matches!(self, Gives::VoiceVlan | Gives::VlanPriority)
    }
}

impl std::fmt::Display for Gives {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(spelling(&GIVES, self))
    }
}

impl ReadFrom {
    /// The option and the sub-option in it; `None` for a header field.
    pub fn option(self) -> Option<(u8, Option<u8>)> {
        match self {
            ReadFrom::Option(code) => Some((code, None)),
            ReadFrom::SubOption(at) => Some((at.option, Some(at.sub))),
            ReadFrom::Header(_) => None,
        }
    }

    /// `option 43, sub-option 2` or a header field's name.
    pub fn in_words(self) -> String {
        match self {
            ReadFrom::Option(code) => format!("option {code}"),
            ReadFrom::SubOption(at) => format!("option {}, sub-option {}", at.option, at.sub),
            ReadFrom::Header(field) => field.name().to_owned(),
        }
    }
}

impl std::fmt::Display for ReadFrom {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ReadFrom::Option(code) => write!(f, "{code}"),
            ReadFrom::SubOption(at) => write!(f, "{}.{}", at.option, at.sub),
            ReadFrom::Header(field) => f.write_str(field.name()),
        }
    }
}

impl TryFrom<String> for ReadFrom {
    type Error = TextError;

    fn try_from(text: String) -> Result<ReadFrom, TextError> {
        let header = HEADER_FIELDS.iter().find(|(name, _)| *name == text);
        if let Some((_, field)) = header {
            return Ok(ReadFrom::Header(*field));
        }
        let read = match text.split_once('.') {
            Some((option, sub)) => option
                .parse()
                .ok()
                .zip(sub.parse().ok())
                .map(|(option, sub)| ReadFrom::SubOption(SubOptionCode { option, sub })),
            None => text.parse().ok().map(ReadFrom::Option),
        };
        read.ok_or_else(|| {
            TextError::Pattern(format!(
                "{text:?}: expected an option (66), a sub-option (43.2) or a header field (siaddr)"
            ))
        })
    }
}

impl From<ReadFrom> for String {
    fn from(from: ReadFrom) -> String {
        from.to_string()
    }
}

/// Their spelling in a vendor's folder.
pub const WHAT: [(&str, What); 5] = [
    ("url", What::Url),
    ("file", What::File),
    ("voice-vlan", What::VoiceVlan),
    ("time-servers", What::TimeServers),
    ("sip-servers", What::SipServers),
];

impl Tell {
    /// Whether a phone of this variant is sent this.
    pub fn fits(&self, variant: VariantIx) -> bool {
        self.variants.is_empty() || self.variants.contains(&variant)
    }
}

impl Read {
    /// Under which conditions a phone reads this option, one sentence each.
    pub fn conditions(&self) -> Vec<String> {
        let mut conditions = of_models(&self.models, &self.firmware_from);
        if self.if_switched_on {
            conditions.push("only if switched on in the phone".to_owned());
        }
        conditions
    }

    /// Whether a phone of this model and firmware reads the option; an empty text is not known.
    pub fn fits(&self, model: &str, firmware: &str) -> bool {
        fits_model(&self.models, model) && fits_firmware(&self.firmware_from, firmware)
    }
}
