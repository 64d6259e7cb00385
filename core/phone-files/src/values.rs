//! What templates see: the names of a phone, its lines and the policy, as minijinja's values.

use std::fmt;
use std::sync::Arc;

use minijinja::value::{Enumerator, Object, ObjectExt, ObjectRepr, Value};

use crate::phone::{Line, Phone};
use offhook_core::fields::{FIELDS, FieldIx, Kind, Values, Where, offset_minutes};

/// A secret: printed where a template prints it, marked; nothing else can be done with it.
#[derive(Debug)]
pub(crate) struct Secret(pub String);

/// What a secret looks like to everything but printing; no value may hold it.
pub(crate) const SECRET_FACE: char = '\u{fdd2}';

impl Object for Secret {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }
    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SECRET_FACE}")
    }
}

/// Names and what they stand for. Few enough to look through.
#[derive(Clone, Default)]
pub(crate) struct Names(pub Vec<(Name, Value)>);

/// A field's name, or one out of the policy.
pub(crate) type Name = std::borrow::Cow<'static, str>;

impl fmt::Debug for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

impl Object for Names {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }
    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        self.0.iter().find(|(name, _)| name == key).map(|(_, value)| value.clone())
    }
    fn enumerate(self: &Arc<Self>) -> Enumerator {
        self.mapped_enumerator(|this| {
            Box::new(this.0.iter().map(|(name, _)| Value::from(name.as_ref())))
        })
    }
}

impl Names {
    pub fn set(&mut self, name: &'static str, value: impl Into<Value>) {
        self.0.push((Name::Borrowed(name), value.into()));
    }

    pub fn into_value(self) -> Value {
        Value::from_object(self)
    }
}

/// A text, or nothing for an empty one.
pub(crate) fn text_or_none(text: &str) -> Value {
    if text.is_empty() { Value::from(()) } else { Value::from(text) }
}

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

/// Every field that may stand in a phone (or in a line), the first of `layers` that has it; none
/// where nobody has.
fn fields(in_line: bool, layers: &[&Values], names: &mut Names) {
    let other = if in_line { Where::Phone } else { Where::Line };
    for (index, (field, name)) in FIELDS.iter().zip(TEMPLATE_NAMES).enumerate() {
        if field.place == other {
            continue;
        }
        let at = FieldIx(u8::try_from(index).unwrap_or(0));
        let value = layers.iter().find_map(|layer| layer.get(at));
        names.set(name, value.map_or_else(|| Value::from(()), |text| value_of(at, text)));
    }
}

/// [`FIELDS`] as templates call them; a test holds the two together.
pub(crate) const TEMPLATE_NAMES: [&str; FIELDS.len()] = [
    "user",
    "auth_user",
    "password",
    "display_name",
    "label",
    "server",
    "port",
    "transport",
    "outbound_proxy",
    "outbound_port",
    "register_seconds",
    "codecs",
    "digit_map",
    "utc_offset",
    "phonebook_url",
    "firmware_url",
    "resync_minutes",
    "admin_password",
];

/// Keys of the maker's own, as pairs. Those of the list are secrets: nobody knows what they mean.
fn settings<'s>(
    own: &'s [(Box<str>, Box<str>)],
    common: impl Iterator<Item = &'s (Box<str>, Box<str>)>,
) -> Value {
    let secret = |(key, value): &(Box<str>, Box<str>)| {
        let secret = Value::from_object(Secret(value.to_string()));
        Value::from(vec![Value::from(&**key), secret])
    };
    let plain = |(key, value): &(Box<str>, Box<str>)| {
        Value::from(vec![Value::from(&**key), Value::from(&**value)])
    };
    let common = common.filter(|(key, _)| !own.iter().any(|(other, _)| other == key));
    own.iter().map(secret).chain(common.map(plain)).collect()
}

/// What a policy says to phones of one vendor at one site.
#[derive(Debug, Default)]
pub(crate) struct Common {
    /// Names that hold in every file.
    pub names: Names,
    pub values: Values,
    pub settings: Vec<(Box<str>, Box<str>)>,
}

/// The names in a file that many phones share. `model` is none in one for all models, `url` where it
/// is not known beforehand.
pub(crate) fn shared(common: &Common, model: Option<&str>, url: Option<&str>) -> Value {
    let mut names = common.names.clone();
    fields(false, &[&common.values], &mut names);
    names.set("settings", settings(&[], common.settings.iter()));
    if let Some(model) = model {
        names.set("model", text_or_none(model));
    }
    names.set("url", url.map_or_else(|| Value::from(()), Value::from));
    names.into_value()
}

/// The names in a phone's own file.
pub(crate) fn own(common: &Common, phone: &Phone, url: Option<&str>) -> Value {
    let mut names = common.names.clone();
    fields(false, &[&phone.values, &common.values], &mut names);
    let mut own = Names::default();
    fields(false, &[&phone.values], &mut own);
    names.set("own", own.into_value());
    names.set("settings", settings(&phone.settings, std::iter::empty()));
    names.set("all_settings", settings(&phone.settings, common.settings.iter()));
    names.set("model", text_or_none(&phone.model));
    let digits = |upper: bool, separator: u8| {
        let mut out = Vec::with_capacity(17);
        offhook_catalogue::text::write_mac(phone.mac.0, upper, separator, &mut out);
        String::from_utf8_lossy(&out).into_owned()
    };
    names.set("mac", digits(false, 0));
    names.set("MAC", digits(true, 0));
    names.set("mac_colon", digits(false, b':'));
    names.set("url", url.map_or_else(|| Value::from(()), Value::from));
    let lines = phone.lines.iter().map(|line| line_names(common, phone, line));
    names.set("lines", lines.collect::<Value>());
    names.into_value()
}

fn line_names(common: &Common, phone: &Phone, line: &Line) -> Value {
    let mut names = Names::default();
    names.set("number", line.number);
    fields(true, &[&line.values, &phone.values, &common.values], &mut names);
    let mut own = Names::default();
    fields(true, &[&line.values, &phone.values], &mut own);
    names.set("own", own.into_value());
    names.into_value()
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert!(!format!("{:?}", Names(vec![("password".into(), secret)])).contains("geheim"));
    }
}
