//! The files that a maker's phones request.

use super::Vendor;
use super::conditions::of_models;
use super::variant::VariantIx;
use crate::record::{List, Text, choice, record, spelling, text_or_empty};

record! {
    /// A file that the vendor's phones request.
    pub struct PhoneFile {
        /// Its name, with names such as `{{mac}}` in it.
        pub name: Text,
        /// Which phones share it.
        pub scope: FileScope,
        /// Its format.
        pub format: FileFormat,
        /// The template in the vendor's folder that writes it; `None`: offhook does not.
        #[serde(with = "text_or_empty")]
        pub template: Option<Text>,
        /// How values are put into it; goes with `template`.
        #[serde(serialize_with = "crate::record::word_or_empty")]
        pub escape: Option<FileEscape>,
        /// Characters that this format cannot hold in a value, beside those that its escape refuses.
        pub refuse: Text,
        /// How the models begin that request it; empty: all.
        pub models: List<Text>,
        /// The variants that request it; empty: all.
        pub variants: List<VariantIx>,
        /// How the maker's phones can decrypt it; `None`: not known.
        #[serde(serialize_with = "crate::record::word_or_empty")]
        pub cipher: Option<Cipher>,
        /// What is left away at the beginning of a model in the file's name.
        #[serde(with = "text_or_empty")]
        pub without: Option<Text>,
        /// What `{{code}}` in the name is, by the model. The code of another model is not known.
        pub codes: List<ModelCode>,
        /// Names of other files of this vendor: the phone requests this one only if all of them are
        /// missing. Empty: no such condition.
        pub only_if_missing: List<Text>,
        /// Names of other files of this vendor: the phone requests this one only if one of them names
        /// it; beside `only_if_missing`, also then. Empty: the phone requests it by itself.
        pub named_by: List<Text>,
        /// See [`super::fits_firmware`].
        pub firmware_from: List<Text>,
        /// The schemes by which alone it is requested; empty: that of the URL.
        pub by: List<Text>,
        /// What else is known, a sentence.
        #[serde(with = "text_or_empty")]
        pub note: Option<Text>,
        /// Remembered, not verified.
        pub recalled: bool,
        /// Where it is documented: keys of the vendor's `sources`.
        pub sources: List<Text>,
    }
}

record! {
    /// A model's part in the name of a file.
    pub struct ModelCode {
        /// The whole model, without regard to case.
        pub model: Text,
        /// The text in place of the model.
        pub code: Text,
    }
}

choice! {
    /// Which phones share a file.
    #[derive(Copy, Eq)]
    pub enum FileScope {
        /// All of the maker.
        Common,
        /// All of one model.
        Model,
        /// None: it is one phone's own.
        Device,
    }
}

/// Their spelling in a vendor's folder.
pub const SCOPES: [(&str, FileScope); 3] =
    [("device", FileScope::Device), ("model", FileScope::Model), ("common", FileScope::Common)];

impl std::fmt::Display for FileScope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(spelling(&SCOPES, self))
    }
}

choice! {
    /// What a file is made of.
    #[derive(Copy, Eq)]
    pub enum FileFormat {
        /// XML.
        Xml,
        /// Lines of text.
        Text,
        /// JSON.
        Json,
        /// Bytes of the maker's own.
        Binary,
    }
}

/// Their spelling in a vendor's folder.
pub const FORMATS: [(&str, FileFormat); 4] = [
    ("xml", FileFormat::Xml),
    ("text", FileFormat::Text),
    ("json", FileFormat::Json),
    ("binary", FileFormat::Binary),
];

impl std::fmt::Display for FileFormat {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(spelling(&FORMATS, self))
    }
}

choice! {
    /// How a file is encrypted.
    #[derive(Copy, Eq)]
    pub enum Cipher {
        /// `openssl enc -aes-256-cbc -md md5` with a password: what OpenSSL did by default for long.
        #[serde(rename = "openssl-aes-256-cbc-md5")]
        OpensslAes256CbcMd5,
    }
}

/// Their spelling in a vendor's folder.
pub const CIPHERS: [(&str, Cipher); 1] = [("openssl-aes-256-cbc-md5", Cipher::OpensslAes256CbcMd5)];

choice! {
    /// How a value is put into a file.
    #[derive(Copy, Eq)]
    pub enum FileEscape {
        /// As text and attributes of XML.
        Xml,
        /// As a value that ends with its line.
        Line,
    }
}

/// Their spelling in a vendor's folder.
pub const ESCAPES: [(&str, FileEscape); 2] = [("xml", FileEscape::Xml), ("line", FileEscape::Line)];

impl FileEscape {
    /// Its spelling in a vendor's folder.
    pub fn name(self) -> &'static str {
        spelling(&ESCAPES, &self)
    }
}

impl PhoneFile {
    /// The template's path among all vendors': `snom/phone.xml.j2`.
    pub fn template_of(&self, vendor: &Vendor) -> Option<String> {
        self.template.as_ref().map(|template| format!("{}/{template}", vendor.id))
    }

    /// The code of a model in this file's name.
    pub fn code(&self, model: &str) -> Option<&str> {
        let mut codes = self.codes.iter();
        codes.find(|code| code.model.eq_ignore_ascii_case(model)).map(|code| &*code.code)
    }

    /// Under which conditions a phone requests this file, one sentence each.
    pub fn conditions(&self, vendor: &Vendor) -> Vec<String> {
        let mut conditions = of_models(&self.models, &self.firmware_from);
        if !self.variants.is_empty() {
            let names = self.variants.iter().filter_map(|variant| vendor.variant_name(*variant));
            conditions.push(format!("{} phones", names.collect::<Vec<_>>().join(" and ")));
        }
        if !self.by.is_empty() {
            conditions.push(format!("by {} only", self.by.join(" or ").to_uppercase()));
        }
        let quoted = |names: &[Text], between: &str| {
            let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
            names.join(between)
        };
        let missing = (!self.only_if_missing.is_empty()).then(|| {
            let verb = if self.only_if_missing.len() == 1 { "is" } else { "are" };
            format!("if {} {verb} missing", quoted(&self.only_if_missing, " and "))
        });
        let named = (!self.named_by.is_empty())
            .then(|| format!("if {} names it", quoted(&self.named_by, " or ")));
        match (missing, named) {
            (None, None) => {}
            (Some(one), None) | (None, Some(one)) => conditions.push(format!("only {one}")),
            (Some(missing), Some(named)) => conditions.push(format!("only {missing}, or {named}")),
        }
        conditions
    }
}
