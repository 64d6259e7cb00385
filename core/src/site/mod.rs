//! At which site a client is.

/// Without asking every site.
mod index;

use std::net::Ipv4Addr;

use crate::policy::{RelayId, Site};
use crate::query::Query;

pub(crate) use index::SiteIndex;

/// A kind of sign by which a site is recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SiteKind {
    /// `networks`.
    Networks,
    /// `relays`.
    Relays,
    /// `interfaces`.
    Interfaces,
    /// `client-classes`.
    ClientClasses,
    /// `circuit-ids`.
    CircuitIds,
    /// `remote-ids`.
    RemoteIds,
}

impl SiteKind {
    /// The kinds with their keys in a policy.
    pub const ALL: [(&'static str, SiteKind); 6] = [
        ("networks", SiteKind::Networks),
        ("relays", SiteKind::Relays),
        ("interfaces", SiteKind::Interfaces),
        ("client-classes", SiteKind::ClientClasses),
        ("circuit-ids", SiteKind::CircuitIds),
        ("remote-ids", SiteKind::RemoteIds),
    ];

    /// Whether the client has one of the site's values of this kind, or the site names none.
    pub fn holds(self, site: &Site, query: &Query<'_>) -> bool {
        let wanted = &site.matching;
        let context = &query.context;
        match self {
            SiteKind::Networks => wanted.networks.is_empty() || in_networks(site, query),
            SiteKind::Relays => {
                wanted.relays.is_empty()
                    || query.giaddr.is_some_and(|relay| wanted.relays.contains(&relay))
            }
            SiteKind::Interfaces => {
                wanted.interfaces.is_empty()
                    || wanted.interfaces.iter().any(|name| name.as_bytes() == context.interface)
            }
            SiteKind::ClientClasses => {
                let has = |class: &String| context.classes.contains(&class.as_bytes());
                wanted.client_classes.is_empty() || wanted.client_classes.iter().any(has)
            }
            SiteKind::CircuitIds => {
                wanted.circuit_ids.is_empty() || relay_id(&wanted.circuit_ids, query, 1)
            }
            SiteKind::RemoteIds => {
                wanted.remote_ids.is_empty() || relay_id(&wanted.remote_ids, query, 2)
            }
        }
    }
}

/// The addresses that say where a client is: the leased one decides; where there is none yet, any that the packet or
/// the receiving interface has.
fn places(query: &Query<'_>) -> impl Iterator<Item = Ipv4Addr> {
    let leased = query.context.leased;
    let others = [query.ciaddr, query.requested, query.giaddr, query.context.interface_address];
    let others = others.into_iter().filter(move |_| leased.is_none());
    std::iter::once(leased).chain(others).flatten()
}

fn in_networks(site: &Site, query: &Query<'_>) -> bool {
    places(query).any(|address| site.matching.networks.iter().any(|net| net.contains(&address)))
}

fn relay_id(wanted: &[RelayId], query: &Query<'_>, sub: u8) -> bool {
    let Some(found) = query.relay_sub_option(sub) else { return false };
    wanted.iter().any(|id| id.holds(found))
}

/// All given kinds must hold, any value of a kind.
pub fn at_site(site: &Site, query: &Query<'_>) -> bool {
    SiteKind::ALL.iter().all(|(_, kind)| kind.holds(site, query))
}
