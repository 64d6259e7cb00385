//! The whole way: from the DHCPDISCOVER (or from a URL that is given) to the registrar's answer.

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, UdpSocket};
use std::time::Duration;

use crate::account::Account;
use crate::boot;
use crate::exchange::Exchange;
use crate::fetch::{self, By, Credentials, Fetcher};
use crate::notified::{self, Accepted, Waiting};
use crate::phone::Phone;
use crate::reading::{Place, Understood};
use crate::register;
use crate::report::{Log, Report, Step, Told};
use crate::steps;

/// How far a phone goes, and by which ways.
#[derive(Debug)]
pub struct Journey {
    /// How the phone learns where its files are.
    pub start: Start,
    /// Fetch the files; `None`: stop before.
    pub files: Option<Files>,
    /// Register; `None`: stop before.
    pub registration: Option<Registration>,
    /// The phone speaks from its leased address, which this host must have.
    pub from_own_address: bool,
    /// It stays, and fetches again when it is notified.
    pub waiting: Option<Waiting>,
}

/// How a phone learns where its files are.
#[derive(Debug)]
pub enum Start {
    /// By DHCP.
    Dhcp {
        /// The way to the server.
        exchange: Exchange,
        /// The way in the voice VLAN.
        voice: Option<Exchange>,
    },
    /// The provisioning URL is given, as on a phone's own web page.
    Url(String),
}

/// How files are fetched.
#[derive(Debug)]
pub struct Files {
    /// How long a server is waited for.
    pub patience: Duration,
    /// Certificates (PEM) by which servers over TLS are trusted, the registrar too; none: the public ones.
    pub authority: Option<String>,
    /// Name and password for the server of the provisioning URL.
    pub credentials: Option<Credentials>,
}

/// How a line registers.
#[derive(Debug)]
pub struct Registration {
    /// How long the registrar is waited for.
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
        let (place, address) = self.start(phone, told, log);
        let Some(files) = &self.files else { return };
        let Some((place, fallbacks)) = place else {
            log.not_reached(steps::FILES, "no URL");
            self.no_registration("no files", log);
            return;
        };
        let mut trip = Trip { journey: self, files, phone, from: None, stays: None };
        if self.from_own_address {
            trip.from = address;
        }
        let Some(waiting) = &self.waiting else {
            trip.go(place, fallbacks, log);
            return;
        };
        let at = SocketAddrV4::new(trip.from.unwrap_or(Ipv4Addr::UNSPECIFIED), waiting.port);
        let socket = match UdpSocket::bind(at) {
            Ok(socket) => socket,
            Err(error) => {
                log.failed(steps::ADDRESS, format!("this host cannot listen at {at}: {error}"));
                return;
            }
        };
        let seconds = u32::try_from(waiting.patience.as_secs()).unwrap_or(u32::MAX);
        trip.stays = Some((at.into(), seconds.saturating_add(60)));
        let account = trip.go(place.clone(), fallbacks.clone(), log);
        let login = account.as_ref().map(|account| &account.login);
        if let Accepted::Yes = notified::wait(phone, &socket, waiting, login, log) {
            trip.go(place, fallbacks, log);
        }
    }

    /// Where the files are, and the phone's address.
    fn start(
        &self,
        phone: &Phone,
        told: &mut Vec<Told>,
        log: &mut Log<'_>,
    ) -> (Option<(Place, Vec<Place>)>, Option<Ipv4Addr>) {
        match &self.start {
            Start::Dhcp { exchange, voice } => {
                let Some(lease) = boot::boot(phone, exchange, voice.as_ref(), log) else {
                    log.not_reached(steps::URL, "no address");
                    return (None, None);
                };
                let options = lease.answer.options.iter();
                told.extend(options.map(|(code, value)| Told::new(*code, value)));
                let Understood { places, fallbacks, .. } = lease.understood;
                let place = places.into_iter().next().map(|said| (said.value, fallbacks));
                (place, Some(lease.address))
            }
            Start::Url(url) => match boot::given(phone, url) {
                Ok((place, fallbacks)) => {
                    log.passed(steps::URL, format!("{} as given", place.url()));
                    (Some((place, fallbacks)), None)
                }
                Err(why) => {
                    log.failed(steps::URL, why.to_string());
                    (None, None)
                }
            },
        }
    }

    fn no_registration(&self, why: &str, log: &mut Log<'_>) {
        if self.registration.is_some() {
            log.not_reached(steps::REGISTER, why);
            log.not_reached(steps::ANSWER, why);
        }
    }
}

/// A phone on its way from a URL to the registrar; it may go more than once.
struct Trip<'t> {
    journey: &'t Journey,
    files: &'t Files,
    phone: &'t Phone,
    from: Option<Ipv4Addr>,
    stays: Option<(SocketAddr, u32)>,
}

impl Trip<'_> {
    /// Fetches the files, and registers each line if that is wanted. The first line that the files have.
    fn go(&self, place: Place, fallbacks: Vec<Place>, log: &mut Log<'_>) -> Option<Account> {
        let Trip { journey, files, phone, from, stays } = *self;
        let user_agent = phone.user_agent();
        let fetcher = Fetcher::new(&fetch::Settings {
            user_agent: user_agent.clone(),
            patience: files.patience,
            authority: files.authority.clone(),
            from,
        });
        let mut accounts = match fetcher {
            Ok(mut fetcher) => {
                let place = answering(place, fallbacks, &fetcher, log);
                if let Some(credentials) = &files.credentials {
                    fetcher.know(place.url(), credentials, By::Operator);
                }
                crate::files::collect(phone, &place, &mut fetcher, log)
            }
            Err(why) => {
                log.failed(steps::FILES, format!("the certificates of --ca: {why}"));
                Vec::new()
            }
        };
        if accounts.is_empty() {
            journey.no_registration("no account in the files", log);
            return None;
        }
        if let Some(registration) = &journey.registration {
            let wanted = register::Wanted {
                user_agent: user_agent.as_deref(),
                patience: registration.patience,
                status: registration.expected,
                authority: files.authority.as_deref(),
                from,
                stays,
            };
            for account in &mut accounts {
                if let Some((server, port)) = &registration.registrar {
                    account.server = server.clone();
                    account.port = *port;
                }
                register::register(account, &wanted, log);
            }
        }
        accounts.into_iter().next()
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
