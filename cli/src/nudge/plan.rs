use std::net::{Ipv4Addr, SocketAddr};

use offhook_core::Mac;
use offhook_core::catalogue::notify::Notify;
use offhook_fleet::phone::Phone;
use serde::{Serialize, Serializer};

use super::{Arguments, Outcome};
use crate::input::{Failure, wrong};
use crate::sources::Found;

/// A phone, its event, and what became of it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Target {
    #[serde(serialize_with = "as_text")]
    pub mac: Mac,
    pub address: Ipv4Addr,
    #[serde(skip)]
    pub to: SocketAddr,
    pub vendor: String,
    pub model: Option<String>,
    pub site: Option<String>,
    /// The header Event.
    pub event: Option<String>,
    /// What an operator must know.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub note: String,
    #[serde(flatten)]
    pub outcome: Outcome,
}

fn as_text<S: Serializer>(mac: &Mac, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(mac)
}

/// The phones that are meant, by address.
pub fn targets(arguments: &Arguments, found: &mut Found) -> Result<Vec<Target>, Failure> {
    let macs = arguments.mac.iter().map(|text| {
        Mac::parse(text).ok_or_else(|| {
            wrong(format!("--mac: expected an address such as 00:04:f2:01:02:03, found {text:?}"))
        })
    });
    let macs: Vec<Mac> = macs.collect::<Result<_, _>>()?;
    let phones = found.fleet.phones();
    // Where the leases could not be read, the phones seen are all there is.
    let leases_known = phones.iter().any(|phone| phone.leased);
    let wanted = |phone: &&Phone| {
        let vendor = phone.vendor.as_deref().unwrap_or_default();
        (phone.leased || !leases_known)
            && phone.server.is_some()
            && (arguments.vendor.is_empty() || arguments.vendor.iter().any(|id| id == vendor))
            && (macs.is_empty() || macs.contains(&phone.mac))
            && arguments.site.as_ref().is_none_or(|site| Some(site) == phone.site.as_ref())
    };
    let mut targets = Vec::new();
    for phone in phones.iter().filter(wanted) {
        let (Some(vendor), Some(address)) = (&phone.vendor, phone.address) else { continue };
        let known = Notify::of(vendor).map_err(wrong)?;
        let (event, note) = event(known.as_ref(), arguments.restart);
        targets.push(Target {
            mac: phone.mac,
            address,
            to: SocketAddr::from((address, arguments.port)),
            vendor: vendor.clone(),
            model: phone.model.clone(),
            site: phone.site.clone(),
            outcome: if event.is_some() { Outcome::Planned } else { Outcome::NoEvent },
            event,
            note,
        });
    }
    targets.sort_by_key(|target| (target.address, target.mac.number()));
    Ok(targets)
}

/// The event to send, and what is worth a word.
fn event(known: Option<&Notify>, restart: bool) -> (Option<String>, String) {
    let Some(known) = known else { return (None, String::new()) };
    match (restart, &known.fetch, &known.restart) {
        (false, Some(fetch), _) => (Some(fetch.clone()), String::new()),
        (false, None, Some(_)) => (None, "only a restart is known; --restart does that".to_owned()),
        (true, _, Some(restart)) => (Some(restart.clone()), String::new()),
        (true, Some(fetch), None) => {
            (Some(fetch.clone()), "whether it restarts is the phone's own setting".to_owned())
        }
        (_, None, None) => (None, String::new()),
    }
}
