//! One virtual phone: what it is, and what it says of itself in every packet.

mod models;

use offhook_catalogue::Mac;
use offhook_catalogue::examples::{self, Example};
use offhook_catalogue::{MessageType, Mistakes, ReadFrom, Tables, VariantIx, Vendor};
use once_cell::sync::OnceCell;

use crate::character::{Character, Informs, NoCharacter};
use crate::settings::Reading;

/// See the module.
#[derive(Debug, Clone)]
pub struct Phone {
    /// The maker.
    pub vendor: Vendor,
    /// What the maker's phone does beyond the catalogue's facts.
    pub character: Character,
    /// The catalogue's example that it plays.
    pub example: String,
    /// Its hardware address.
    pub mac: Mac,
    /// Empty where neither the example nor the maker's character has one.
    pub model: String,
    /// The firmware that it names; empty: none.
    pub firmware: String,
    /// 0, or 1 + the position among the vendor's variants.
    pub variant: VariantIx,
    /// What it sends, in its order, without message type and addresses.
    pub options: Vec<(u8, Vec<u8>)>,
    /// When it sends a DHCPINFORM.
    pub informs: Informs,
}

/// Which phone to play.
#[derive(Debug, Clone, Default)]
pub struct Choice {
    /// A model, or a part of an example's name; none: the vendor's first example with a model.
    pub model: Option<String>,
    /// Instead of the example's own, or one of the maker's.
    pub mac: Option<Mac>,
}

/// Options that every client requests: mask, router, DNS, domain.
const USUAL: [u8; 4] = [1, 3, 6, 15];

impl Phone {
    /// A phone of a vendor.
    ///
    /// # Errors
    /// The vendor, or a phone of it to play, is not known.
    pub fn new(tables: &Tables, vendor: &str, choice: &Choice) -> Result<Phone, NoPhone> {
        let Some(at) = tables.vendor_or_unlisted(vendor) else {
            return Err(NoPhone::Vendor(vendor.to_owned()));
        };
        let vendor = tables.at(at).clone();
        let character = Character::of(&vendor.id)?;
        let of_vendor: Vec<&Example> = all()?
            .iter()
            .filter(|example| {
                example.vendor == *vendor.id && example.reads && example.told.is_some()
            })
            .collect();
        // One that has its model requests more of its files.
        let with_model = of_vendor.iter().find(|example| example.model.is_some());
        let usual = with_model.or(of_vendor.first());
        let of_model = |wanted: &str| {
            of_vendor.iter().find(|example| {
                example.model.as_deref().is_some_and(|model| model.eq_ignore_ascii_case(wanted))
            })
        };
        let named = |part: &str| of_vendor.iter().find(|example| example.name.contains(part));
        // Another model than those of the examples: it speaks as the usual one does.
        let (chosen, other) = match &choice.model {
            None => (usual, None),
            Some(wanted) => {
                let known = models::known(&vendor, wanted).map(str::to_owned);
                let by_name = named(wanted).filter(|_| known.is_none());
                let model = known.unwrap_or_else(|| models::spelled(&of_vendor, wanted));
                match of_model(wanted).or(by_name).or_else(|| of_model(&model)) {
                    Some(example) => (Some(example), None),
                    None => (usual, Some(model)),
                }
            }
        };
        let Some(example) = chosen else { return Err(NoPhone::Example(vendor.id.to_string())) };
        if let Some(model) = other.as_deref().filter(|model| !models::is_one(model)) {
            return Err(NoPhone::Model(model.to_owned()));
        }
        let mut options = example.packet.options.clone();
        // The relay adds its own.
        options.retain(|(code, _)| *code != 82);
        if !options.iter().any(|(code, _)| *code == 55) {
            options.push((55, request_list(&vendor)));
        }
        let class = |example: &Example| {
            example
                .packet
                .options
                .iter()
                .find(|(code, _)| *code == 60)
                .map(|(_, class)| class.clone())
        };
        let informs = of_vendor.iter().any(|other| {
            other.packet.message == MessageType::Inform && class(other) == class(example)
        });
        let informs = if informs { Informs::Always } else { character.informs };
        let own = example.packet.mac.filter(|mac| *mac != EXAMPLES);
        let own = own.unwrap_or_else(|| makers(&vendor, at.0));
        let variant = example.variant.as_ref().and_then(|name| vendor.variant(name));
        if let (Some(model), Some(other)) = (&example.model, &other) {
            models::rename(&mut options, model, other);
        }
        let model = other.or_else(|| example.model.clone()).or_else(|| character.model.clone());
        Ok(Phone {
            character,
            example: example.name.clone(),
            mac: choice.mac.unwrap_or(own),
            model: model.unwrap_or_default(),
            variant: variant.unwrap_or_default(),
            firmware: example.firmware.clone().unwrap_or_default(),
            informs,
            options,
            vendor,
        })
    }

    /// What it says of itself in HTTP and SIP. `None` if that is not known.
    pub fn user_agent(&self) -> Option<String> {
        self.character.user_agent.as_deref().map(|text| self.fill(text))
    }

    /// The model without the beginning that its maker leaves out where only the model is meant.
    pub fn series(&self) -> &str {
        let without = self.character.series_without.as_deref().unwrap_or_default();
        self.model.strip_prefix(without).unwrap_or(&self.model)
    }

    /// Whether it reads this option (`43.2`) as what it now says of itself.
    pub fn reads_now(&self, code: ReadFrom) -> bool {
        let bound = &self.character.as_class;
        let lists = |codes: &Vec<ReadFrom>| codes.contains(&code);
        if !bound.values().any(lists) {
            return true;
        }
        let class = self.options.iter().find(|(code, _)| *code == 60);
        let class = class.map(|(_, class)| class.strip_suffix(b"\0").unwrap_or(class));
        let mut own = bound.iter().filter(|(name, _)| class == Some(name.as_bytes()));
        own.any(|(_, codes)| lists(codes))
    }

    /// Puts the phone's own words in the place of its own macros, the longest first.
    pub fn expand(&self, text: &str) -> String {
        let mut macros: Vec<(&String, &String)> = self.character.macros.iter().collect();
        macros.sort_by_key(|(own, _)| std::cmp::Reverse(own.len()));
        let mut expanded = text.to_owned();
        for (own, meant) in macros {
            if expanded.contains(own.as_str()) {
                expanded = expanded.replace(own.as_str(), &self.fill(meant));
            }
        }
        expanded
    }

    /// Fills in the names that `phone.toml` and `[[file]]` use.
    pub fn fill(&self, text: &str) -> String {
        let Mac(mac) = self.mac;
        let digits = |between: &str| {
            mac.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(between)
        };
        let mut filled = text.to_owned();
        for (name, value) in [
            ("{{mac}}", digits("")),
            ("{{MAC}}", digits("").to_uppercase()),
            ("{{mac:colon}}", digits(":")),
            ("{{MAC:colon}}", digits(":").to_uppercase()),
            ("{{mac:dash}}", digits("-")),
            ("{{MAC:dash}}", digits("-").to_uppercase()),
            ("{{mac:underscore}}", digits("_")),
            ("{{model}}", self.model.clone()),
            ("{{series}}", self.series().to_owned()),
            ("{{firmware}}", self.firmware.clone()),
        ] {
            filled = filled.replace(name, &value);
        }
        filled
    }

    /// The same phone with another address: the `number`th of the range that its own is in.
    pub fn numbered(&self, number: u32) -> Phone {
        Phone { mac: self.mac_of(number), ..self.clone() }
    }

    /// Whether its address is in a range that the catalogue has for its maker.
    pub fn has_own_range(&self) -> bool {
        self.range().is_some()
    }

    fn range(&self) -> Option<(u64, u64)> {
        let own = self.mac.number();
        let range = self.vendor.macs.iter().find(|rule| (rule.first..=rule.last).contains(&own));
        range.map(|rule| (rule.first, rule.last))
    }

    /// See [`Phone::numbered`]; past the range's end it begins again.
    pub fn mac_of(&self, number: u32) -> Mac {
        // A local address has 24 bits of its own too.
        let own = self.mac.number();
        let (first, last) = self.range().unwrap_or((own & !0xff_ffff, own | 0xff_ffff));
        Mac::from_number(first + u64::from(number) % (last - first + 1))
    }
}

/// The catalogue's address for examples that are recognised by what they send.
const EXAMPLES: Mac = Mac([2, 0, 0, 0, 0, 1]);

/// An address that only this maker's phones use; where the catalogue has none, one of 2^24 local addresses that
/// no other maker's virtual phones have.
fn makers(vendor: &Vendor, at: u16) -> Mac {
    let own = vendor.macs.iter().find(|rule| rule.shared.is_none() && rule.variant.is_none());
    own.map_or_else(
        || {
            let [high, low] = at.to_be_bytes();
            Mac([2, high, low, 1, 2, 3])
        },
        |rule| Mac::from_number(rule.first + 0x1_0203 % (rule.last - rule.first + 1)),
    )
}

/// The request list of a phone whose packets are not known: the options that it reads.
fn request_list(vendor: &Vendor) -> Vec<u8> {
    let mut list = USUAL.to_vec();
    for read in &*vendor.reads {
        if let Some((code, _)) = read.code.option()
            && !list.contains(&code)
        {
            list.push(code);
        }
    }
    list
}

/// The catalogue's examples, read once.
fn all() -> Result<&'static [Example], Mistakes> {
    static ALL: OnceCell<Vec<Example>> = OnceCell::new();
    let read = || {
        let mut all = examples::all()?;
        all.extend(examples::of_unlisted_makers()?);
        Ok(all)
    };
    ALL.get_or_try_init(read).map(Vec::as_slice)
}

/// Why there is no phone to play.
#[derive(Debug, thiserror::Error)]
pub enum NoPhone {
    /// There is no such maker.
    #[error("vendor {0:?} is not in the catalogue; offhook vendors lists it")]
    Vendor(String),
    /// There is no such example, or none that can be played.
    #[error("{0} has no example to play")]
    Example(String),
    /// The maker has no such model.
    #[error("expected a model (letters, digits and - _ + . / or blanks), found {0:?}")]
    Model(String),
    /// The catalogue's examples have mistakes.
    #[error("the catalogue's examples: {0}")]
    Examples(#[from] Mistakes),
    /// The maker's `phone.toml` has a mistake.
    #[error(transparent)]
    Character(#[from] NoCharacter),
}

impl Reading for Phone {
    fn model(&self) -> &str {
        &self.model
    }

    fn expand(&self, text: &str) -> String {
        Phone::expand(self, text)
    }
}

#[cfg(test)]
mod tests {
    use offhook_core::builtin::built_in;

    use super::*;

    #[test]
    fn every_vendor_has_a_phone_to_play() {
        for vendor in &*built_in().vendors {
            let phone = Phone::new(built_in(), &vendor.id, &Choice::default());
            let phone = phone.unwrap_or_else(|error| panic!("{error}"));
            assert!(phone.options.iter().any(|(code, _)| *code == 55), "{}", vendor.id);
        }
    }

    #[test]
    fn any_model_is_played() {
        let of = |vendor: &str, model: &str| {
            let model = Some(model.to_owned());
            Phone::new(built_in(), vendor, &Choice { model, mac: None })
        };
        assert_eq!(of("polycom", "SSIP7000").unwrap().example, "SoundStation IP 7000");
        for (vendor, typed, model) in [
            ("snom", "D735", "D735"),
            ("snom", "d735", "D735"),
            ("snom", "snomD735", "D735"),
            ("gigaset", "N670", "N670"),
            ("gigaset", "n870", "N870"),
            ("cisco-spa", "SPA504G", "SPA504G"),
            ("cisco-spa", "504G", "SPA504G"),
            ("cisco-spa", "spa514g", "SPA514G"),
            ("cisco-mpp", "8851", "CP-8851-3PCC"),
            ("cisco-mpp", "CP-8851", "CP-8851-3PCC"),
            ("cisco-mpp", "8851-3PCC", "CP-8851-3PCC"),
            ("panasonic", "kx-hdv230", "KX-HDV230"),
            ("yealink", "T46S", "T46S"),
            ("yealink", "t46s", "T46S"),
            ("fanvil", "X4U", "X4U"),
            ("avaya", "J179", "J179"),
            ("polycom", "VVX411", "VVX411"),
        ] {
            let phone = of(vendor, typed).unwrap();
            assert_eq!(phone.model, model, "{vendor} {typed}");
        }
        let class = |phone: &Phone| {
            let class = phone.options.iter().find(|(code, _)| *code == 60);
            class.map(|(_, class)| String::from_utf8_lossy(class).into_owned())
        };
        assert_eq!(class(&of("polycom", "VVX411").unwrap()).as_deref(), Some("Polycom-VVX411"));
        assert!(of("snom", "../x\n").unwrap_err().to_string().contains("expected a model"));
        assert!(of("nobody", "x").unwrap_err().to_string().contains("not in the catalogue"));
    }

    #[test]
    fn no_two_makers_have_the_same_local_addresses() {
        let tables = built_in();
        let mut seen = std::collections::HashMap::new();
        for vendor in &tables.vendors {
            let Ok(phone) = Phone::new(tables, &vendor.id, &Choice::default()) else { continue };
            // Makers may share a range that is theirs.
            if phone.has_own_range() {
                continue;
            }
            for mac in [phone.mac, phone.numbered(1).mac] {
                let before = seen.insert(mac, vendor.id.clone());
                assert_eq!(before, None, "{mac}: {}", vendor.id);
            }
        }
        assert!(seen.len() >= 8, "{}", seen.len());
    }

    #[test]
    fn numbered_phones_stay_their_makers() {
        let phone = Phone::new(built_in(), "polycom", &Choice::default()).unwrap();
        assert_eq!(phone.numbered(0x1_2345).mac.to_string(), "00:04:f2:01:23:45");
        let snom = Phone::new(built_in(), "snom", &Choice::default()).unwrap();
        assert_eq!(snom.mac.to_string(), "00:04:13:01:02:03");
    }
}
