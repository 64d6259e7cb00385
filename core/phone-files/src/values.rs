//! What templates see: the names of a phone, its lines and the policy, as minijinja's values.

/// The programmable keys.
mod keys;

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use minijinja::value::Value;

use crate::key_names::NamedKeys;
use crate::makers::{Family, Maker, SettingsForm};
use crate::names::{FieldNames, Names, Secret, text_or_none};
use crate::needs::Needs;
use crate::nested::is_put;
use crate::parts::{FileNames, Parts};
use crate::phone::{Line, Phone};
use crate::zone::Zone;
use offhook_core::fields::{FIELDS, FieldIx, Kind, Values, offset_minutes};
use offhook_core::keys::Keys;

pub(crate) use keys::keys_of;

static SERVER: LazyLock<Option<FieldIx>> = LazyLock::new(|| FieldIx::named("server"));
static PORT: LazyLock<Option<FieldIx>> = LazyLock::new(|| FieldIx::named("port"));
static TRANSPORT: LazyLock<Option<FieldIx>> = LazyLock::new(|| FieldIx::named("transport"));
static BACKUP: LazyLock<Option<FieldIx>> = LazyLock::new(|| FieldIx::named("backup-server"));
static BACKUP_PORT: LazyLock<Option<FieldIx>> = LazyLock::new(|| FieldIx::named("backup-port"));
static PROXY: LazyLock<Option<FieldIx>> = LazyLock::new(|| FieldIx::named("outbound-proxy"));
static OUTBOUND_PORT: LazyLock<Option<FieldIx>> = LazyLock::new(|| FieldIx::named("outbound-port"));
static ZONE: LazyLock<Option<FieldIx>> = LazyLock::new(|| FieldIx::named("time-zone"));
static OFFSET: LazyLock<Option<FieldIx>> = LazyLock::new(|| FieldIx::named("utc-offset"));

fn value_of(field: FieldIx, text: &str) -> Value {
    let field = field.field();
    if field.secret {
        return Value::from_object(Secret(text.to_owned()));
    }
    match field.kind {
        Kind::Number { .. } => text.parse::<u32>().map_or_else(|_| Value::from(text), Value::from),
        Kind::Offset => offset_minutes(text).map_or_else(|| Value::from(text), Value::from),
        Kind::Codecs => text.split(',').map(|codec| Value::from(codec.trim())).collect(),
        _ => Value::from(text),
    }
}

/// Every field that may appear in a phone (or in a line), from the first of `layers` that has it; none where
/// no layer has it.
fn fields(in_line: bool, layers: &[&Values], tls_port: bool, needs: &Needs) -> FieldNames {
    let mut names = FieldNames::new(in_line);
    for (at, text) in layers.iter().flat_map(|layer| layer.iter()) {
        if names.takes(at) && needs.field(at) {
            names.set_field(at, || value_of(at, text));
        }
    }
    let first = |at: FieldIx| layers.iter().find_map(|layer| layer.get(at));
    let named = |field: Option<FieldIx>| field.and_then(first);
    // A phone that is sent a port's default for UDP would speak TLS to it.
    if tls_port && named(*TRANSPORT) == Some("tls") {
        for (host, port) in [(*SERVER, *PORT), (*PROXY, *OUTBOUND_PORT), (*BACKUP, *BACKUP_PORT)] {
            if let Some(port) = port.filter(|_| named(host).is_some()) {
                names.set_field(port, || Value::from(SIPS_PORT));
            }
        }
    }
    names
}

/// RFC 3261, section 19.1.2.
const SIPS_PORT: u32 = 5061;

/// The zone that the first of `layers` with one has: as a name of the tz database, or an offset.
fn zone(common: &Common, layers: &[&Values]) -> Value {
    let said = layers.iter().find_map(|layer| zone_said(layer));
    said.map_or_else(|| Value::from(()), |(at, text)| common.zones.value(at, text))
}

/// What some values say of the zone. A zone's name says more than an offset.
pub(crate) fn zone_said(values: &Values) -> Option<(FieldIx, &str)> {
    let said = |at: Option<FieldIx>| Some((at?, values.get(at?)?));
    said(*ZONE).or_else(|| said(*OFFSET))
}

/// Zones that were read already: most phones are in few.
#[derive(Debug, Default)]
pub(crate) struct Zones(Mutex<HashMap<Box<str>, Read>>);

/// A zone, and what templates see of it.
#[derive(Debug, Clone)]
struct Read {
    zone: Option<Arc<Zone>>,
    value: Value,
}

impl Zones {
    fn value(&self, at: FieldIx, text: &str) -> Value {
        self.read(text, |text| match at.field().kind {
            Kind::Offset => offset_minutes(text).map(Zone::fixed),
            _ => Zone::named(text),
        })
        .value
    }

    /// A zone of the tz database.
    pub fn named(&self, name: &str) -> Option<Arc<Zone>> {
        self.read(name, Zone::named).zone
    }

    fn read(&self, text: &str, read: impl Fn(&str) -> Option<Zone>) -> Read {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known.get(text) {
            return known.clone();
        }
        let zone = read(text).map(Arc::new);
        let value = zone.as_deref().map_or_else(|| Value::from(()), Zone::to_value);
        let read = Read { zone, value };
        known.insert(text.into(), read.clone());
        read
    }
}

/// A maker's own key and its value.
pub(crate) type Setting = (Box<str>, Box<str>);

/// Settings as pairs, but those that are put to their places in an XML file when it is finished. Those of the
/// list are secrets, unless the catalogue knows what they mean.
fn settings<'s>(
    common: &Common,
    of: &File<'_>,
    own: impl Iterator<Item = (Cow<'s, str>, &'s str)>,
    policy: impl Iterator<Item = &'s Setting>,
) -> Value {
    let form = common.form(of.model.unwrap_or_default()).filter(|_| of.xml);
    let written = |key: &str| form.is_none_or(|form| !is_put(form, key));
    let own: Vec<(Cow<'s, str>, &'s str)> = own.filter(|(key, _)| written(key)).collect();
    let policy = policy.filter(|(key, _)| written(key));
    let pair = |key: &str, value: Value| Value::from(vec![Value::from(key), value]);
    let policy = policy.filter(|(key, _)| !own.iter().any(|(other, _)| **other == **key));
    let policy: Vec<Value> = policy.map(|(key, value)| pair(key, Value::from(&**value))).collect();
    let own = own.iter().map(|(key, value)| pair(key, common.setting(key, value)));
    own.chain(policy).collect()
}

/// What the list says in the maker's own words, of the phone and of its lines.
pub(crate) fn own_settings<'p>(
    common: &'p Common,
    phone: &'p Phone,
) -> impl Iterator<Item = (Cow<'p, str>, &'p str)> {
    let form = common.form(&phone.model).and_then(|form| form.line.as_deref());
    let of_lines = phone.lines.iter().flat_map(move |line| {
        line.settings.iter().map(move |(key, value)| (line_key(form, line.number, key), &**value))
    });
    let of_phone = phone.settings.iter().map(|(key, value)| (Cow::Borrowed(&**key), &**value));
    of_phone.chain(of_lines)
}

fn line_key<'k>(form: Option<&str>, number: u16, key: &'k str) -> Cow<'k, str> {
    let Some(form) = form else { return Cow::Borrowed(key) };
    let form = form.replace("LINE00000", &format!("{number:05}"));
    let form = form.replace("LINE0", &number.saturating_sub(1).to_string());
    // An attribute follows its own sign.
    let key = if form.ends_with("@KEY") { key.strip_prefix('@').unwrap_or(key) } else { key };
    Cow::Owned(form.replace("LINE", &number.to_string()).replace("KEY", key))
}

/// What a policy says to phones of one vendor at one site.
#[derive(Debug, Default)]
pub(crate) struct Common {
    /// Names that hold in every file.
    pub names: Arc<Names>,
    pub values: Values,
    pub settings: Vec<Setting>,
    pub keys: Keys,
    pub vlan: Option<(u16, Option<u8>)>,
    pub time_servers: Vec<String>,
    pub zones: Zones,
    pub maker: Option<Arc<Maker>>,
    /// By family, `None` for the models of none: its name and the makers' words.
    pub words: HashMap<Option<String>, Arc<Names>>,
    /// What was written already.
    pub parts: Arc<Parts>,
}

impl Common {
    /// Names that hold in every file, and for the models of one family: the makers' words.
    fn share(&self, model: &str, names: &mut FieldNames) {
        names.share(&self.names);
        let family = self.maker.as_deref().and_then(|maker| maker.family_of(model));
        let name = family.map(|(name, _)| name.to_owned());
        if let Some(words) = self.words.get(&name) {
            names.share(words);
        }
    }

    fn form(&self, model: &str) -> Option<&SettingsForm> {
        let maker = self.maker.as_deref()?;
        let family = maker.family_of(model).map(|(_, family)| family);
        Some(maker.settings_of(family))
    }

    fn setting(&self, key: &str, value: &str) -> Value {
        match self.maker.as_deref().is_some_and(|maker| maker.is_plain(key)) {
            true => Value::from(value),
            false => Value::from_object(Secret(value.to_owned())),
        }
    }

    fn tls_port(&self) -> bool {
        self.maker.as_deref().is_some_and(|maker| maker.tls_port)
    }
}

/// The words of a maker for the models of one family, as templates use them.
pub(crate) fn maker_words(maker: &Maker, family: Option<(&str, &Family)>) -> Names {
    let (mut words, mut schemes) = (Names::default(), Names::default());
    let of = family.map(|(_, family)| family);
    let mut fields: Vec<&'static str> = FIELDS.iter().map(|field| field.name).collect();
    fields.push("keys");
    for field in fields {
        let Some(fact) = maker.fact(of, field) else { continue };
        words.set(field, table(maker.words(of, fact)));
        schemes.set(field, table(&fact.schemes));
    }
    let mut names = Names::default();
    names.set("family", family.map_or_else(|| Value::from(()), |(name, _)| Value::from(name)));
    names.set("words", words.into_value());
    names.set("schemes", schemes.into_value());
    names
}

fn table(words: &BTreeMap<String, String>) -> Value {
    let mut names = Names::with_room(words.len());
    for (ours, theirs) in words {
        names.set(ours.clone(), theirs.as_str());
    }
    names.into_value()
}

/// A file that is rendered.
pub(crate) struct File<'f> {
    /// None in one for all models.
    pub model: Option<&'f str>,
    pub xml: bool,
    /// What its template looks up.
    pub needs: &'f Needs,
    /// None where it is not known beforehand.
    pub url: Option<&'f str>,
}

/// The names in a file that many phones share.
pub(crate) fn shared(common: &Common, file: &File<'_>) -> Value {
    let File { model, url, needs, .. } = *file;
    let mut names = fields(false, &[&common.values], common.tls_port(), needs);
    names.set("zone", zone(common, &[&common.values]));
    names.set("settings", settings(common, file, std::iter::empty(), common.settings.iter()));
    common.share(model.unwrap_or_default(), &mut names);
    if let Some(model) = model {
        names.set("model", text_or_none(model));
    }
    names.set("url", url.map_or_else(|| Value::from(()), Value::from));
    FileNames::value(names, &common.parts)
}

/// The names in a phone's own file: those that its template looks up.
pub(crate) fn own(common: &Common, phone: &Phone, file: &File<'_>) -> Value {
    let File { url, needs, .. } = *file;
    let tls_port = common.tls_port();
    let mut names = fields(false, &[&phone.values, &common.values], tls_port, needs);
    if needs.has("zone") {
        names.set("zone", zone(common, &[&phone.values, &common.values]));
    }
    if needs.own {
        let mut own = fields(false, &[&phone.values], tls_port, needs);
        own.set("zone", zone(common, &[&phone.values]));
        names.set("own", own.into_value());
    }
    let listed = || own_settings(common, phone);
    if needs.has("settings") {
        names.set("settings", settings(common, file, listed(), std::iter::empty()));
    }
    if needs.has("all_settings") {
        names.set("all_settings", settings(common, file, listed(), common.settings.iter()));
    }
    if needs.has("keys") {
        names.set("keys", NamedKeys::of(&keys_of(common, phone)));
    }
    common.share(&phone.model, &mut names);
    names.set("model", text_or_none(&phone.model));
    let digits = |upper: bool, separator: u8| {
        let mut out = Vec::with_capacity(17);
        offhook_catalogue::text::write_mac(phone.mac.0, upper, separator, &mut out);
        String::from_utf8_lossy(&out).into_owned()
    };
    for (name, upper, separator) in
        [("mac", false, 0), ("MAC", true, 0), ("mac_colon", false, b':')]
    {
        if needs.has(name) {
            names.set(name, digits(upper, separator));
        }
    }
    names.set("url", url.map_or_else(|| Value::from(()), Value::from));
    if needs.has("lines") {
        let lines = phone.lines.iter().map(|line| line_names(common, phone, line, needs));
        names.set("lines", lines.collect::<Value>());
    }
    FileNames::value(names, &common.parts)
}

fn line_names(common: &Common, phone: &Phone, line: &Line, needs: &Needs) -> Value {
    let tls_port = common.tls_port();
    let layers = [&line.values, &phone.values, &common.values];
    let mut names = fields(true, &layers, tls_port, needs);
    names.set("number", line.number);
    if needs.own {
        let own = fields(true, &[&line.values, &phone.values], tls_port, needs);
        names.set("own", own.into_value());
    }
    names.into_value()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::{SECRET_FACE, TEMPLATE_NAMES};

    #[test]
    fn templates_know_every_field() {
        for (field, name) in FIELDS.iter().zip(TEMPLATE_NAMES) {
            assert_eq!(field.name.replace('-', "_"), name);
        }
    }

    #[test]
    fn a_secret_shows_nothing_by_itself() {
        let secret = Value::from_object(Secret("geheim".to_owned()));
        assert_eq!(secret.to_string(), SECRET_FACE.to_string());
        let mut names = Names::default();
        names.set("password", secret);
        assert!(!format!("{names:?}").contains("geheim"));
    }
}
