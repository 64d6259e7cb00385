/// The page: one file that needs nothing else.
pub mod page;

use std::collections::BTreeMap;

use serde::Serialize;

use crate::Fleet;
use crate::log::Tally;
use crate::log::pattern::Of;
use crate::phone::{Phone, Stage};
use crate::sources::Server;

/// What is shown: the same in JSON and on the page.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Report {
    /// Seconds since 1970.
    pub made: i64,
    /// Of offhook.
    pub version: &'static str,
    /// The DHCP servers that were read.
    pub servers: Vec<Server>,
    /// The logs that were read.
    pub logs: Vec<Log>,
    /// What could not be read, in words.
    pub warnings: Vec<String>,
    /// The fleet in numbers.
    pub numbers: Numbers,
    /// The phones, by hardware address.
    pub phones: Vec<Phone>,
}

/// A log that was read.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Log {
    /// The file, as its user names it.
    pub name: String,
    /// `web` or `sip`.
    pub of: &'static str,
    /// What became of its lines.
    #[serde(flatten)]
    pub tally: Tally,
}

/// The fleet in numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Numbers {
    /// Recognised by a DHCP server.
    pub phones: u64,
    /// Look like phones of no known maker.
    pub unknown: u64,
    /// In the list, and not seen.
    pub not_seen: u64,
    /// Were sent the address of their files.
    pub told: u64,
    /// Have at least one file.
    pub fetched: u64,
    /// The registrar has them.
    pub registered: u64,
    /// The registrar refused them last.
    pub refused: u64,
    /// dnsmasq answered otherwise than offhook would have.
    pub drift: u64,
    /// How many there are at each [`Stage`], by its name.
    pub by_stage: BTreeMap<&'static str, u64>,
    /// How many there are of each maker, by its id.
    pub by_vendor: BTreeMap<String, u64>,
    /// The same by model.
    pub by_model: BTreeMap<String, u64>,
    /// The same by firmware.
    pub by_firmware: BTreeMap<String, u64>,
    /// The same by site.
    pub by_site: BTreeMap<String, u64>,
    /// The same by the digest of the policy that answered.
    pub by_policy: BTreeMap<String, u64>,
}

impl Report {
    /// What the fleet is at this moment.
    #[must_use]
    pub fn of(fleet: &Fleet, warnings: Vec<String>) -> Report {
        let phones = fleet.phones();
        let logs = fleet.logs.iter().map(|log| Log {
            name: log.name.clone(),
            of: match log.of {
                Of::Web => "web",
                Of::Sip => "sip",
            },
            tally: log.tally.clone(),
        });
        Report {
            made: fleet.clock.now(),
            version: env!("CARGO_PKG_VERSION"),
            servers: fleet.servers.clone(),
            logs: logs.collect(),
            warnings,
            numbers: Numbers::of(&phones),
            phones,
        }
    }
}

impl Numbers {
    /// Counts phones.
    #[must_use]
    pub fn of(phones: &[Phone]) -> Numbers {
        let mut numbers = Numbers::default();
        for phone in phones {
            numbers.count(phone);
        }
        numbers
    }

    fn count(&mut self, phone: &Phone) {
        let one = |map: &mut BTreeMap<String, u64>, key: Option<&String>| {
            if let Some(key) = key {
                match map.get_mut(key.as_str()) {
                    Some(count) => *count += 1,
                    None => {
                        map.insert(key.clone(), 1);
                    }
                }
            }
        };
        *self.by_stage.entry(phone.stage.words()).or_default() += 1;
        match phone.stage {
            Stage::NotSeen => self.not_seen += 1,
            Stage::UnknownMaker => self.unknown += 1,
            _ => {}
        }
        if phone.server.is_none() || phone.vendor.is_none() {
            return;
        }
        self.phones += 1;
        self.told += u64::from(!phone.told.is_empty());
        self.fetched += u64::from(phone.fetches.iter().any(crate::phone::Fetch::succeeded));
        self.registered += u64::from(phone.stage == Stage::Registered);
        self.refused += u64::from(phone.stage == Stage::Refused);
        self.drift += u64::from(phone.drift.is_some());
        one(&mut self.by_vendor, phone.vendor.as_ref());
        let of_maker = |text: &Option<String>| {
            let (vendor, text) = (phone.vendor.as_ref()?, text.as_ref()?);
            Some(format!("{vendor} {text}"))
        };
        one(&mut self.by_model, of_maker(&phone.model).as_ref());
        one(&mut self.by_firmware, of_maker(&phone.firmware).as_ref());
        one(&mut self.by_site, phone.site.as_ref());
        one(&mut self.by_policy, phone.policy.as_ref());
    }
}
