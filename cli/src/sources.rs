//! Where the phones are known from: Kea's control channel and dnsmasq's book. What is read there becomes a
//! [`Fleet`]; report, metrics and nudge begin with it.

use std::path::{Path, PathBuf};

use indicatif::{ProgressBar, ProgressStyle};
use offhook_fleet::Fleet;
use offhook_fleet::log::time::Clock;
use offhook_fleet::sources::{dnsmasq, kea};
use serde_json::Value;

use crate::book;
use crate::input::{Failure, wrong};
use crate::kea::pages::{LEASES, PHONES_IN_BRIEF};
use crate::kea::{Access, Kea};

/// The DHCP servers.
#[derive(clap::Args)]
pub struct Servers {
    /// Kea's control socket, or the URL of its control channel
    #[arg(long, value_name = "SOCKET|URL", required_unless_present = "dnsmasq")]
    pub kea: Vec<String>,
    /// The state directory of offhook-dnsmasq
    #[arg(long, value_name = "DIR")]
    pub dnsmasq: Vec<PathBuf>,
}

/// What was read, and what could not be, in words.
pub struct Found {
    pub fleet: Fleet,
    pub warnings: Vec<String>,
}

impl Servers {
    /// Reads all of them.
    pub fn read(&self, access: &Access) -> Result<Found, Failure> {
        let fleet = Fleet::new(Clock::of_this_host());
        let mut found = Found { fleet, warnings: Vec::new() };
        for target in &self.kea {
            found.kea(&Kea::new(target, access)?)?;
        }
        for directory in &self.dnsmasq {
            found.dnsmasq(directory)?;
        }
        Ok(found)
    }
}

impl Found {
    fn kea(&mut self, kea: &Kea) -> Result<(), Failure> {
        let name = kea.shown();
        let status = kea.ask("phone-status-get", Value::Null)?;
        self.fleet.servers.push(kea::server(&status, &name, self.fleet.clock.now()));
        let now = self.fleet.clock.now();
        let bar = bar("phones read");
        // Side by side: while one answer is read here, Kea makes the other.
        let (leases, listed) = std::thread::scope(|scope| {
            let leases = scope.spawn(|| {
                let mut found = Vec::new();
                let end = kea.pages(&LEASES, &mut |entry| {
                    bar.inc(1);
                    found.extend(kea::lease(entry, &name, now));
                    Ok(())
                });
                (found, end)
            });
            let listed = kea.whole_pages(&PHONES_IN_BRIEF, &mut |page, entries| {
                bar.inc(entries.len() as u64);
                self.take_rows(page, entries, &name)
            });
            (leases.join(), listed)
        });
        listed?;
        let (found, leases) = leases.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        found.into_iter().for_each(|phone| self.fleet.add(phone));
        // Without Kea's library for leases, or before the first one, the phones seen are all there is.
        bar.finish_and_clear();
        if let Err(Failure::Wrong(why)) = leases {
            self.warnings.push(format!(
                "only phones that Kea has seen since its start are known, because the leases cannot be read: {why}"
            ));
        }
        Ok(())
    }

    /// A page of `phone-list` with `"brief": true`.
    fn take_rows(&mut self, page: &Value, rows: &[Value], name: &str) -> Result<(), Failure> {
        if rows.iter().any(|row| !row.is_string()) {
            return Err(wrong(format!(
                "{name}: phone-list: expected a text for each phone (\"brief\": true), found another form: the library \
                 that this Kea has loaded is of another release than this program: install both of one release and \
                 restart Kea"
            )));
        }
        let fields = kea::Rows::new(&page["fields"]);
        rows.iter().for_each(|row| self.fleet.add_if(fields.phone(row, name)));
        Ok(())
    }

    fn dnsmasq(&mut self, directory: &Path) -> Result<(), Failure> {
        let shown = directory.display().to_string();
        // The server is named before its phones, and only if its book can be read.
        let mut found = Vec::new();
        book::records(directory, |record| found.push(record.clone()))?;
        self.fleet.servers.push(dnsmasq::server(&shown));
        let now = self.fleet.clock.now();
        for record in &found {
            self.fleet.add_if(dnsmasq::record(record, &shown, now));
        }
        Ok(())
    }
}

/// Drawn on standard error, and only on a terminal.
pub fn bar(of_what: &str) -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    if let Ok(style) =
        ProgressStyle::with_template(&format!("{{spinner}} {{pos}} {of_what} {{elapsed}}"))
    {
        bar.set_style(style);
    }
    bar
}
