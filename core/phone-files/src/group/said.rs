//! What the policy says to one maker's phones at a site.

use std::sync::Arc;

use minijinja::value::Value;
use offhook_catalogue::VendorIx;
use offhook_core::Engine;
use offhook_core::fields::Values;
use offhook_core::keys::Keys;
use offhook_core::policy::models::ModelsAt;
use offhook_core::policy::{Layer, Site};

use crate::names::{Names, text_or_none};
use crate::values::Common;

/// What the policy says at a site to a vendor, the most particular first.
pub(super) fn common(
    engine: &Engine,
    site: Option<&Site>,
    vendor: VendorIx,
    models: ModelsAt,
) -> Common {
    let policy = engine.policy();
    let layers = policy.layers_for(site, vendor, policy.models(site, vendor, models), None);
    let layers: Vec<&Layer> = layers.into_iter().map(|(_, layer)| layer).collect();
    let mut values = Values::default();
    let mut settings: Vec<(Box<str>, Box<str>)> = Vec::new();
    let mut keys = Keys::default();
    let mut vars = Names::default();
    for layer in &layers {
        for (field, value) in layer.phone_settings.values.iter() {
            values.set(field, value);
        }
        for (key, value) in &layer.phone_settings.settings {
            if !settings.iter().any(|(other, _)| other == key) {
                settings.push((key.clone(), value.clone()));
            }
        }
        for key in layer.phone_settings.keys.iter() {
            if !keys.iter().any(|other| other.place() == key.place()) {
                keys.push(key);
            }
        }
        for (name, value) in &layer.vars {
            vars.set(name.clone(), value.as_str());
        }
    }
    let list = |servers: Option<&offhook_core::policy::Placed<Vec<String>>>| -> Value {
        let all = servers.into_iter().flat_map(|servers| &servers.value);
        all.map(|server| Value::from(server.as_str())).collect()
    };
    let vlan = layers.iter().find_map(|layer| layer.voice_vlan).flatten();
    let vlan_said = vlan.map(|vlan| (vlan.id, vlan.priority));
    let vlan = vlan.map(|vlan| {
        let mut names = Names::default();
        names.set("id", vlan.id);
        names.set("priority", vlan.priority.map_or_else(|| Value::from(()), Value::from));
        names.into_value()
    });
    let mut names = Names::default();
    names.set("vendor", &*engine.tables().at(vendor).id);
    names.set("site", text_or_none(site.map_or("", |site| &site.name)));
    names.set("vars", vars.into_value());
    names.set("vlan", vlan.unwrap_or_else(|| Value::from(())));
    let first = |get: fn(&Layer) -> Option<&offhook_core::policy::Placed<Vec<String>>>| {
        list(layers.iter().find_map(|layer| get(layer)))
    };
    names.set("time_servers", first(|layer| layer.time_servers.as_ref()));
    names.set("sip_servers", first(|layer| layer.sip_servers.as_ref()));
    let servers = layers.iter().find_map(|layer| layer.time_servers.as_ref());
    let time_servers = servers.map(|servers| servers.value.clone()).unwrap_or_default();
    let vlan = vlan_said;
    let names = Arc::new(names);
    Common { names, values, settings, keys, vlan, time_servers, ..Common::default() }
}
