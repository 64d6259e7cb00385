//! One phone, and everything that is known of it.

use std::net::Ipv4Addr;

use offhook_catalogue::Mac;
use serde::Serialize;

/// One phone. Times are seconds since 1970.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Phone {
    /// Its hardware address.
    #[serde(serialize_with = "as_text")]
    pub mac: Mac,
    /// Its IPv4 address, as the server that saw it last has it.
    pub address: Option<Ipv4Addr>,
    /// The id of its maker.
    pub vendor: Option<String>,
    /// As its packet says, in the catalogue's spelling.
    pub model: Option<String>,
    /// As its packet says.
    pub firmware: Option<String>,
    /// The site of the policy that it is at.
    pub site: Option<String>,
    /// By which sign it was recognised.
    pub by: Option<String>,
    /// Option 12.
    pub host_name: Option<String>,
    /// Digest of the policy that answered.
    pub policy: Option<String>,
    /// Where this was read.
    pub server: Option<String>,
    /// By which sign it looks like a phone of a maker that is not in the catalogue.
    pub looks_like_a_phone_by: Option<String>,
    /// What the DHCP server sent it beyond the lease.
    pub told: Vec<Told>,
    /// Whether `told` is known: dnsmasq's book has only the rule that answered.
    pub told_known: bool,
    /// Why dnsmasq's answer was not the one that offhook would have given.
    pub drift: Option<String>,
    /// When a server first saw it.
    pub first_seen: Option<i64>,
    /// When a server last saw it.
    pub last_seen: Option<i64>,
    /// Whether a lease is known that has not ended.
    pub leased: bool,
    /// How often the DHCP server answered it.
    pub answers: u64,
    /// Its files, and the answers to its requests.
    pub fetches: Vec<Fetch>,
    /// Its users, and the answers to their REGISTERs.
    pub registrations: Vec<Registration>,
    /// Whether the list of phones has it.
    pub listed: bool,
    /// How far it has come.
    pub stage: Stage,
}

/// An option or header field of the answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Told {
    /// The option's code, or the field's name.
    pub option: String,
    /// Its text, or its hex digits; passwords and tokens are stars.
    pub value: String,
}

/// A file, and how often it was requested with this result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fetch {
    /// The file's name without its folders.
    pub file: String,
    /// The status of the answer (RFC 9110, section 15).
    pub status: u16,
    /// How often.
    pub times: u32,
    /// When it was last so.
    pub last: Option<i64>,
}

impl Fetch {
    /// Whether the phone has the file: got it, or got the answer that it has it already.
    #[must_use]
    pub fn succeeded(&self) -> bool {
        (200..300).contains(&self.status) || self.status == 304
    }
}

/// A user, and how often a REGISTER of it was answered so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Registration {
    /// The SIP user.
    pub user: String,
    /// The status of the answer (RFC 3261, section 21).
    pub status: u16,
    /// The registrar's own words, where its log has them.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// How often.
    pub times: u32,
    /// When it was last so.
    pub last: Option<i64>,
    /// Which line of the log was the last: times may be missing or alike.
    #[serde(skip)]
    pub order: u64,
}

/// How far a phone has come, by the logs that were given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// In the list of phones, and no DHCP server has seen it.
    NotSeen,
    /// Looks like a phone of no known maker.
    UnknownMaker,
    /// Recognised, and was sent nothing.
    NotTold,
    /// Was sent the address of its files; a web server's log was not given.
    Told,
    /// Was sent where its files are, and has not requested one.
    NotFetched,
    /// Requested files and got none.
    FetchFailed,
    /// Has its files; no registrar's log was given.
    Fetched,
    /// Has its files, and has not registered.
    NotRegistered,
    /// The registrar refused it last.
    Refused,
    /// The registrar has it.
    Registered,
}

impl Stage {
    /// All of them, in their order.
    pub const ALL: [Stage; 10] = [
        Stage::NotSeen,
        Stage::UnknownMaker,
        Stage::NotTold,
        Stage::Told,
        Stage::NotFetched,
        Stage::FetchFailed,
        Stage::Fetched,
        Stage::NotRegistered,
        Stage::Refused,
        Stage::Registered,
    ];

    /// As people read it.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Stage::NotSeen => "listed, not seen by DHCP",
            Stage::UnknownMaker => "maker not known",
            Stage::NotTold => "no URL sent",
            Stage::Told => "URL sent",
            Stage::NotFetched => "no file requested",
            Stage::FetchFailed => "got no file",
            Stage::Fetched => "has its files",
            Stage::NotRegistered => "not registered",
            Stage::Refused => "refused by registrar",
            Stage::Registered => "registered",
        }
    }

    /// Whether this is as far as a phone can come by the logs that were given.
    #[must_use]
    pub fn is_well(self) -> bool {
        matches!(self, Stage::Told | Stage::Fetched | Stage::Registered)
    }
}

impl Phone {
    /// Nothing is known of it yet.
    #[must_use]
    pub fn new(mac: Mac) -> Phone {
        Phone {
            mac,
            address: None,
            vendor: None,
            model: None,
            firmware: None,
            site: None,
            by: None,
            host_name: None,
            policy: None,
            server: None,
            looks_like_a_phone_by: None,
            told: Vec::new(),
            told_known: false,
            drift: None,
            first_seen: None,
            last_seen: None,
            leased: false,
            answers: 0,
            fetches: Vec::new(),
            registrations: Vec::new(),
            listed: false,
            stage: Stage::NotSeen,
        }
    }

    /// The answer to its last REGISTER.
    #[must_use]
    pub fn last_registration(&self) -> Option<&Registration> {
        self.registrations.iter().max_by_key(|one| one.order)
    }

    /// The last time that any server heard of it.
    #[must_use]
    pub fn last_heard(&self) -> Option<i64> {
        let fetched = self.fetches.iter().filter_map(|fetch| fetch.last);
        let registered = self.registrations.iter().filter_map(|one| one.last);
        fetched.chain(registered).chain(self.last_seen).max()
    }

    /// How far it has come; `web` and `sip`: whether logs of those servers were given.
    #[must_use]
    pub fn reached(&self, web: bool, sip: bool) -> Stage {
        if sip && let Some(last) = self.last_registration() {
            return if last.status < 300 { Stage::Registered } else { Stage::Refused };
        }
        if self.fetches.iter().any(Fetch::succeeded) {
            return if sip { Stage::NotRegistered } else { Stage::Fetched };
        }
        if !self.fetches.is_empty() {
            return Stage::FetchFailed;
        }
        match (&self.vendor, self.server.is_some()) {
            (_, false) => Stage::NotSeen,
            (None, true) => Stage::UnknownMaker,
            (Some(_), true) if self.told.is_empty() && self.told_known => Stage::NotTold,
            (Some(_), true) if web => Stage::NotFetched,
            (Some(_), true) => Stage::Told,
        }
    }
}

fn as_text<S: serde::Serializer>(mac: &Mac, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(mac)
}
