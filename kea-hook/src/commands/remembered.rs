//! How a phone that was seen becomes a question again, and its answer words: what both forms of the list share.

use std::net::Ipv4Addr;

use offhook_core::lookalikes::suspect;
use offhook_core::parts::Parts;
use offhook_core::text::printable;
use offhook_core::url::without_userinfo;
use offhook_core::{Decision, Engine, Query};

use crate::phones::{Phone, evidence};

/// What a phone asked last, with what the server's leases said of it then.
pub(super) fn asked<'p>(phone: &Phone, parts: &'p Parts, names: &'p [&'p [u8]]) -> Query<'p> {
    let mut query = Query::from_parts(parts, names);
    query.context.proof = evidence::proof(phone.evidence());
    query
}

/// What the policy in force decides about a phone by what it sent last.
pub(super) fn decided<T>(
    engine: &Engine,
    phone: &Phone,
    answer: impl FnOnce(&Parts, &Query<'_>, &Decision<'_>) -> T,
) -> T {
    let parts = evidence::read(phone.mac, phone.evidence());
    let names = parts.class_names();
    let query = asked(phone, &parts, &names);
    answer(&parts, &query, &engine.decide(&query))
}

/// What a field of the header was set to, for people.
pub(super) fn header_text(field: &str, value: &[u8]) -> String {
    match (field, <[u8; 4]>::try_from(value)) {
        ("next-server", Ok(address)) => Ipv4Addr::from(address).to_string(),
        ("next-server", Err(_)) => hex::encode(value),
        _ => printable(&without_userinfo(value)),
    }
}

pub(super) fn is_text(value: &[u8]) -> bool {
    value.iter().all(|byte| matches!(byte, 0x20..=0x7e))
}

/// The sign by which a client that was not recognised may be a phone.
pub(super) fn looks_like_a_phone_by(engine: &Engine, query: &Query<'_>) -> Option<&'static str> {
    suspect(engine.tables(), query).map(|suspicion| suspicion.name())
}
