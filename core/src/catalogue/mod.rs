//! What is known before the first packet: the makers of phones and the systems that serve them.
//!
//! This room holds facts and their index, no decisions. The built-in catalogue is written as Rust
//! statics when the crate is built (see `build.rs`); a user's overlay folder is read into the same
//! types at run time. Nothing in here may be a list of vendors: a vendor is a folder.

pub mod index;
pub mod law;
pub mod reading;
pub mod record;
pub mod source;
pub mod system_source;

use crate::value::OptionSpec;
use index::Index;
use record::{Bytes, List, Text, choice, record};

record! {
    /// All vendors (sorted by id), all systems (sorted by id), and the index for recognition.
    pub struct Tables {
        pub vendors: List<Vendor>,
        pub systems: List<System>,
        pub index: Index,
    }
}

record! {
    /// A maker of phones: how its phones are recognised and how they want to be told.
    pub struct Vendor {
        pub id: Text,
        pub name: Text,
        pub aliases: List<Text>,
        /// Why nothing is sent to these phones unless a policy says so; empty for most.
        pub left_alone: Text,
        pub quirks: List<Text>,
        /// Names of groups of this maker's devices that are told different things.
        pub variants: List<Text>,
        pub sources: List<Source>,
        pub rules: List<Rule>,
        pub macs: List<MacRule>,
        pub url: UrlRules,
        pub tells: List<Tell>,
        pub reads: List<Read>,
        pub files: List<PhoneFile>,
    }
}

record! {
    pub struct Source {
        pub key: Text,
        pub citation: Text,
    }
}

choice! {
    /// Which part of the packet a rule looks at.
    #[derive(Copy, Eq, Hash, PartialOrd, Ord)]
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
    pub struct Rule {
        pub field: Field,
        /// The head's bytes; those where `any` is 1 stand for any byte.
        pub head: Bytes,
        /// As long as `head`, or empty if every byte of it counts.
        pub any: Bytes,
        /// The head is the whole value.
        pub exact: bool,
        /// For [`Field::Enterprise`].
        pub number: u32,
        /// A pattern with `{model}`, `{firmware}` and `{*}`; empty: nothing to read.
        pub read: Text,
        /// Sub-option that bears the model (0: none), for [`Field::Enterprise`].
        pub model_sub: u8,
        pub firmware_sub: u8,
        /// The model that this sign stands for, if it does not bear it.
        pub model: Text,
        /// 0, or 1 + the position in the vendor's `variants`.
        pub variant: u8,
        /// False: this is a device of the maker that is no phone.
        pub phone: bool,
        /// Counts only together with another weak sign of the same vendor.
        pub weak: bool,
        pub recalled: bool,
        pub sources: List<Text>,
    }
}

record! {
    /// A range of hardware addresses.
    pub struct MacRule {
        pub first: u64,
        pub last: u64,
        /// What else wears these addresses; empty if only this maker's phones do.
        pub shared: Text,
        pub variant: u8,
        pub recalled: bool,
        pub sources: List<Text>,
    }
}

record! {
    /// How the vendor wants a provisioning URL.
    pub struct UrlRules {
        /// `base`, `host`, `file`, or empty where the vendor takes none.
        pub takes: Text,
        /// The longest URL in bytes; 0: not known.
        pub max_length: u16,
        pub schemes: List<Text>,
    }
}

choice! {
    /// What an option of the answer is for.
    #[derive(Copy, Eq, Hash)]
    pub enum What {
        Url,
        File,
        VoiceVlan,
        TimeServers,
        SipServers,
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

record! {
    /// One option by which the vendor's phones are told something.
    pub struct Tell {
        pub what: What,
        pub option: OptionSpec,
        /// A header field instead of an option: `siaddr`, `sname` or `file`; else empty.
        pub header: Text,
        /// Positions (1 + index) of the variants that are told this way; empty: all.
        pub variants: Bytes,
        /// Sent unless a policy says otherwise. False: a way that is known but not used.
        pub default: bool,
        pub recalled: bool,
        pub sources: List<Text>,
    }
}

record! {
    /// An option that the vendor's phones read.
    pub struct Read {
        /// `66`, `43.2` or a header field's name.
        pub code: Text,
        pub order: u16,
        pub gives: Text,
        pub form: Text,
        pub note: Text,
        pub recalled: bool,
        pub sources: List<Text>,
    }
}

record! {
    /// A file that the vendor's phones ask for.
    pub struct PhoneFile {
        pub name: Text,
        pub scope: Text,
        pub format: Text,
        /// The template in the vendor's folder that writes it; empty: offhook does not.
        pub template: Text,
        /// How values are put into it, see [`ESCAPES`].
        pub escape: Text,
        /// Characters that this format cannot bear in a value, beside those that its escape refuses.
        pub refuse: Text,
        /// How the models begin that ask for it; empty: all.
        pub models: List<Text>,
        /// How the maker's phones can decrypt it, see [`CIPHERS`]; empty: not known.
        pub cipher: Text,
        /// What is left away at the beginning of a model in the file's name.
        pub without: Text,
        pub note: Text,
        pub recalled: bool,
        pub sources: List<Text>,
    }
}

/// `openssl enc -aes-256-cbc -md md5` with a password: what OpenSSL did by default for long.
pub const CIPHERS: [(&str, &str); 1] = [("openssl-aes-256-cbc-md5", "openssl-aes-256-cbc-md5")];

/// How a value is put into a file: `xml` (text and attributes), `line` (a value that ends with its
/// line).
pub const ESCAPES: [(&str, &str); 2] = [("xml", "xml"), ("line", "line")];

record! {
    /// A PBX or provisioning server: which URL it has for which vendor.
    pub struct System {
        pub id: Text,
        pub name: Text,
        pub sources: List<Source>,
        pub parameters: List<Parameter>,
        pub serves: List<Serve>,
    }
}

choice! {
    /// What a system's parameter may be.
    #[derive(Copy)]
    pub enum ParameterKind {
        Text,
        /// A name or an address.
        Host,
        Url,
        /// Numbers with dots.
        Version,
    }
}

record! {
    pub struct Parameter {
        pub name: Text,
        pub kind: ParameterKind,
        pub required: bool,
        /// An empty default is a default too.
        pub has_default: bool,
        pub default: Text,
        pub one_of: List<Text>,
    }
}

record! {
    /// What a system has for some vendors.
    pub struct Serve {
        pub vendors: List<Text>,
        /// Every vendor that takes a URL.
        pub every: bool,
        pub variants: List<Text>,
        pub conditions: List<Condition>,
        pub url: Text,
        pub file: Text,
        pub options: List<OptionSpec>,
        pub recalled: bool,
        pub sources: List<Text>,
    }
}

choice! {
    #[derive(Copy)]
    pub enum Test {
        Equals,
        /// A version below the value.
        Below,
        /// A version from the value on.
        From,
    }
}

record! {
    pub struct Condition {
        pub parameter: Text,
        pub test: Test,
        pub value: Text,
    }
}

/// A vendor's position in [`Tables::vendors`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VendorIx(pub u16);

impl Tables {
    pub fn vendor(&self, id: &str) -> Option<VendorIx> {
        let found = self.vendors.binary_search_by(|vendor| (*vendor.id).cmp(id)).ok()?;
        u16::try_from(found).ok().map(VendorIx)
    }

    pub fn system(&self, id: &str) -> Option<&System> {
        let found = self.systems.binary_search_by(|system| (*system.id).cmp(id)).ok()?;
        self.systems.get(found)
    }

    /// # Panics
    /// Never for an index of these tables.
    pub fn at(&self, vendor: VendorIx) -> &Vendor {
        &self.vendors[usize::from(vendor.0)]
    }
}

impl Vendor {
    /// Whether this vendor's phones (of this variant) can be told a URL at all.
    pub fn takes_url(&self, variant: u8) -> bool {
        self.tells.iter().any(|tell| tell.what == What::Url && tell.fits(variant))
    }

    /// The name of a variant; none for 0.
    pub fn variant_name(&self, variant: u8) -> Option<&str> {
        let index = usize::from(variant).checked_sub(1)?;
        self.variants.get(index).map(|name| &**name)
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

impl Tell {
    pub fn fits(&self, variant: u8) -> bool {
        self.variants.is_empty() || self.variants.contains(&variant)
    }
}
