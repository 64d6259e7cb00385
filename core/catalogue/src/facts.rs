//! What is known of the makers of phones and of the systems that serve them. Facts only, no decisions.

mod conditions;
mod files;
mod options;
mod system;
mod variant;

use crate::record::{Bytes, List, Text, choice, number_or_zero, record, text_or_empty};

pub use conditions::{fits_firmware, fits_model};
pub use files::{
    CIPHERS, Cipher, ESCAPES, FORMATS, FileEscape, FileFormat, FileScope, ModelCode, PhoneFile,
    SCOPES,
};
pub use options::{
    GIVES, Gives, HEADER_FIELDS, HeaderField, Read, ReadFrom, SubOptionCode, TAKES, Takes, Tell,
    UrlRules, WHAT, What,
};
pub use system::{Condition, Parameter, ParameterKind, Serve, ServedVendors, System, Test};
pub use variant::VariantIx;

record! {
    /// A maker of phones: how its phones are recognised, and the options in which they expect their settings.
    #[derive(Default)]
    pub struct Vendor {
        /// The folder's name, by which policies name the maker.
        pub id: Text,
        /// The maker's name, as people write it.
        pub name: Text,
        /// Other names of the maker or its brands.
        pub aliases: List<Text>,
        /// Why nothing is sent to these phones unless a policy says so; `None` for most.
        #[serde(with = "text_or_empty")]
        pub left_alone: Option<Text>,
        /// What is odd about the maker's phones, a sentence each.
        pub quirks: List<Text>,
        /// Names of groups of this maker's devices that are sent different options.
        pub variants: List<Text>,
        /// The variant of a device that only a policy names.
        pub default_variant: VariantIx,
        /// The documents that the facts are from.
        pub sources: List<Source>,
        /// The texts and numbers by which the phones are recognised.
        pub rules: List<Rule>,
        /// The hardware addresses by which they are recognised.
        pub macs: List<MacRule>,
        /// What kind of URL they take.
        pub url: UrlRules,
        /// By what else these phones take a voice VLAN (`LLDP-MED or CDP`); `None`: not known.
        #[serde(with = "text_or_empty")]
        pub vlan_otherwise: Option<Text>,
        /// Where that is documented: keys of `sources`.
        pub vlan_sources: List<Text>,
        /// The options in which they expect their settings.
        pub tells: List<Tell>,
        /// The options that they read, in their order.
        pub reads: List<Read>,
        /// The files that they request.
        pub files: List<PhoneFile>,
    }
}

record! {
    /// A document that facts are from.
    pub struct Source {
        /// Its short name in the folder.
        pub key: Text,
        /// Title, section or page, and address.
        pub citation: Text,
    }
}

choice! {
    /// Which part of the packet a rule looks at.
    #[derive(Copy, Eq, PartialOrd, Ord, serde::Deserialize)]
    pub enum Field {
        /// Option 60.
        VendorClass,
        /// Option 77.
        UserClass,
        /// Option 12.
        HostName,
        /// Options 124 and 125, and option 60 in their form.
        Enterprise,
    }
}

record! {
    /// One sign by which a vendor is recognised. The literal head decides; `read` only reads.
    #[derive(serde::Deserialize)]
    pub struct Rule {
        /// The part of the packet that it looks at.
        pub field: Field,
        /// The head's bytes; those where `any` is 1 stand for any byte.
        pub head: Bytes,
        /// As long as `head`, or empty if every byte of it counts.
        pub any: Bytes,
        /// The head is the whole value.
        pub exact: bool,
        /// The enterprise's number, for [`Field::Enterprise`].
        #[serde(with = "number_or_zero")]
        pub number: Option<u32>,
        /// What to read of the value: a pattern with `{model}`, `{firmware}` and `{*}`.
        #[serde(with = "text_or_empty")]
        pub read: Option<Text>,
        /// The sub-option that contains the model, for [`Field::Enterprise`].
        #[serde(with = "number_or_zero")]
        pub model_sub: Option<u8>,
        /// The sub-option that contains the firmware, for [`Field::Enterprise`].
        #[serde(with = "number_or_zero")]
        pub firmware_sub: Option<u8>,
        /// The model that this sign means, if it does not contain it.
        #[serde(with = "text_or_empty")]
        pub model: Option<Text>,
        /// The variant that this sign means.
        pub variant: VariantIx,
        /// False: this is a device of the maker that is not a phone.
        pub phone: bool,
        /// Counts only together with another weak sign of the same vendor.
        pub weak: bool,
        /// Remembered, not verified: never sent by default.
        pub recalled: bool,
        /// Where it is documented: keys of the vendor's `sources`.
        pub sources: List<Text>,
    }
}

record! {
    /// A range of hardware addresses.
    #[derive(serde::Deserialize)]
    pub struct MacRule {
        /// The first address, as a number of 48 bits.
        pub first: u64,
        /// The last address, as a number of 48 bits.
        pub last: u64,
        /// What else uses these addresses; `None`: only this maker's phones do.
        #[serde(with = "text_or_empty")]
        pub shared: Option<Text>,
        /// The variant that these addresses mean.
        pub variant: VariantIx,
        /// Remembered, not verified.
        pub recalled: bool,
        /// Where it is documented: keys of the vendor's `sources`.
        pub sources: List<Text>,
    }
}

impl Vendor {
    /// Whether this vendor's phones (of this variant) can be sent a URL at all.
    pub fn takes_url(&self, variant: VariantIx) -> bool {
        self.tells.iter().any(|tell| tell.what == What::Url && tell.fits(variant))
    }
}

impl Rule {
    /// The head for a person's eye: `?` where any byte will do.
    pub fn head_in_words(&self) -> String {
        let byte = |(at, byte): (usize, &u8)| match self.any.get(at) {
            Some(1) => "?".to_owned(),
            _ => crate::text::printable(&[*byte]),
        };
        self.head.iter().enumerate().map(byte).collect()
    }
}
