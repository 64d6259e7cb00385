//! What is noted about a phone in its lease.

use std::borrow::Cow;
use std::hash::{BuildHasher, Hash, Hasher, RandomState};

use offhook_core::catalogue::Field;
use offhook_core::recognise::{Identity, Sign, read, rule};
use offhook_core::text::printable;
use offhook_core::{Engine, Query};

use crate::sign;

/// A number that stands for the note: of everything that [`write()`] looks at. The hash is keyed at
/// random, so that nobody can find two packets with one key.
pub(crate) fn key(
    keyed: &RandomState,
    engine: &Engine,
    query: &Query<'_>,
    identity: &Identity,
    site: Option<&str>,
) -> u64 {
    let mut hasher = keyed.build_hasher();
    engine.digest().hash(&mut hasher);
    identity.vendor.hash(&mut hasher);
    site.hash(&mut hasher);
    for sign in identity.signs() {
        let Sign::Rule(at) = sign else {
            hasher.write_u8(matches!(sign, Sign::Device(_)).into());
            continue;
        };
        (at.vendor, at.rule).hash(&mut hasher);
        let mut field = |value: &Option<Cow<'_, [u8]>>| value.hash(&mut hasher);
        match rule(engine.tables(), at).map(|rule| rule.field) {
            Some(Field::VendorClass) => field(&query.vendor_class),
            Some(Field::UserClass) => field(&query.user_class),
            Some(Field::HostName) => field(&query.host_name),
            Some(Field::Enterprise) => {
                field(&query.vendor_class);
                field(&query.vendor_identifying_class);
                field(&query.vendor_identifying);
            }
            None => {}
        }
    }
    hasher.finish()
}

/// `{"vendor": ..., "model": ..., "firmware": ..., "by": ..., "site": ..., "policy": ...}`
pub(crate) fn write(
    engine: &Engine,
    query: &Query<'_>,
    identity: &Identity,
    site: Option<&str>,
) -> String {
    let reading = read(engine.tables(), query, identity);
    // A client may send 255 bytes of nonsense; a note is for what a model is really called.
    let text = |value: &Option<Cow<'_, [u8]>>| {
        value.as_deref().map(|value| printable(value.get(..64).unwrap_or(value)))
    };
    let mut note = serde_json::Map::new();
    let members = [
        ("vendor", Some(engine.tables().at(identity.vendor).id.to_string())),
        ("model", text(&reading.model)),
        ("firmware", text(&reading.firmware)),
        ("by", Some(sign::deciding(engine, identity).to_owned())),
        ("site", site.map(str::to_owned)),
        ("policy", Some(engine.digest().to_owned())),
    ];
    for (name, value) in members {
        if let Some(value) = value {
            note.insert(name.to_owned(), value.into());
        }
    }
    serde_json::Value::Object(note).to_string()
}
