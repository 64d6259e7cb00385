//! PBXs and provisioning servers: which URL each has for which maker.

use super::Source;
use crate::record::{List, Text, choice, record, text_or_empty};
use crate::value::OptionSpec;

record! {
    /// A PBX or provisioning server: which URL it has for which vendor.
    pub struct System {
        /// The file's name, by which policies name the system.
        pub id: Text,
        /// The product's name, as people write it.
        pub name: Text,
        /// The documents that the facts are from.
        pub sources: List<Source>,
        /// What a policy must or may say about it.
        pub parameters: List<Parameter>,
        /// What it has for which vendors; the first entry that fits counts.
        pub serves: List<Serve>,
    }
}

choice! {
    /// What a system's parameter may be.
    #[derive(Copy)]
    pub enum ParameterKind {
        /// Any text.
        Text,
        /// A name or an address.
        Host,
        /// An absolute URL.
        Url,
        /// Numbers with dots.
        Version,
    }
}

record! {
    /// A parameter of a system.
    pub struct Parameter {
        /// The key in the policy's entry.
        pub name: Text,
        /// What its value may be.
        pub kind: ParameterKind,
        /// Whether a policy must give it.
        pub required: bool,
        /// The value where the policy gives none; it may be empty.
        pub default: Option<Text>,
        /// The only values; empty: any of its kind.
        pub one_of: List<Text>,
        /// What else there is to say of it, for people.
        #[serde(with = "text_or_empty")]
        pub note: Option<Text>,
    }
}

record! {
    /// What a system has for some vendors.
    pub struct Serve {
        /// Which vendors.
        #[serde(flatten)]
        pub vendors: ServedVendors,
        /// Names of the vendor's variants; empty: all.
        pub variants: List<Text>,
        /// All must hold.
        pub conditions: List<Condition>,
        /// The URL, with the parameters' names in it.
        #[serde(with = "text_or_empty")]
        pub url: Option<Text>,
        /// The file's name for option 67, likewise.
        #[serde(with = "text_or_empty")]
        pub file: Option<Text>,
        /// Further options.
        pub options: List<OptionSpec>,
        /// Remembered, not verified.
        pub recalled: bool,
        /// Where it is documented: keys of the system's `sources`.
        pub sources: List<Text>,
    }
}

choice! {
    /// Which vendors an entry of a system is for.
    #[serde(into = "ServedVendorsInJson")]
    pub enum ServedVendors {
        /// Every vendor that takes a URL.
        Every,
        /// These, by id.
        These(List<Text>),
    }
}

/// `"vendors": ["snom"], "every": false`
#[derive(serde::Serialize)]
struct ServedVendorsInJson {
    vendors: List<Text>,
    every: bool,
}

impl From<ServedVendors> for ServedVendorsInJson {
    fn from(served: ServedVendors) -> ServedVendorsInJson {
        match served {
            ServedVendors::Every => ServedVendorsInJson { vendors: List::default(), every: true },
            ServedVendors::These(vendors) => ServedVendorsInJson { vendors, every: false },
        }
    }
}

impl ServedVendors {
    /// The vendors that are named.
    pub fn named(&self) -> &[Text] {
        match self {
            ServedVendors::Every => &[],
            ServedVendors::These(vendors) => vendors,
        }
    }
}

choice! {
    /// How a parameter is compared.
    #[derive(Copy)]
    pub enum Test {
        /// It has this value.
        Equals,
        /// A version below the value.
        Below,
        /// A version from the value on.
        From,
    }
}

record! {
    /// What a parameter must be for an entry to fit.
    pub struct Condition {
        /// The parameter's name.
        pub parameter: Text,
        /// How it is compared.
        pub test: Test,
        /// What it is compared with.
        pub value: Text,
    }
}
