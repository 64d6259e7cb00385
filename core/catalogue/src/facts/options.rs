//! The options in which a maker's phones expect their settings, and those that they read.

use super::conditions::{fits_firmware, fits_model, of_models};
use crate::record::{Bytes, List, Text, choice, record};
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
    #[derive(Copy, Eq)]
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
        HEADER_FIELDS.iter().find(|(_, field)| *field == self).map_or("", |(name, _)| name)
    }
}

record! {
    /// How the vendor wants a provisioning URL.
    #[derive(Default)]
    pub struct UrlRules {
        /// What the phone makes of the URL.
        pub takes: Takes,
        /// The longest URL in bytes; `None`: not known.
        #[serde(serialize_with = "crate::record::number_or_zero")]
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
        /// Positions (1 + index) of the variants that are sent this way; empty: all.
        pub variants: Bytes,
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
        /// `66`, `43.2` or a header field's name.
        pub code: Text,
        /// Its place among the options that the phone reads, from 1; the first one found counts.
        pub order: u16,
        /// What the phone takes from it: `url`, `host`, `file`, `voice-vlan` and so on.
        pub gives: Text,
        /// The form of the value, in words; empty where the code says it.
        pub form: Text,
        /// How the models begin that read it; empty: all.
        pub models: List<Text>,
        /// See [`fits_firmware`].
        pub firmware_from: List<Text>,
        /// Read only where it was switched on in the phone.
        pub if_switched_on: bool,
        /// What else is known, a sentence.
        pub note: Text,
        /// Remembered, not verified.
        pub recalled: bool,
        /// Where it is documented: keys of the vendor's `sources`.
        pub sources: List<Text>,
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
    /// Whether a phone of this variant (0, or 1 + its position) is sent this.
    pub fn fits(&self, variant: u8) -> bool {
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
