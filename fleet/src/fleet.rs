//! Everything together: phones by hardware address, and the lines of the logs given to them.

use std::collections::HashMap;
use std::io::{self, BufRead};
use std::net::{IpAddr, Ipv4Addr};

use offhook_catalogue::Mac;

use crate::log::pattern::{Entry, Of, Patterns};
use crate::log::time::Clock;
use crate::log::{self, Tally};
use crate::phone::{Fetch, Phone, Registration};
use crate::sources::Server;

/// Different files, and different answers to REGISTER, that are kept of one phone: a phone that requests
/// names at random must not fill the page.
const MOST_KINDS: usize = 40;

/// All phones by hardware address. DHCP servers and the list of phones come first, then the logs.
pub struct Fleet {
    phones: HashMap<Mac, Phone>,
    by_address: HashMap<Ipv4Addr, Mac>,
    by_user: HashMap<String, Option<Mac>>,
    /// The DHCP servers that were read.
    pub servers: Vec<Server>,
    /// The logs that were read, in their order.
    pub logs: Vec<Log>,
    /// By which times without a zone or a year are read.
    pub clock: Clock,
    order: u64,
}

/// A log that was read.
pub struct Log {
    /// The file, as its user names it.
    pub name: String,
    /// What kind of log it is.
    pub of: Of,
    /// What became of its lines.
    pub tally: Tally,
}

impl Fleet {
    /// Nothing is known yet.
    #[must_use]
    pub fn new(clock: Clock) -> Fleet {
        Fleet {
            phones: HashMap::new(),
            by_address: HashMap::new(),
            by_user: HashMap::new(),
            servers: Vec::new(),
            logs: Vec::new(),
            clock,
            order: 0,
        }
    }

    /// Takes in what a DHCP server says of a phone. Of two servers the one that saw it last counts; what
    /// only the other knows is kept.
    pub fn add(&mut self, phone: Phone) {
        if let Some(address) = phone.address {
            self.by_address.insert(address, phone.mac);
        }
        match self.phones.remove(&phone.mac) {
            None => self.phones.insert(phone.mac, phone),
            Some(known) => {
                let newer =
                    phone.last_seen > known.last_seen && phone.told_known >= known.told_known;
                let (mut first, second) = if newer { (phone, known) } else { (known, phone) };
                fill(&mut first, second);
                self.phones.insert(first.mac, first)
            }
        };
    }

    /// The same with what may not be one.
    pub fn add_if(&mut self, phone: Option<Phone>) {
        if let Some(phone) = phone {
            self.add(phone);
        }
    }

    /// Takes in a phone of the list, with the names of its users.
    pub fn listed(&mut self, mac: Mac, vendor: &str, model: &str, users: &[String]) {
        let phone = self.phones.entry(mac).or_insert_with(|| Phone::new(mac));
        phone.listed = true;
        let kept = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        if phone.server.is_none() {
            phone.vendor = kept(vendor);
        }
        phone.model = phone.model.take().or_else(|| kept(model));
        for user in users {
            // A user of several phones says nothing about which of them it was.
            let several = |known: &mut Option<Mac>| *known = known.filter(|known| *known == mac);
            self.by_user.entry(user.clone()).and_modify(several).or_insert(Some(mac));
        }
    }

    /// Reads a log; its lines go to the phones by hardware address, User-Agent, address or user.
    ///
    /// # Errors
    /// The log cannot be read.
    pub fn read_log(
        &mut self,
        name: &str,
        of: Of,
        log: &mut dyn BufRead,
        patterns: &Patterns,
    ) -> io::Result<Tally> {
        let clock = self.clock.clone();
        let tally = log::read(log, patterns, &clock, &mut |entry| self.take(entry))?;
        self.logs.push(Log { name: name.to_owned(), of, tally: tally.clone() });
        Ok(tally)
    }

    /// Gives an entry to its phone. False: it belongs to none.
    fn take(&mut self, entry: &Entry<'_>) -> bool {
        self.order += 1;
        let order = self.order;
        let Some(phone) = self.owner(entry).and_then(|mac| self.phones.get_mut(&mac)) else {
            return false;
        };
        match entry.of {
            Of::Web => fetched(phone, entry),
            Of::Sip => registered(phone, entry, order),
        }
        true
    }

    /// Whose line it is.
    #[must_use]
    pub fn owner(&self, entry: &Entry<'_>) -> Option<Mac> {
        let known = |mac: &Mac| self.phones.contains_key(mac);
        let by_user = || match entry.of {
            Of::Sip => self.by_user.get(entry.user).copied().flatten(),
            Of::Web => None,
        };
        let by_address = || match entry.address {
            Some(IpAddr::V4(address)) => self.by_address.get(&address).copied(),
            _ => None,
        };
        let mut macs = entry.macs.iter().flatten().copied();
        macs.find(known).or_else(by_address).or_else(by_user)
    }

    /// All phones, by hardware address, each with how far it has come.
    #[must_use]
    pub fn phones(&self) -> Vec<Phone> {
        let given = |of: Of| self.logs.iter().any(|log| log.of == of);
        let (web, sip) = (given(Of::Web), given(Of::Sip));
        let mut phones: Vec<Phone> = self.phones.values().cloned().collect();
        phones.sort_unstable_by_key(|phone| phone.mac.number());
        for phone in &mut phones {
            phone.stage = phone.reached(web, sip);
        }
        phones
    }
}

/// Fills what `first` lacks.
fn fill(first: &mut Phone, second: Phone) {
    let same_maker = first.vendor.is_none() || first.vendor == second.vendor;
    if same_maker {
        first.vendor = first.vendor.take().or(second.vendor);
        first.model = first.model.take().or(second.model);
        first.firmware = first.firmware.take().or(second.firmware);
    }
    first.address = first.address.or(second.address);
    first.site = first.site.take().or(second.site);
    first.by = first.by.take().or(second.by);
    first.host_name = first.host_name.take().or(second.host_name);
    first.policy = first.policy.take().or(second.policy);
    first.server = first.server.take().or(second.server);
    first.drift = first.drift.take().or(second.drift);
    first.looks_like_a_phone_by =
        first.looks_like_a_phone_by.take().or(second.looks_like_a_phone_by);
    if !first.told_known && first.told.is_empty() {
        (first.told, first.told_known) = (second.told, second.told_known);
    }
    first.first_seen = [first.first_seen, second.first_seen].into_iter().flatten().min();
    first.last_seen = first.last_seen.max(second.last_seen);
    first.answers = first.answers.max(second.answers);
    first.leased |= second.leased;
    first.listed |= second.listed;
}

fn fetched(phone: &mut Phone, entry: &Entry<'_>) {
    let file = Entry::text(entry.file);
    let room = phone.fetches.len() < MOST_KINDS;
    let known =
        phone.fetches.iter_mut().find(|known| known.file == file && known.status == entry.status);
    match known {
        Some(known) => {
            known.times = known.times.saturating_add(1);
            known.last = known.last.max(entry.time);
        }
        None if room => {
            phone.fetches.push(Fetch { file, status: entry.status, times: 1, last: entry.time });
        }
        None => {}
    }
}

fn registered(phone: &mut Phone, entry: &Entry<'_>, order: u64) {
    let (user, reason) = (Entry::text(entry.user), Entry::text(entry.reason));
    let challenge = |status: u16, reason: &str| matches!(status, 401 | 407) && reason.is_empty();
    if !challenge(entry.status, &reason) {
        // The registrar only requested the password, and this is its answer to it.
        phone
            .registrations
            .retain(|known| known.user != user || !challenge(known.status, &known.reason));
    }
    let room = phone.registrations.len() < MOST_KINDS;
    let known = phone
        .registrations
        .iter_mut()
        .find(|known| known.user == user && known.status == entry.status && known.reason == reason);
    match known {
        Some(known) => {
            known.times = known.times.saturating_add(1);
            known.last = known.last.max(entry.time);
            known.order = order;
        }
        None if room => {
            let (status, last) = (entry.status, entry.time);
            phone.registrations.push(Registration { user, status, reason, times: 1, last, order });
        }
        None => {}
    }
}

#[cfg(test)]
mod tests;
