//! What each maker's files can say, out of `files.toml` in its folder: which parameter holds a field, with
//! which words and within which limits, by family of models. Lists are held to it, the losses of a phone
//! are reported by it, and docs/files.md is made of it; a test holds the templates to it.

/// What there is little of.
mod few;
/// How models are spelt.
mod spelling;

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use offhook_catalogue::error::{Mistake, Mistakes};
use offhook_catalogue::overlay::OverlayFile;
use serde::Deserialize;
use sha2::{Digest, Sha256};

pub use few::{Few, Of};
pub use spelling::Spelling;
pub(crate) use spelling::starts;

/// One maker's files.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Maker {
    /// A model that belongs to no family below.
    pub example: Option<String>,
    /// Where facts come from that name no source themselves.
    #[serde(default)]
    source: OneOrMany,
    /// What the short names of sources stand for, beside those of `vendor.toml`.
    #[serde(default)]
    pub sources: BTreeMap<String, String>,
    /// With TLS, port 5061 is written where the list names none.
    #[serde(default)]
    pub tls_port: bool,
    /// How lines end in its files.
    #[serde(default)]
    pub line_end: LineEnd,
    /// How many lines, keys and modules a model has, by the beginning of its name.
    #[serde(default)]
    lines: BTreeMap<String, u16>,
    #[serde(default)]
    keys: BTreeMap<String, u16>,
    #[serde(default)]
    modules: BTreeMap<String, u16>,
    /// The keys of one module.
    module_keys: Option<u16>,
    /// What there is less of than a site usually has.
    #[serde(default)]
    pub few: Vec<Few>,
    /// How its models are spelt.
    #[serde(default)]
    pub model: Spelling,
    #[serde(default)]
    settings: SettingsForm,
    /// Templates that are used only for phones with a field.
    #[serde(default)]
    pub only_with: BTreeMap<String, String>,
    #[serde(default)]
    field: BTreeMap<String, Fact>,
    /// Models whose files differ.
    #[serde(default)]
    pub family: BTreeMap<String, Family>,
    /// Of the whole file.
    #[serde(skip)]
    pub digest: [u8; 32],
    /// The shapes of the keys that hold a field, and whether one of these is a secret.
    #[serde(skip)]
    shapes: BTreeMap<String, bool>,
}

/// Models whose files differ from the others'.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Family {
    /// How the models begin.
    pub models: Vec<String>,
    /// A model for the tests of its files.
    pub example: String,
    settings: Option<SettingsForm>,
    /// What it says of each field.
    #[serde(default)]
    pub field: BTreeMap<String, Fact>,
}

/// What is known of one field.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Fact {
    /// The maker's parameters; N stands for the line, K for the key, M for the module.
    #[serde(default)]
    pub parameter: String,
    /// Why there is none.
    pub absent: Option<String>,
    /// Beside `absent`: a source names a parameter all the same.
    #[serde(default)]
    pub named: bool,
    /// Our words and the maker's.
    #[serde(default)]
    pub words: BTreeMap<String, String>,
    /// The field whose words count here too.
    words_of: Option<String>,
    /// Values that the maker takes as they are.
    #[serde(default)]
    pub one_of: Vec<String>,
    /// Schemes of a URL, and the maker's words for them.
    #[serde(default)]
    pub schemes: BTreeMap<String, String>,
    /// The least number.
    pub from: Option<u32>,
    /// The greatest number.
    pub to: Option<u32>,
    /// The characters of a value.
    pub characters: Option<Characters>,
    /// In characters.
    pub min_length: Option<usize>,
    /// In characters.
    pub max_length: Option<usize>,
    /// How many of a list there is room for.
    pub count: Option<usize>,
    /// A word for an offset is that of a zone without summer time.
    #[serde(default)]
    pub fixed_minutes: bool,
    /// All lines of a phone have the same.
    #[serde(default)]
    pub same: bool,
    #[serde(default)]
    source: OneOrMany,
}

/// Which characters a value may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Characters {
    /// `0` to `9`.
    Digits,
    /// Letters and digits of ASCII.
    Alphanumeric,
}

/// How a line ends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LineEnd {
    /// One byte, 0x0a.
    #[default]
    Lf,
    /// Two bytes, 0x0d and 0x0a.
    Crlf,
}

/// Where the maker's own keys (`settings`) are written.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct SettingsForm {
    /// The path of a key without steps; without it the template writes those.
    pub plain: Option<String>,
    /// The key of a line's setting: LINE is its number, LINE0 counts from 0, KEY is what the list says.
    pub line: Option<String>,
    /// The attribute that `name[1]` means.
    pub index: Option<String>,
    /// `name[1]` is the first element of its name, without any attribute.
    #[serde(default)]
    pub position: bool,
    /// Attributes of new elements.
    #[serde(default)]
    pub attributes: BTreeMap<String, String>,
    /// Keys are paths only: a name with dots in it is none.
    #[serde(default)]
    pub nested: bool,
    /// No key is a path: what looks so is the maker's own name, and the template writes it.
    #[serde(default)]
    pub flat: bool,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    #[default]
    None,
    One(String),
    Many(Vec<String>),
}

impl OneOrMany {
    fn all(&self) -> Vec<&str> {
        match self {
            OneOrMany::None => Vec::new(),
            OneOrMany::One(one) => vec![one],
            OneOrMany::Many(many) => many.iter().map(String::as_str).collect(),
        }
    }
}

/// The value for the longest beginning of a model.
fn by_model<T: Copy>(table: &BTreeMap<String, T>, model: &str) -> Option<T> {
    let fits = table.iter().filter(|(head, _)| starts(model, head));
    fits.max_by_key(|(head, _)| head.len()).map(|(_, value)| *value)
}

impl Maker {
    fn read(text: &str) -> Result<Maker, String> {
        let mut maker: Maker = toml::from_str(text).map_err(|error| error.to_string())?;
        maker.digest = Sha256::digest(text).into();
        let families = maker.family.values().flat_map(|family| &family.field);
        for (name, fact) in maker.field.iter().chain(families) {
            for key in fact.parameter.split([',', ':']) {
                let secret = maker.shapes.entry(shape(key.trim())).or_default();
                *secret |= name.ends_with("password");
            }
        }
        Ok(maker)
    }

    /// The family that a model belongs to.
    pub fn family_of(&self, model: &str) -> Option<(&str, &Family)> {
        let longest = |family: &Family| {
            let fits = family.models.iter().filter(|head| starts(model, head));
            fits.map(String::len).max()
        };
        let fits = self.family.iter().filter_map(|(name, family)| Some((longest(family)?, name)));
        let (_, name) = fits.max()?;
        self.family.get_key_value(name).map(|(name, family)| (name.as_str(), family))
    }

    /// What is known of a field for a model; `None`: nothing.
    pub fn fact<'m>(&'m self, family: Option<&'m Family>, field: &str) -> Option<&'m Fact> {
        family.and_then(|family| family.field.get(field)).or_else(|| self.field.get(field))
    }

    /// The words of a field, for `Fact::words_of` too.
    pub fn words<'m>(
        &'m self,
        family: Option<&'m Family>,
        fact: &'m Fact,
    ) -> &'m BTreeMap<String, String> {
        let other = fact.words_of.as_deref().and_then(|name| self.fact(family, name));
        other.map_or(&fact.words, |other| &other.words)
    }

    /// Short names of the sources of a fact.
    pub fn sources_of<'m>(&'m self, fact: &'m Fact) -> Vec<&'m str> {
        let own = fact.source.all();
        if own.is_empty() { self.source.all() } else { own }
    }

    /// Where the maker's own keys are written, in files of this family.
    pub fn settings_of<'m>(&'m self, family: Option<&'m Family>) -> &'m SettingsForm {
        family.and_then(|family| family.settings.as_ref()).unwrap_or(&self.settings)
    }

    /// How many lines a model has; `None`: not known.
    pub fn lines_of(&self, model: &str) -> Option<u16> {
        by_model(&self.lines, model)
    }

    /// How many keys the phone itself (module 0) or one of its modules has.
    pub fn keys_of(&self, model: &str, module: u8) -> Option<u16> {
        if module == 0 { by_model(&self.keys, model) } else { self.module_keys }
    }

    /// How many expansion modules a model takes; `None`: not known.
    pub fn modules_of(&self, model: &str) -> Option<u16> {
        match (by_model(&self.modules, model), self.modules.is_empty()) {
            (None, false) => Some(0),
            (found, _) => found,
        }
    }

    /// Whether a maker's own key is one of those whose values are not secrets.
    pub fn is_plain(&self, key: &str) -> bool {
        self.shapes.get(&shape(key)) == Some(&false)
    }
}

/// A key with each number, and each N, K and M by itself, as `#`.
fn shape(key: &str) -> String {
    let mut out = String::with_capacity(key.len());
    let letters: Vec<char> = key.chars().collect();
    for (at, &c) in letters.iter().enumerate() {
        let alone = |at: usize| {
            let near = |at: Option<usize>| {
                at.and_then(|at| letters.get(at)).is_none_or(|c| !c.is_ascii_uppercase())
            };
            near(at.checked_sub(1)) && near(Some(at + 1))
        };
        match c {
            '0'..='9' if out.ends_with('#') => {}
            '0'..='9' => out.push('#'),
            'N' | 'K' | 'M'
                if alone(at) && !letters.get(at + 1).is_some_and(char::is_ascii_lowercase) =>
            {
                out.push('#');
            }
            c => out.push(c.to_ascii_lowercase()),
        }
    }
    out
}

/// All makers, by vendor id. Those of the program are read at their first use: a list has phones of few makers.
#[derive(Debug, Default)]
pub struct Makers(BTreeMap<String, Known>);

#[derive(Debug)]
enum Known {
    BuiltIn {
        text: &'static str,
        read: OnceLock<Option<Arc<Maker>>>,
    },
    /// Of the user.
    Own(Arc<Maker>),
}

impl Known {
    /// A test reads every one of the program's.
    fn maker(&self) -> Option<&Arc<Maker>> {
        match self {
            Known::BuiltIn { text, read } => {
                read.get_or_init(|| Maker::read(text).ok().map(Arc::new)).as_ref()
            }
            Known::Own(maker) => Some(maker),
        }
    }
}

impl Makers {
    /// Those of the program; a user's own take the place of one of the same vendor.
    ///
    /// # Errors
    ///
    /// Every file of the user's that cannot be read.
    pub fn new(overlay: &[OverlayFile]) -> Result<Makers, Mistakes> {
        let built_in = crate::FILES
            .iter()
            .map(|(id, text)| ((*id).to_owned(), Known::BuiltIn { text, read: OnceLock::new() }));
        let mut makers: BTreeMap<String, Known> = built_in.collect();
        let mut mistakes = Mistakes::default();
        let own = overlay.iter().filter_map(|file| {
            let mut parts = file.path.rsplit('/');
            let (name, id) = (parts.next()?, parts.next()?);
            (name == "files.toml").then_some((id, file.text()?, file.path.clone()))
        });
        for (id, text, path) in own {
            match Maker::read(text) {
                Ok(maker) => {
                    makers.insert(id.to_owned(), Known::Own(Arc::new(maker)));
                }
                Err(text) => {
                    let place = String::new();
                    mistakes.0.push(Mistake { file: Some(path), line: None, place, text });
                }
            }
        }
        mistakes.or(Some(Makers(makers)))
    }

    /// What a vendor's files can say.
    pub fn of(&self, vendor: &str) -> Option<Arc<Maker>> {
        self.0.get(vendor)?.maker().cloned()
    }

    /// All vendors, by id.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Maker)> {
        self.0.iter().filter_map(|(id, known)| Some((id.as_str(), &**known.maker()?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn makers() -> Makers {
        Makers::new(&[]).unwrap()
    }

    #[test]
    fn every_file_of_the_program_is_read() {
        for (id, text) in crate::FILES {
            let read = Maker::read(text);
            assert!(read.is_ok(), "{id}: {}", read.err().unwrap_or_default());
        }
        assert_eq!(makers().iter().count(), crate::FILES.len());
    }

    #[test]
    fn families_and_limits() {
        let makers = makers();
        let yealink = makers.of("yealink").unwrap();
        assert_eq!(yealink.family_of("T74U").map(|(name, _)| name), Some("t7"));
        assert_eq!(yealink.family_of("T46S").map(|(name, _)| name), None);
        assert_eq!((yealink.lines_of("T19P_E2"), yealink.lines_of("T46S")), (Some(1), Some(16)));
        assert_eq!((yealink.modules_of("T19P"), yealink.modules_of("T46S")), (Some(0), Some(6)));
    }

    #[test]
    fn what_is_known_to_be_no_secret() {
        let makers = makers();
        let plain = |vendor: &str, key: &str| makers.of(vendor).unwrap().is_plain(key);
        assert!(plain("yealink", "linekey.3.type") && plain("yealink", "local_time.time_zone"));
        assert!(!plain("yealink", "account.2.password") && !plain("yealink", "what.ever"));
        assert!(plain("grandstream", "P1363") || !plain("grandstream", "P34"));
        assert!(!plain("grandstream", "P34") && !plain("grandstream", "P2"));
    }
}
