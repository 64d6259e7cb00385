//! What is known of the makers of phones and of the systems that serve them. Facts only, no decisions.

use crate::record::{Bytes, List, Text, choice, record};
use crate::value::OptionSpec;

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
        /// Why nothing is sent to these phones unless a policy says so; empty for most.
        pub left_alone: Text,
        /// What is odd about the maker's phones, a sentence each.
        pub quirks: List<Text>,
        /// Names of groups of this maker's devices that are sent different options.
        pub variants: List<Text>,
        /// The variant of a device that only a policy names: 1 + the position in `variants`, 0 without any.
        pub default_variant: u8,
        /// The documents that the facts are from.
        pub sources: List<Source>,
        /// The texts and numbers by which the phones are recognised.
        pub rules: List<Rule>,
        /// The hardware addresses by which they are recognised.
        pub macs: List<MacRule>,
        /// What kind of URL they take.
        pub url: UrlRules,
        /// By what else these phones take a voice VLAN (`LLDP-MED or CDP`); empty: not known.
        pub vlan_otherwise: Text,
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
        /// For [`Field::Enterprise`].
        pub number: u32,
        /// A pattern with `{model}`, `{firmware}` and `{*}`; empty: nothing to read.
        pub read: Text,
        /// Sub-option that contains the model (0: none), for [`Field::Enterprise`].
        pub model_sub: u8,
        /// Sub-option that contains the firmware (0: none), for [`Field::Enterprise`].
        pub firmware_sub: u8,
        /// The model that this sign means, if it does not contain it.
        pub model: Text,
        /// 0, or 1 + the position in the vendor's `variants`.
        pub variant: u8,
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
        /// What else uses these addresses; empty if only this maker's phones do.
        pub shared: Text,
        /// 0, or 1 + the position in the vendor's `variants`.
        pub variant: u8,
        /// Remembered, not verified.
        pub recalled: bool,
        /// Where it is documented: keys of the vendor's `sources`.
        pub sources: List<Text>,
    }
}

record! {
    /// How the vendor wants a provisioning URL.
    #[derive(Default)]
    pub struct UrlRules {
        /// `base`, `host`, `file`, or empty where the vendor takes none.
        pub takes: Text,
        /// The longest URL in bytes; 0: not known.
        pub max_length: u16,
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

/// Their spelling in a vendor's folder.
pub const WHAT: [(&str, What); 5] = [
    ("url", What::Url),
    ("file", What::File),
    ("voice-vlan", What::VoiceVlan),
    ("time-servers", What::TimeServers),
    ("sip-servers", What::SipServers),
];

record! {
    /// One option that the vendor's phones read.
    pub struct Tell {
        /// What it is for.
        pub what: What,
        /// The option, with names in its value.
        pub option: OptionSpec,
        /// A header field instead of an option: `siaddr`, `sname` or `file`; else empty.
        pub header: Text,
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

record! {
    /// A file that the vendor's phones ask for.
    pub struct PhoneFile {
        /// Its name, with names such as `{{mac}}` in it.
        pub name: Text,
        /// Which phones share it: `common`, `model` or `device`.
        pub scope: Text,
        /// Its format, in words.
        pub format: Text,
        /// The template in the vendor's folder that writes it; empty: offhook does not.
        pub template: Text,
        /// How values are put into it, see [`ESCAPES`].
        pub escape: Text,
        /// Characters that this format cannot hold in a value, beside those that its escape refuses.
        pub refuse: Text,
        /// How the models begin that ask for it; empty: all.
        pub models: List<Text>,
        /// Positions (1 + index) of the variants that ask for it; empty: all.
        pub variants: Bytes,
        /// How the maker's phones can decrypt it, see [`CIPHERS`]; empty: not known.
        pub cipher: Text,
        /// What is left away at the beginning of a model in the file's name.
        pub without: Text,
        /// What `{{code}}` in the name is, by the model. The code of another model is not known.
        pub codes: List<ModelCode>,
        /// Names of other files of this vendor: the phone requests this one only if all of them are
        /// missing. Empty: no such condition.
        pub only_if_missing: List<Text>,
        /// Names of other files of this vendor: the phone requests this one only if one of them names
        /// it; beside `only_if_missing`, also then. Empty: the phone requests it by itself.
        pub named_by: List<Text>,
        /// See [`fits_firmware`].
        pub firmware_from: List<Text>,
        /// The schemes by which alone it is requested; empty: that of the URL.
        pub by: List<Text>,
        /// What else is known, a sentence.
        pub note: Text,
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

/// `openssl enc -aes-256-cbc -md md5` with a password: what OpenSSL did by default for long.
pub const CIPHERS: [(&str, &str); 1] = [("openssl-aes-256-cbc-md5", "openssl-aes-256-cbc-md5")];

/// How a value is put into a file: `xml` (text and attributes), `line` (a value that ends with its
/// line).
pub const ESCAPES: [(&str, &str); 2] = [("xml", "xml"), ("line", "line")];

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
        /// An empty default is a default too.
        pub has_default: bool,
        /// The value where the policy gives none.
        pub default: Text,
        /// The only values; empty: any of its kind.
        pub one_of: List<Text>,
        /// What else there is to say of it, for people.
        pub note: Text,
    }
}

record! {
    /// What a system has for some vendors.
    pub struct Serve {
        /// The vendors by id; beside `every`.
        pub vendors: List<Text>,
        /// Every vendor that takes a URL.
        pub every: bool,
        /// Names of the vendor's variants; empty: all.
        pub variants: List<Text>,
        /// All must hold.
        pub conditions: List<Condition>,
        /// The URL, with the parameters' names in it; empty: none.
        pub url: Text,
        /// The file's name for option 67, likewise; empty: none.
        pub file: Text,
        /// Further options.
        pub options: List<OptionSpec>,
        /// Remembered, not verified.
        pub recalled: bool,
        /// Where it is documented: keys of the system's `sources`.
        pub sources: List<Text>,
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

impl Vendor {
    /// Whether this vendor's phones (of this variant) can be sent a URL at all.
    pub fn takes_url(&self, variant: u8) -> bool {
        self.tells.iter().any(|tell| tell.what == What::Url && tell.fits(variant))
    }

    /// The variant of this name: 1 + its position.
    pub fn variant(&self, name: &str) -> Option<u8> {
        let position = self.variants.iter().position(|known| *known == name)?;
        u8::try_from(position + 1).ok()
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

impl PhoneFile {
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

fn of_models(models: &[Text], firmware: &[Text]) -> Vec<String> {
    let mut conditions = Vec::new();
    if !models.is_empty() {
        conditions.push(format!("models {}", models.join("..., ") + "..."));
    }
    if !firmware.is_empty() {
        conditions.push(format!("firmware {} and later", firmware.join(", ")));
    }
    conditions
}

/// Whether a model begins in one of these ways; an empty list holds for all, and an empty model is not
/// known.
pub fn fits_model(models: &[Text], model: &str) -> bool {
    let lower = model.to_ascii_lowercase();
    let begins = |start: &Text| lower.starts_with(&start.to_ascii_lowercase());
    models.is_empty() || model.is_empty() || models.iter().any(begins)
}

/// Whether a firmware is one of these or a later one: numbers with dots, one for each major release
/// that has one (`7.3.17`, `8.2.1`), `x` for a part that does not count. An empty list holds for every
/// firmware, and an empty firmware is not known.
pub fn fits_firmware(from: &[Text], firmware: &str) -> bool {
    let number = |part: &str| part.parse::<u32>().ok();
    let major = |text: &str| text.split('.').next().and_then(number);
    let found = major(firmware);
    let of_release = from.iter().rfind(|first| match (major(first), found) {
        (Some(first), Some(found)) => first <= found,
        _ => true,
    });
    let Some(first) = of_release else { return from.is_empty() || firmware.is_empty() };
    for (wanted, found) in first.split('.').zip(firmware.split('.')) {
        if let (Some(wanted), Some(found)) = (number(wanted), number(found))
            && wanted != found
        {
            return found > wanted;
        }
    }
    true
}

impl Tell {
    /// Whether a phone of this variant (0, or 1 + its position) is sent this.
    pub fn fits(&self, variant: u8) -> bool {
        self.variants.is_empty() || self.variants.contains(&variant)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_firmware_is_held_to_its_own_release() {
        let snom = [Text::Borrowed("7.3.17"), Text::Borrowed("8.2.1")];
        for (firmware, fits) in [
            ("7.3.16", false),
            ("7.3.17", true),
            ("8.1.9", false),
            ("8.2.1", true),
            ("10.1.33.33", true),
            ("6.5", false),
            ("", true),
        ] {
            assert_eq!(fits_firmware(&snom, firmware), fits, "{firmware}");
        }
        let yealink = [Text::Borrowed("x.81")];
        assert!(fits_firmware(&yealink, "66.84.0.10"));
        assert!(!fits_firmware(&yealink, "28.73.0.48"));
        assert!(fits_firmware(&[], "1"));
    }

    #[test]
    fn a_model_is_compared_without_regard_to_case() {
        let spa = [Text::Borrowed("SPA")];
        assert!(fits_model(&spa, "spa504G") && fits_model(&spa, "") && fits_model(&[], "x"));
        assert!(!fits_model(&spa, "PAP2T"));
    }
}
