//! Names and what they stand for, as minijinja's values; secrets among them.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use std::sync::LazyLock;

use foldhash::fast::FixedState;
use indexmap::{IndexMap, IndexSet};
use minijinja::value::{Enumerator, Object, ObjectExt, ObjectRepr, Value};
use offhook_core::fields::{FIELDS, FieldIx, Where};

/// A secret: printed where a template prints it, marked; nothing else can be done with it.
pub(crate) struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

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

/// Names and what they stand for. Templates look up hundreds of them for a phone.
#[derive(Clone, Default)]
pub(crate) struct Names(IndexMap<Name, Value, FixedState>);

/// A field's name, or one out of the policy.
pub(crate) type Name = Cow<'static, str>;

impl fmt::Debug for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.keys()).finish()
    }
}

impl Object for Names {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }
    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        self.get(key).cloned()
    }
    fn enumerate(self: &Arc<Self>) -> Enumerator {
        self.mapped_enumerator(|this| Box::new(this.names().map(Value::from)))
    }
}

impl Names {
    /// With room for so many.
    pub fn with_room(count: usize) -> Names {
        Names(IndexMap::with_capacity_and_hasher(count, FixedState::default()))
    }

    /// What a name stands for.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// The first of a name counts.
    pub fn set(&mut self, name: impl Into<Name>, value: impl Into<Value>) {
        self.0.entry(name.into()).or_insert_with(|| value.into());
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(|name| &**name)
    }

    pub fn into_value(self) -> Value {
        Value::from_object(self)
    }
}

/// The fields of a phone or of a line, and the other names beside them. Made for each file and line: nothing is hashed
/// but what a template looks up, and a field without a value takes no room.
pub(crate) struct FieldNames {
    /// Those that have a value, by their places, and a bit for each.
    fields: Vec<(FieldIx, Value)>,
    set: u64,
    /// The fields of the other kind are unknown here.
    in_line: bool,
    /// So few that looking through them is quicker than a hash.
    own: Vec<(&'static str, Value)>,
    /// What many phones have in common.
    shared: Vec<Arc<Names>>,
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
    "backup_server",
    "backup_port",
    "register_seconds",
    "voicemail",
    "subscribe_mwi",
    "srtp",
    "dtmf",
    "codecs",
    "digit_map",
    "time_zone",
    "utc_offset",
    "language",
    "tone_country",
    "phonebook_url",
    "firmware_url",
    "resync_minutes",
    "provisioning_user",
    "provisioning_password",
    "admin_login",
    "admin_password",
    "user_login",
    "user_password",
    "syslog_server",
    "keep_alive_seconds",
    "pickup_code",
    "call_waiting",
    "pc_port_vlan",
];

/// Where a name is among those of a file, for one that is looked up often.
#[derive(Debug)]
pub(crate) enum NameAt {
    /// A field's place, and its name in templates.
    Field(FieldIx, &'static str),
    /// Another name.
    Other(&'static str),
}

impl NameAt {
    pub fn of(name: &'static str) -> NameAt {
        place_of(name).map_or(NameAt::Other(name), |at| NameAt::Field(at, name))
    }

    pub fn is(&self, name: &str) -> bool {
        let (NameAt::Field(_, own) | NameAt::Other(own)) = self;
        *own == name
    }
}

/// Where a field is, by its name in templates.
static PLACES: LazyLock<IndexSet<&'static str, FixedState>> =
    LazyLock::new(|| TEMPLATE_NAMES.into_iter().collect());

fn place_of(name: &str) -> Option<FieldIx> {
    PLACES.get_index_of(name).and_then(|at| u8::try_from(at).ok()).map(FieldIx)
}

/// What a field without a value stands for.
static NONE: LazyLock<Value> = LazyLock::new(|| Value::from(()));

impl FieldNames {
    /// Fields without a value, for a line or else for a phone.
    pub fn new(in_line: bool) -> FieldNames {
        let own = Vec::with_capacity(if in_line { 2 } else { 12 });
        FieldNames { fields: Vec::with_capacity(16), set: 0, in_line, own, shared: Vec::new() }
    }

    /// Whether a field may appear here.
    pub fn takes(&self, at: FieldIx) -> bool {
        at.field().place != if self.in_line { Where::Phone } else { Where::Line }
    }

    /// The first value of a field counts.
    pub fn set_field(&mut self, at: FieldIx, value: impl FnOnce() -> Value) {
        if self.set & at.bit() == 0 {
            self.set |= at.bit();
            self.fields.push((at, value()));
        }
    }

    /// Another name; the first of a name counts.
    pub fn set(&mut self, name: &'static str, value: impl Into<Value>) {
        self.own.push((name, value.into()));
    }

    /// Names of which a name of its own takes precedence.
    pub fn share(&mut self, names: &Arc<Names>) {
        self.shared.push(Arc::clone(names));
    }

    /// What a name stands for.
    pub fn get(&self, key: &str) -> Option<&Value> {
        match place_of(key) {
            Some(at) => self.field(at),
            None => self.other(key),
        }
    }

    /// The same.
    pub fn at(&self, place: &NameAt) -> Option<&Value> {
        match *place {
            NameAt::Field(at, _) => self.field(at),
            NameAt::Other(name) => self.other(name),
        }
    }

    fn field(&self, at: FieldIx) -> Option<&Value> {
        if self.set & at.bit() == 0 {
            return self.takes(at).then_some(&*NONE);
        }
        self.fields.iter().find(|(other, _)| *other == at).map(|(_, value)| value)
    }

    fn other(&self, name: &str) -> Option<&Value> {
        let shared = || self.shared.iter().find_map(|names| names.get(name));
        let own = self.own.iter().find(|(own, _)| *own == name).map(|(_, value)| value);
        own.or_else(shared)
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        let fields = PLACES.iter().zip(0u8..).filter(|(_, at)| self.takes(FieldIx(*at)));
        let own = self.own.iter().map(|(name, _)| *name);
        let shared = self.shared.iter().flat_map(|names| names.names());
        fields.map(|(name, _)| *name).chain(shared).chain(own)
    }

    pub fn into_value(self) -> Value {
        Value::from_object(self)
    }
}

impl fmt::Debug for FieldNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}

impl Object for FieldNames {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }
    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        self.get(key).cloned()
    }
    fn enumerate(self: &Arc<Self>) -> Enumerator {
        self.mapped_enumerator(|this| Box::new(this.names().map(Value::from)))
    }
}

/// A text, or nothing for an empty one.
pub(crate) fn text_or_none(text: &str) -> Value {
    if text.is_empty() { Value::from(()) } else { Value::from(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_a_name_counts_and_names_keep_their_order() {
        let mut names = Names::default();
        for (name, value) in [("b", 1), ("a", 2), ("b", 3)] {
            names.set(name, value);
        }
        assert_eq!((names.get("b"), names.get("c")), (Some(&Value::from(1)), None));
        assert_eq!(format!("{names:?}"), r#"["b", "a"]"#);
    }
}
