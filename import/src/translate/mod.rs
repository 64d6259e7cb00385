//! The old configuration as a policy.
//!
//! `wanted` says what each maker's phones got at each place, `systems` which systems of the catalogue give
//! the same, `layer` writes both as one level of a policy, `devices` what single phones got. `judge` asks the
//! compiled policy by the same phones, and says what is different and which lines were taken over.

mod devices;
mod judge;
mod layer;
mod systems;
mod unify;
mod value;
mod wanted;

use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::sync::Arc;

use offhook_core::catalogue::Tables;
use offhook_core::{Engine, Host, Mac};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::evaluate::Asked;
use crate::model::{Host as Phone, Note, Old, Place, Refused};
use crate::probes::{Probe, probes, single};

/// What a phone gets from the one and not from the other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Difference {
    /// Which phone, as an example: `snom: by option 60`.
    pub phone: String,
    /// How many of the phones that were asked have this difference.
    pub phones: usize,
    /// The maker.
    pub vendor: String,
    /// The site; `None`: no site.
    pub site: Option<String>,
    /// `option 66`, or a header field.
    pub what: String,
    /// What the old configuration sent, for people; `None`: nothing.
    pub old: Option<String>,
    /// What the policy sends, for people; `None`: nothing.
    pub new: Option<String>,
    /// Where the old configuration says so.
    pub places: Vec<String>,
}

/// What came out.
#[derive(Debug)]
pub struct Import {
    /// The policy.
    pub policy: Value,
    /// Lines that were not taken over.
    pub notes: Vec<Note>,
    /// What is not the same for phones of the catalogue, judged by the rules. No server was started.
    pub differences: Vec<Difference>,
    /// Lines that were taken over.
    pub taken: Vec<Place>,
    /// How many phones were asked.
    pub phones: usize,
    /// Of how many makers.
    pub makers: usize,
}

/// Everything that the steps share.
struct Work<'o> {
    tables: Arc<Tables>,
    old: &'o Old,
    asked: Asked<'o>,
    probes: Vec<Probe>,
    /// Phones that are named one by one, and their addresses.
    single: Vec<Phone>,
    named: BTreeSet<Mac>,
}

pub fn import(tables: Arc<Tables>, old: &Old) -> Result<Import, Refused> {
    let single = single(old);
    let mut found = probes(&tables, old);
    // What is said of one phone says nothing of its maker's others.
    let named: BTreeSet<Mac> = single.iter().map(|host| host.mac).collect();
    found.retain(|probe| probe.parts.mac.is_none_or(|mac| !named.contains(&mac)));
    let work = Work { tables, old, asked: Asked::new(old), probes: found, single, named };
    let places = work.places();
    let mut known = systems::Known::default();
    let mut layers = Vec::new();
    for place in &places {
        let wanted = wanted::layer(&work, *place);
        let layer = layer::layer(&work, &wanted, &mut known)?;
        layers.push((*place, wanted, layer));
    }
    let policy = assemble(&work, layers)?;
    let mut policy = Value::Object(policy);
    let notes = devices::devices(&work, &mut policy)?;
    let engine = engine(&work.tables, &policy)?;
    let mut judged = judge::judge(&work, &engine, &places);
    let mut all: Vec<Note> =
        old.notes.iter().cloned().chain(notes).chain(std::mem::take(&mut judged.notes)).collect();
    all.sort();
    all.dedup();
    let mut vendors: Vec<_> = work.probes.iter().map(|probe| probe.vendor).collect();
    vendors.sort_unstable();
    vendors.dedup();
    Ok(Import {
        policy,
        notes: all,
        differences: judged.differences,
        taken: judged.taken,
        phones: work.probes.len(),
        makers: vendors.len(),
    })
}

fn engine(tables: &Arc<Tables>, policy: &Value) -> Result<Engine, Refused> {
    Engine::new(Arc::clone(tables), &policy.to_string(), Host::ANY).map_err(|mistakes| {
        Refused(format!("the policy that came out of it is not valid; that is a fault of offhook, please report it:\n{mistakes}"))
    })
}

impl Work<'_> {
    /// No place first, then those that some rule is about.
    fn places(&self) -> Vec<Option<usize>> {
        let mut named = vec![false; self.old.locations.len()];
        for rule in &self.old.rules {
            rule.when.each(&mut |cond| {
                if let crate::model::Cond::At(places) = cond {
                    for place in places {
                        if let Some(named) = named.get_mut(*place) {
                            *named = true;
                        }
                    }
                }
            });
        }
        let with_rules = (0..named.len()).filter(|at| named.get(*at) == Some(&true));
        let with_networks = with_rules.filter(|at| {
            self.old.locations.get(*at).is_some_and(|location| !location.networks.is_empty())
        });
        std::iter::once(None).chain(with_networks.map(Some)).collect()
    }

    /// An address of a place, for the policy's sites.
    fn address(&self, place: Option<usize>) -> Option<Ipv4Addr> {
        let network = self.old.locations.get(place?)?.networks.first()?;
        let first = u32::from(network.network());
        Some(Ipv4Addr::from(if network.prefix_len() < 31 { first + 1 } else { first }))
    }
}

type Layered = (Option<usize>, wanted::Layer, Map<String, Value>);

/// The top level, and a site for each place where something else holds.
fn assemble(work: &Work<'_>, mut layers: Vec<Layered>) -> Result<Map<String, Value>, Refused> {
    let (_, top_wanted, mut top) = layers.remove(0);
    // Every place says the same: it holds everywhere.
    let everywhere = layers.first().map(|(_, _, layer)| layer.clone());
    if let Some(first) = everywhere.filter(|_| top.is_empty())
        && layers.len() == work.old.locations.len()
        && layers.iter().all(|(_, _, layer)| *layer == first)
    {
        return Ok(first);
    }
    layers.retain(|(_, _, layer)| *layer != top);
    // Networks of two places that say the same belong to one site.
    let mut sites: Vec<(u8, Value)> = Vec::new();
    let mut merged: Vec<(wanted::Layer, Map<String, Value>, Vec<usize>)> = Vec::new();
    for (place, wanted, layer) in layers {
        let Some(place) = place else { continue };
        let inside = |at: usize| work.old.locations.get(at).and_then(|location| location.inside);
        let same = merged.iter_mut().find(|(_, other, places)| {
            *other == layer
                && places.iter().all(|other| inside(*other).is_some() == inside(place).is_some())
        });
        match same {
            Some((_, _, places)) => places.push(place),
            None => merged.push((wanted, layer, vec![place])),
        }
    }
    let mut names: Vec<String> = Vec::new();
    for (wanted, mut layer, places) in merged {
        layer::against_top(work, &mut layer, &wanted, &top, &top_wanted);
        let locations = places.iter().filter_map(|place| work.old.locations.get(*place));
        let networks: Vec<_> = locations.clone().flat_map(|location| &location.networks).collect();
        let mut name =
            locations.clone().next().map(|location| location.name.clone()).unwrap_or_default();
        while names.contains(&name) {
            name.push('+');
        }
        names.push(name.clone());
        let longest = networks.iter().map(|network| network.prefix_len()).max().unwrap_or(0);
        let mut site = Map::new();
        site.insert("name".to_owned(), name.into());
        let networks: Vec<String> = networks.iter().map(ToString::to_string).collect();
        site.insert("match".to_owned(), json!({ "networks": networks }));
        site.append(&mut layer);
        sites.push((longest, Value::Object(site)));
    }
    // The first site that matches counts: the smaller networks come first.
    sites.sort_by_key(|(longest, _)| std::cmp::Reverse(*longest));
    if !sites.is_empty() {
        let sites: Vec<Value> = sites.into_iter().map(|(_, site)| site).collect();
        top.insert("sites".to_owned(), sites.into());
    }
    Ok(top)
}
