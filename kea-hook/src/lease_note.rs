//! What is noted about a phone in its lease.

use std::borrow::Cow;
use std::hash::{BuildHasher, Hash, Hasher, RandomState};

use offhook_core::catalogue::Field;
use offhook_core::recognise::{Identity, Sign, read, rule};
use offhook_core::text::printable;
use offhook_core::token::Accepted;
use offhook_core::{Engine, Query};

use crate::sign;

/// What a note is made of.
pub(crate) struct Noted<'n> {
    pub(crate) engine: &'n Engine,
    pub(crate) query: &'n Query<'n>,
    /// The phone, and its site; none where only the signs of a phone are kept.
    pub(crate) phone: Option<(Identity, Option<&'n str>)>,
    /// What the guards of tokens keep.
    pub(crate) token: Option<Accepted>,
}

/// A number that stands for the note: of everything that [`write()`] looks at. The hash is keyed at
/// random, so that an attacker cannot find two packets with one key.
pub(crate) fn key(keyed: &RandomState, noted: &Noted<'_>) -> u64 {
    let Noted { engine, query, phone, token } = noted;
    let mut hasher = keyed.build_hasher();
    if let Some(token) = token {
        token.hash(&mut hasher);
    }
    let Some((identity, site)) = phone else { return hasher.finish() };
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

/// `{"vendor": ..., "model": ..., "firmware": ..., "by": ..., "site": ..., "policy": ..., "token": ...}`
pub(crate) fn write(noted: &Noted<'_>) -> String {
    let mut note = serde_json::Map::new();
    if let Some((identity, site)) = &noted.phone {
        describe(noted, identity, *site, &mut note);
    }
    if let Some(token) = noted.token.as_ref().and_then(|token| serde_json::to_value(token).ok()) {
        note.insert("token".to_owned(), token);
    }
    serde_json::Value::Object(note).to_string()
}

fn describe(
    noted: &Noted<'_>,
    identity: &Identity,
    site: Option<&str>,
    note: &mut serde_json::Map<String, serde_json::Value>,
) {
    let Noted { engine, query, .. } = noted;
    let reading = read(engine.tables(), query, identity);
    // A client may send 255 bytes of nonsense; a note is for what a model is really called.
    let text = |value: &Option<Cow<'_, [u8]>>| {
        value.as_deref().map(|value| printable(value.get(..64).unwrap_or(value)))
    };
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
}
