//! The keys of a policy's layers, and a change for each that should change what some phone is sent.

use crate::catalogue::VendorIx;
use crate::engine::Engine;
use crate::policy::{Layer, Policy, Scope, VoiceVlan};
use crate::value::{Existing, Send};

/// A layer of a policy, but for those of devices.
#[derive(Debug, Clone, Copy)]
pub(super) struct Slot {
    /// The site's position; none: the top level.
    pub(super) site: Option<usize>,
    /// The position in the scope's `vendors`, with its vendor.
    pub(super) vendor: Option<(usize, VendorIx)>,
    /// The positions in the scope's `models`.
    model: Option<(usize, usize)>,
}

impl Slot {
    pub(super) fn all(policy: &Policy) -> Vec<Slot> {
        let sites = policy.sites.iter().enumerate().map(|(at, site)| (Some(at), &site.scope));
        let mut slots = Vec::new();
        for (site, scope) in std::iter::once((None, &policy.top)).chain(sites) {
            slots.push(Slot { site, vendor: None, model: None });
            for (at, (vendor, _)) in scope.vendors.iter().enumerate() {
                slots.push(Slot { site, vendor: Some((at, *vendor)), model: None });
            }
            for (at, (vendor, models)) in scope.models.iter().enumerate() {
                let of_model =
                    |model| Slot { site, vendor: Some((at, *vendor)), model: Some((at, model)) };
                slots.extend((0..models.len()).map(of_model));
            }
        }
        slots
    }

    fn scope(self, policy: &mut Policy) -> Option<&mut Scope> {
        match self.site {
            None => Some(&mut policy.top),
            Some(site) => policy.sites.get_mut(site).map(|site| &mut site.scope),
        }
    }

    pub(super) fn layer(self, policy: &mut Policy) -> Option<&mut Layer> {
        let scope = self.scope(policy)?;
        match (self.vendor, self.model) {
            (_, Some((at, model))) => {
                scope.models.get_mut(at)?.1.get_mut(model).map(|entry| &mut entry.layer)
            }
            (Some((at, _)), None) => scope.vendors.get_mut(at).map(|(_, layer)| layer),
            (None, None) => Some(&mut scope.layer),
        }
    }

    /// What the places of its keys begin with.
    pub(super) fn prefix(self, engine: &Engine) -> String {
        let policy = engine.policy();
        let site = self.site.map(|site| format!("sites[{site}].")).unwrap_or_default();
        let scope = match self.site.and_then(|site| policy.sites.get(site)) {
            Some(site) => &site.scope,
            None => &policy.top,
        };
        let vendor = self.vendor.map(|(_, vendor)| &*engine.tables().at(vendor).id);
        let vendor = vendor.map(|id| format!("vendors.{id}.")).unwrap_or_default();
        let model = self.model.and_then(|(at, model)| scope.models.get(at)?.1.get(model));
        let model = model.map(|entry| format!("models.{}.", entry.name)).unwrap_or_default();
        format!("{site}{vendor}{model}")
    }
}

/// A key of a layer that is to change what phones are sent.
type Change = fn(&mut Layer);
pub(super) type BoxedChange = Box<dyn Fn(&mut Layer)>;

/// The keys that a layer has, with a change for each.
pub(super) fn keys(layer: &Layer) -> Vec<(String, BoxedChange)> {
    let mut keys: Vec<(String, BoxedChange)> = Vec::new();
    let mut add = |is: bool, name: &str, change: Change| {
        if is {
            keys.push((name.to_owned(), Box::new(change)));
        }
    };
    add(layer.voice_vlan.is_some(), "voice-vlan", |layer| {
        let (id, priority) = layer.voice_vlan.flatten().map_or((0, None), |v| (v.id, v.priority));
        layer.voice_vlan = Some(Some(VoiceVlan { id: id % 4094 + 1, priority }));
    });
    let priority = layer.voice_vlan.flatten().and_then(|vlan| vlan.priority);
    add(priority.is_some(), "voice-vlan.priority", |layer| {
        if let Some(Some(VoiceVlan { priority: Some(priority), .. })) = &mut layer.voice_vlan {
            *priority = (*priority + 1) % 8;
        }
    });
    add(layer.time_servers.is_some(), "time-servers", |layer| {
        if let Some(servers) = &mut layer.time_servers {
            servers.value = vec![OTHER_ADDRESS.to_owned()];
        }
    });
    add(layer.sip_servers.is_some(), "sip-servers", |layer| {
        if let Some(servers) = &mut layer.sip_servers {
            let names =
                servers.value.iter().any(|name| name.parse::<std::net::Ipv4Addr>().is_err());
            let other = if names { "other.invalid" } else { OTHER_ADDRESS };
            servers.value = vec![other.to_owned()];
        }
    });
    add(layer.send.is_some(), "send", |layer| {
        layer.send = match layer.send {
            Some(Send::Requested) => Some(Send::Always),
            _ => Some(Send::Requested),
        };
    });
    add(layer.existing.is_some(), "existing-options", |layer| {
        layer.existing = match layer.existing {
            Some(Existing::Keep) => Some(Existing::Replace),
            _ => Some(Existing::Keep),
        };
    });
    let header = &layer.header;
    add(header.next_server.is_some(), "next-server", |layer| {
        layer
            .header
            .next_server
            .iter_mut()
            .for_each(|field| field.value = OTHER_ADDRESS.to_owned());
    });
    add(header.server_hostname.is_some(), "server-hostname", |layer| {
        layer.header.server_hostname.iter_mut().for_each(|field| field.value.insert(0, '-'));
    });
    add(header.boot_file_name.is_some(), "boot-file-name", |layer| {
        layer.header.boot_file_name.iter_mut().for_each(|field| field.value.insert(0, '-'));
    });
    for (at, entry) in layer.systems.iter().flatten().enumerate() {
        let change = move |layer: &mut Layer| {
            layer.systems.iter_mut().for_each(|systems| drop(systems.remove(at)));
        };
        let name = entry.place.rsplit('.').next().unwrap_or_default();
        keys.push((name.to_owned(), Box::new(change)));
    }
    for (at, (name, _)) in layer.vars.iter().enumerate() {
        let change = move |layer: &mut Layer| {
            layer.vars.get_mut(at).into_iter().for_each(|(_, value)| value.push('-'));
        };
        keys.push((format!("vars.{name}"), Box::new(change)));
    }
    keys
}

const OTHER_ADDRESS: &str = "198.51.100.254";
