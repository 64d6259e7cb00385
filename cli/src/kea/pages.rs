//! Lists that Kea gives page by page, by a client that does not take the server's word for their end: what
//! calls itself Kea may never end them.

use std::net::Ipv4Addr;

use serde_json::{Value, json};

use super::Kea;
use crate::input::{Failure, wrong};

/// No list has more entries.
const MOST_ENTRIES: usize = 5_000_000;
/// No list has more pages. Kea ends a page early where it takes long, and one may be empty.
const MOST_PAGES: usize = 2_000;

/// A list that is read page by page.
pub struct Listing {
    command: &'static str,
    list: &'static str,
    /// What an entry is known by; the list goes by it.
    key: &'static str,
    /// What else is requested.
    also: Option<(&'static str, bool)>,
    /// The most entries of a page.
    page: usize,
}

/// The phones that Kea has seen since its start.
pub const PHONES: Listing =
    Listing { command: "phone-list", list: "phones", key: "hw-address", also: None, page: 5_000 };
/// The same as rows, without what was in the packets.
pub const PHONES_IN_BRIEF: Listing = Listing { also: Some(("brief", true)), ..PHONES };
/// Only clients that were not recognised as a maker's phones.
pub const UNRECOGNISED: Listing = Listing { also: Some(("recognised", false)), ..PHONES };
/// Its leases. Kea ends no page of them early, and answers no client meanwhile: this many take it about a tenth of
/// a second.
pub const LEASES: Listing = Listing {
    command: "lease4-get-page",
    list: "leases",
    key: "ip-address",
    also: None,
    page: 2_500,
};

/// What is done with a page: with what the answer says beside the list, and with the entries.
type EachPage<'e> = dyn FnMut(&Value, &[Value]) -> Result<(), Failure> + 'e;

impl Kea {
    /// Visits every entry of a list.
    pub fn pages(
        &self,
        listing: &Listing,
        each: &mut dyn FnMut(&Value) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        self.whole_pages(listing, &mut |_, entries| entries.iter().try_for_each(&mut *each))
    }

    /// Visits every page of a list.
    pub fn whole_pages(&self, listing: &Listing, each: &mut EachPage<'_>) -> Result<(), Failure> {
        let mut progress = Progress::default();
        let mut from = json!("start");
        loop {
            let mut arguments = json!({ "from": from, "limit": listing.page });
            if let Some((name, value)) = listing.also {
                arguments[name] = json!(value);
            }
            let page = self.ask(listing.command, arguments)?;
            let entries = page[listing.list].as_array().map(Vec::as_slice).unwrap_or_default();
            each(&page, entries)?;
            // A page may be shorter than requested, and empty, and not be the last.
            let last = entries.last().filter(|_| entries.len() >= listing.page);
            let last = last.and_then(|entry| entry[listing.key].as_str());
            let Some(next) = page["next"].as_str().or(last) else { return Ok(()) };
            progress.take(entries.len(), next).map_err(|why| {
                wrong(format!("{}: {}: {why}: this is not Kea", self.shown(), listing.command))
            })?;
            from = json!(next);
        }
    }
}

/// How far a list has come.
#[derive(Default)]
struct Progress {
    pages: usize,
    entries: usize,
    last: String,
}

impl Progress {
    /// Takes note of a page that is not the last.
    fn take(&mut self, entries: usize, next: &str) -> Result<(), String> {
        self.pages += 1;
        self.entries = self.entries.saturating_add(entries);
        if self.entries > MOST_ENTRIES {
            return Err(format!("a list of more than {MOST_ENTRIES} entries"));
        }
        if self.pages >= MOST_PAGES {
            return Err(format!("a list of more than {MOST_PAGES} pages"));
        }
        if self.pages > 1 && !goes_on(&self.last, next) {
            return Err(
                "a list that does not go on: the next page begins no later than the last one"
                    .to_owned(),
            );
        }
        self.last = next.to_owned();
        Ok(())
    }
}

/// Kea lists by address.
fn goes_on(last: &str, next: &str) -> bool {
    match (last.parse::<Ipv4Addr>(), next.parse::<Ipv4Addr>()) {
        (Ok(last), Ok(next)) => last < next,
        (Err(_), Err(_)) => last < next,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(progress: &mut Progress, entries: usize, next: &str) -> String {
        progress.take(entries, next).err().unwrap_or_default()
    }

    #[test]
    fn a_list_goes_on_and_ends() {
        let mut leases = Progress::default();
        for next in ["9.255.255.255", "10.0.0.9", "10.0.0.10", "192.0.2.1"] {
            assert_eq!(page(&mut leases, LEASES.page, next), "", "{next}");
        }
        for next in ["192.0.2.1", "10.0.0.10", "", "zz"] {
            assert!(page(&mut leases, LEASES.page, next).contains("does not go on"), "{next}");
        }
        let mut phones = Progress::default();
        assert_eq!(page(&mut phones, 1, "00:15:65:00:00:0a"), "");
        assert_eq!(page(&mut phones, 0, "00:15:65:00:00:0b"), "");
        assert!(page(&mut phones, 0, "00:15:65:00:00:0b").contains("does not go on"));
        let mut long = Progress::default();
        assert!(page(&mut long, MOST_ENTRIES + 1, "1.2.3.4").contains("5000000 entries"));
        let mut many = Progress { pages: MOST_PAGES - 1, ..Progress::default() };
        assert!(page(&mut many, 0, "1.2.3.4").contains("2000 pages"));
    }
}
