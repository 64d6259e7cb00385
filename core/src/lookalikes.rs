//! Devices that look like phones and are not recognised: reported to the operator, so that a maker that
//! the catalogue does not know gets into it. Has no influence on any answer.

use crate::catalogue::Tables;
use crate::query::Query;
use crate::recognise::{Finding, asked, has_known_address, other_device, recognise};

/// Why a device looks like a phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Suspicion {
    /// It requests options that hardly anything but phones requests.
    RequestList,
    /// Its address is one that phones use too, and it sends an option 60 that no maker claims.
    Address,
}

impl Suspicion {
    /// As lists show it.
    pub fn name(self) -> &'static str {
        match self {
            Suspicion::RequestList => "request-list",
            Suspicion::Address => "address",
        }
    }
}

/// Whether an unrecognised client looks like a phone. None for phones, and for devices that the
/// catalogue knows to be none.
pub fn suspect(tables: &Tables, query: &Query<'_>) -> Option<Suspicion> {
    match recognise(tables, query) {
        Finding::Unknown | Finding::Unlisted(_) => suspect_unknown(tables, query),
        Finding::Phone(_) | Finding::NoPhone(_) | Finding::OtherDevice(_) => None,
    }
}

/// The same for a client that is known not to be recognised. What most clients show none of is looked at first, for this is
/// asked of each of them.
pub fn suspect_unknown(tables: &Tables, query: &Query<'_>) -> Option<Suspicion> {
    let suspicion = if tables.other_devices.asks_perhaps_as_a_phone(asked(query)) {
        Suspicion::RequestList
    } else if !query.class_text().is_empty() && has_known_address(tables, query) {
        Suspicion::Address
    } else {
        return None;
    };
    other_device(tables, query).is_none().then_some(suspicion)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builtin;
    use crate::parts::Parts;

    fn seen(mac: &str, class: &[u8], list: &[u8]) -> Option<Suspicion> {
        let mut parts = Parts { mac: crate::Mac::parse(mac), ..Parts::default() };
        parts.option(60, class);
        parts.option(55, list);
        suspect(builtin::built_in(), &Query::from_parts(&parts, &[]))
    }

    #[test]
    fn unknown_makers_are_told_phones_and_computers_are_not() {
        let nobody = "02:00:00:00:00:01";
        assert_eq!(seen(nobody, b"", &[1, 3, 66, 160]), Some(Suspicion::RequestList));
        assert_eq!(seen(nobody, b"AcmePhone", &[1, 3, 120]), Some(Suspicion::RequestList));
        assert_eq!(seen("b4:a9:5a:01:02:03", b"unheard of", &[1, 3]), Some(Suspicion::Address));
        // A phone; a PC; a boot loader; a PC with a card of a maker of phones.
        assert_eq!(seen("00:15:65:01:02:03", b"yealink", &[1, 3, 66, 160]), None);
        assert_eq!(seen(nobody, b"MSFT 5.0", &[1, 3, 43, 120]), None);
        assert_eq!(seen(nobody, b"PXEClient:Arch:00007", &[1, 3, 66, 67, 150]), None);
        assert_eq!(seen("b4:a9:5a:01:02:03", b"", &[1, 3]), None);
        // A router or a phone: it cannot be known, so the operator should look.
        assert_eq!(seen(nobody, b"udhcp 1.30", &[1, 3, 66, 67]), Some(Suspicion::RequestList));
    }
}
