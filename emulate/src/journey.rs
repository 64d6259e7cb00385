//! The whole way: from the DHCPDISCOVER (or from a URL that is given) to the registrar's answer.

use std::time::Duration;

use crate::boot;
use crate::exchange::Exchange;
use crate::fetch::{self, By, Credentials, Fetcher};
use crate::phone::Phone;
use crate::reading::{Place, Understood};
use crate::register;
use crate::report::{Log, Report, Step, Told};
use crate::steps;

/// How far a phone goes, and by which ways.
#[derive(Debug)]
pub struct Journey {
    pub start: Start,
    pub files: Option<Files>,
    pub registration: Option<Registration>,
}

#[derive(Debug)]
pub enum Start {
    /// DHCP; `voice` is the way in the voice VLAN.
    Dhcp { exchange: Exchange, voice: Option<Exchange> },
    /// The provisioning URL is given, as on a phone's own web page.
    Url(String),
}

#[derive(Debug)]
pub struct Files {
    pub patience: Duration,
    /// Certificates (PEM) by which servers over TLS are trusted, the registrar too; none: the public ones.
    pub authority: Option<String>,
    /// Name and password for the server of the provisioning URL.
    pub credentials: Option<Credentials>,
}

#[derive(Debug)]
pub struct Registration {
    pub patience: Duration,
    /// The status by which it passes.
    pub expected: u16,
    /// Another registrar than the files name.
    pub registrar: Option<(String, u16)>,
}

impl Journey {
    /// Sends a phone on its way; `each` is called with every step as it ends.
    pub fn go(&self, phone: &Phone, each: &mut dyn FnMut(&Step)) -> Report {
        let mut log = Log::new(each);
        let mut told = Vec::new();
        self.steps(phone, &mut told, &mut log);
        Report {
            vendor: phone.vendor.id.to_string(),
            model: phone.model.clone(),
            example: phone.example.clone(),
            hw_address: phone.mac.to_string(),
            told,
            steps: log.finish(),
        }
    }

    fn steps(&self, phone: &Phone, told: &mut Vec<Told>, log: &mut Log<'_>) {
        let place = match &self.start {
            Start::Dhcp { exchange, voice } => {
                let lease = boot::boot(phone, exchange, voice.as_ref(), log);
                if lease.is_none() {
                    log.not_reached(steps::URL, "no address");
                }
                lease.and_then(|lease| {
                    let options = lease.answer.options.iter();
                    told.extend(options.map(|(code, value)| Told::new(*code, value)));
                    let Understood { places, fallbacks, .. } = lease.understood;
                    places.into_iter().next().map(|said| (said.value, fallbacks))
                })
            }
            Start::Url(url) => match boot::given(phone, url) {
                Ok((place, fallbacks)) => {
                    log.passed(steps::URL, format!("{} as given", place.url()));
                    Some((place, fallbacks))
                }
                Err(why) => {
                    log.failed(steps::URL, why.to_string());
                    None
                }
            },
        };
        let Some(files) = &self.files else { return };
        let Some((place, fallbacks)) = place else {
            log.not_reached(steps::FILES, "no URL");
            self.no_registration("no files", log);
            return;
        };
        let user_agent = phone.user_agent();
        let fetcher = Fetcher::new(&fetch::Settings {
            user_agent: user_agent.clone(),
            patience: files.patience,
            authority: files.authority.clone(),
        });
        let account = match fetcher {
            Ok(mut fetcher) => {
                let place = answering(place, fallbacks, &fetcher, log);
                if let Some(credentials) = &files.credentials {
                    fetcher.know(place.url(), credentials, By::Operator);
                }
                crate::files::collect(phone, &place, &mut fetcher, log)
            }
            Err(why) => {
                log.failed(steps::FILES, format!("the certificates of --ca: {why}"));
                None
            }
        };
        let Some(mut account) = account else {
            self.no_registration("no account in the files", log);
            return;
        };
        let Some(wanted) = &self.registration else { return };
        if let Some((server, port)) = &wanted.registrar {
            account.server = server.clone();
            account.port = *port;
        }
        let wanted = register::Wanted {
            user_agent: user_agent.as_deref(),
            patience: wanted.patience,
            status: wanted.expected,
            authority: files.authority.as_deref(),
        };
        register::register(&account, &wanted, log);
    }

    fn no_registration(&self, why: &str, log: &mut Log<'_>) {
        if self.registration.is_some() {
            log.not_reached(steps::REGISTER, why);
            log.not_reached(steps::ANSWER, why);
        }
    }
}

/// The first place whose server answers; of none the first.
fn answering(place: Place, fallbacks: Vec<Place>, fetcher: &Fetcher, log: &mut Log<'_>) -> Place {
    if fallbacks.is_empty() || fetcher.reaches(place.url()) {
        return place;
    }
    match fallbacks.into_iter().find(|other| fetcher.reaches(other.url())) {
        Some(other) => {
            let (first, other_url) = (place.url(), other.url());
            log.passed(steps::URL, format!("{first} does not answer; tries {other_url}"));
            other
        }
        None => place,
    }
}
