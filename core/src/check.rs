//! Doubts about a policy that is not wrong: what is never reached, what a phone may not take, what
//! leans on facts that are only recalled. Mistakes are found when the policy is read.

/// Keys that change nothing.
mod idle;
/// Which earlier site takes all clients of a later one.
mod shadowed;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::catalogue::{Tables, VendorIx};
use crate::decide::{Told, told};
use crate::decode;
use crate::encode::{self, Form};
use crate::engine::Engine;
use crate::plan::{For, Origin, Plan, Unreached, Why, plan};
use crate::policy::devices::Device;
use crate::policy::models::{ModelLayer, Models, ModelsAt};
use crate::policy::{Answer, HeaderSpec, SystemUse};
use crate::query::Query;
use crate::recognise::recognise;
use crate::url::{UrlParts, masked, split_scheme};
use crate::value::{OptionSpec, Value};
use shadowed::Earlier;

/// Something that its author should look at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Doubt {
    /// Where in the policy; empty for the policy as a whole.
    pub place: String,
    /// What may not be as its author means, and what to do.
    pub text: String,
    /// The ids of the makers that it is about; empty: about the policy itself.
    pub vendors: Vec<String>,
    /// At how many places it is so; `place` is the first.
    pub places: usize,
    /// Whether it is about the policy itself, or about makers that the policy names or whose phones were seen.
    /// What is not comes last: the site may not have such phones.
    pub named: bool,
}

impl Doubt {
    /// A doubt about the policy itself.
    pub fn new(place: impl Into<String>, text: impl Into<String>) -> Doubt {
        let (place, text) = (place.into(), text.into());
        Doubt { place, text, vendors: Vec::new(), places: 1, named: true }
    }
}

impl std::fmt::Display for Doubt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.places {
            1 => write!(f, "{}: {}", self.place, self.text)?,
            count => write!(f, "at {count} places, first {}: {}", self.place, self.text)?,
        }
        if !self.vendors.is_empty() {
            write!(f, " ({})", self.vendors.join(", "))?;
        }
        Ok(())
    }
}

/// Whose phones are there.
#[derive(Debug, Clone, Copy)]
pub enum Makers<'m> {
    /// It is not known: all makers.
    All,
    /// These ids alone.
    Only(&'m BTreeSet<String>),
}

/// Those of all makers' doubts that concern the policy itself, the makers that it names, and those seen.
pub fn of_makers_seen(doubts: &[Doubt], seen: &BTreeSet<String>) -> Vec<Doubt> {
    let concerns = |doubt: &Doubt| {
        let mut doubt = doubt.clone();
        if !doubt.named {
            doubt.vendors.retain(|label| seen.contains(id(label)));
            doubt.named = !doubt.vendors.is_empty();
        }
        doubt.named.then_some(doubt)
    };
    doubts.iter().filter_map(concerns).collect()
}

/// All doubts: those about the policy and the makers that it names first, each group sorted by place. The
/// same doubt about several makers, or at several places, is one.
pub fn doubts(engine: &Engine, makers: Makers<'_>) -> Vec<Doubt> {
    let mut found = Found::default();
    shadowed_sites(engine, &mut found);
    unreached_systems(engine, &mut found);
    classes_by_vendor_class(engine, &mut found);
    for doubt in engine.file_map().doubts(engine.tables(), &engine.policy().file_access) {
        found.add(&doubt.place, doubt.value);
    }
    let rows = std::iter::once(None).chain((0..engine.policy().sites.len()).map(Some));
    for (row, site) in rows.enumerate() {
        for (vendor, index) in engine.tables().vendors.iter().zip(0u16..) {
            for variant in 0..=vendor.variants.len() {
                let variant = u8::try_from(variant).unwrap_or(0);
                let vendor = VendorIx(index);
                let plan = engine.plan(site, vendor, variant);
                let at = Where { site, vendor, variant, models: (None, None) };
                // Site rows repeat what the top row said unless they differ.
                if row == 0 || plan != engine.plan(None, vendor, variant) {
                    about_plan(engine, at, plan, &mut found);
                }
                for (models, of_model) in engine.model_plans(site, vendor, variant) {
                    if of_model != plan {
                        about_plan(engine, Where { models, ..at }, of_model, &mut found);
                    }
                }
            }
        }
    }
    about_devices(engine, &mut found);
    forms(engine, &mut found);
    idle::find(engine, &mut found);
    found.doubts(&named(engine), makers)
}

/// The ids of the makers that the policy names.
fn named(engine: &Engine) -> BTreeSet<String> {
    let mut named = BTreeSet::new();
    for (vendor, layer) in engine.policy().all_layers() {
        named.extend(vendor);
        named.extend(layer.systems.iter().flatten().flat_map(|entry| entry.only.iter().copied()));
    }
    named.extend(
        engine.policy().devices.iter().filter_map(|(_, device)| Some(device.named?.vendor)),
    );
    named.into_iter().map(|vendor| engine.tables().at(vendor).id.to_string()).collect()
}

#[derive(Default)]
struct Found {
    plain: BTreeSet<(String, String)>,
    /// Place and text to the vendors that it is true of.
    vendors: BTreeMap<(String, String), BTreeSet<String>>,
    /// The places in the order in which they were met.
    order: BTreeMap<String, usize>,
}

impl Found {
    fn met(&mut self, place: &str) {
        let next = self.order.len();
        self.order.entry(place.to_owned()).or_insert(next);
    }

    fn add(&mut self, place: &str, text: String) {
        self.met(place);
        self.plain.insert((place.to_owned(), masked(&text).into_owned()));
    }

    fn about(&mut self, vendor: &str, place: &str, text: String) {
        self.met(place);
        let text = masked(&text).into_owned();
        self.vendors.entry((place.to_owned(), text)).or_default().insert(vendor.to_owned());
    }

    /// Whether a doubt is at this place, or at one around it that is a whole site.
    fn names(&self, place: &str) -> bool {
        let here = |found: &String| {
            found == place
                || place
                    .strip_prefix(found.as_str())
                    .is_some_and(|rest| rest.starts_with(['.', '[']))
                    && found.contains("vendors.")
        };
        self.order.keys().any(here)
    }

    fn names_exactly(&self, place: &str) -> bool {
        self.order.contains_key(place)
    }

    fn doubts(self, named: &BTreeSet<String>, makers: Makers<'_>) -> Vec<Doubt> {
        // By text, makers, whether they are named, and the key: the places.
        type Group = (bool, String, Vec<String>, String);
        let mut groups: BTreeMap<Group, Vec<String>> = BTreeMap::new();
        for (place, text) in self.plain {
            let key = last_key(&place).to_owned();
            groups.entry((false, text, Vec::new(), key)).or_default().push(place);
        }
        for ((place, text), vendors) in self.vendors {
            let (near, far): (Vec<String>, Vec<String>) = match makers {
                Makers::All => vendors.into_iter().partition(|label| named.contains(id(label))),
                Makers::Only(only) => {
                    let there = |label: &String| only.contains(id(label));
                    (vendors.into_iter().filter(there).collect(), Vec::new())
                }
            };
            for (is_far, vendors) in [(false, near), (true, far)] {
                if !vendors.is_empty() {
                    let key = (is_far, text.clone(), vendors, last_key(&place).to_owned());
                    groups.entry(key).or_default().push(place.clone());
                }
            }
        }
        let rank = |place: &String| self.order.get(place).copied().unwrap_or(usize::MAX);
        let mut doubts: Vec<(bool, usize, Doubt)> = Vec::with_capacity(groups.len());
        for ((is_far, text, vendors, _), places) in groups {
            let Some(first) = places.iter().min_by_key(|place| rank(place)) else { continue };
            let (place, count) = (first.clone(), places.len());
            let at = rank(&place);
            doubts.push((
                is_far,
                at,
                Doubt { place, text, vendors, places: count, named: !is_far },
            ));
        }
        doubts.sort();
        doubts.into_iter().map(|(.., doubt)| doubt).collect()
    }
}

/// The key at the end of a place, without its position.
fn last_key(place: &str) -> &str {
    let key = place.rsplit('.').next().unwrap_or_default();
    key.split('[').next().unwrap_or_default()
}

/// The maker of a label, which may name a variant behind it.
fn id(label: &str) -> &str {
    label.split_once(' ').map_or(label, |(id, _)| id)
}

/// A site whose clients all belong to an earlier one.
fn shadowed_sites(engine: &Engine, found: &mut Found) {
    let sites = &engine.policy().sites;
    let mut earlier = Earlier::new(sites);
    for (index, site) in sites.iter().enumerate() {
        let covering = earlier.covering(&site.matching);
        earlier.add(index);
        if let Some(earlier) = covering.and_then(|index| sites.get(index)) {
            found.add(
                &format!("sites[{index}]"),
                format!(
                    "{:?} is never reached: all its clients are at {:?}, which comes first",
                    site.name, earlier.name
                ),
            );
        }
        let answers =
            std::iter::once(&site.scope.layer).any(|layer| layer.answer == Some(Answer::Phones));
        if answers && !site.matching.client_classes.is_empty() {
            found.add(
                &format!("sites[{index}].answer"),
                "client classes are not known yet when it is decided whether to answer: here the \
                 general \"answer\" holds"
                    .to_owned(),
            );
        }
    }
}

/// Kea makes these client classes out of option 60, and writes characters in them as `%20` since 3.3.
fn classes_by_vendor_class(engine: &Engine, found: &mut Found) {
    for (index, site) in engine.policy().sites.iter().enumerate() {
        let classes = &site.matching.client_classes;
        if let Some(name) = classes.iter().find(|name| name.starts_with("VENDOR_CLASS_")) {
            found.add(
                &format!("sites[{index}].match.client-classes"),
                format!(
                    "Kea names {name:?} by the client's option 60, and from 3.3 on it spells some \
                     characters in such names otherwise (a blank as %20): use a client class of \
                     your own, or give both spellings"
                ),
            );
        }
    }
}

/// An entry that answers no phone by any plan: the plans of the makers' phones say why, except where
/// another entry comes first.
fn unreached_systems(engine: &Engine, found: &mut Found) {
    let used: BTreeSet<&str> =
        engine.plans().iter().filter_map(|plan| Some(&*plan.served.as_ref()?.entry)).collect();
    for (_, layer) in engine.policy().all_layers() {
        for entry in layer.systems.iter().flatten() {
            if !used.contains(&*entry.place) {
                found.add(&entry.place, why_unreached(engine, entry));
            }
        }
    }
}

fn why_unreached(engine: &Engine, entry: &SystemUse) -> String {
    let tables = engine.tables();
    let takes_none = |vendor: &VendorIx| {
        let vendor = tables.at(*vendor);
        (0..=vendor.variants.len()).all(|at| !vendor.takes_url(u8::try_from(at).unwrap_or(0)))
    };
    let reason = if !entry.only.is_empty() && entry.only.iter().all(takes_none) {
        "no form is known in which the phones that \"for\" names take a URL by DHCP"
    } else if !entry.only.is_empty()
        && entry.only.iter().all(|vendor| is_left_alone(tables, *vendor))
    {
        "the catalogue leaves the phones that \"for\" names alone; \"ignore\": false in their entry of \
         \"vendors\" sends it all the same"
    } else {
        "an earlier entry serves all its makers, it serves none of those that \"for\" names, or a more \
         particular place has systems of its own"
    };
    format!("this entry ({:?}) is never reached: {reason}", entry.system)
}

fn is_left_alone(tables: &Tables, vendor: VendorIx) -> bool {
    !tables.at(vendor).left_alone.is_empty()
}

/// For which phones a plan was made.
#[derive(Clone, Copy)]
struct Where {
    site: Option<usize>,
    vendor: VendorIx,
    variant: u8,
    /// The entries of models that hold.
    models: ModelsAt,
}

impl Where {
    fn models(self, engine: &Engine) -> Models<'_> {
        let policy = engine.policy();
        let site = self.site.and_then(|site| policy.sites.get(site));
        policy.models(site, self.vendor, self.models)
    }

    /// Where the layer of an origin is written.
    fn place(self, engine: &Engine, origin: Origin, key: &str) -> String {
        let vendor = &engine.tables().at(self.vendor).id;
        let site = self.site.map(|site| format!("sites[{site}].")).unwrap_or_default();
        let models = self.models(engine);
        let model = |entry: Option<&ModelLayer>| entry.map_or("", |entry| &entry.name).to_owned();
        match origin {
            Origin::Model => format!("vendors.{vendor}.models.{}.{key}", model(models.top)),
            Origin::SiteModel => {
                format!("{site}vendors.{vendor}.models.{}.{key}", model(models.site))
            }
            Origin::Vendor => format!("vendors.{vendor}.{key}"),
            Origin::Site => format!("{site}{key}"),
            Origin::SiteVendor => format!("{site}vendors.{vendor}.{key}"),
            Origin::Catalogue | Origin::System | Origin::Top | Origin::Device => key.to_owned(),
        }
    }
}

/// The maker's id, with the variant where it has some.
fn label(engine: &Engine, at: Where) -> String {
    let vendor = engine.tables().at(at.vendor);
    match vendor.variant_name(at.variant) {
        Some(variant) => format!("{} {variant}", vendor.id),
        None => vendor.id.to_string(),
    }
}

/// What layers write for phones that the catalogue leaves alone.
fn left_alone(engine: &Engine, at: Where, plan: &Plan, found: &mut Found) {
    let vendor = engine.tables().at(at.vendor);
    let site = at.site.and_then(|site| engine.policy().sites.get(site));
    let (models, vendor_ix) = (at.models(engine), at.vendor);
    let layers = [
        (models.site.map(|entry| &entry.layer), Origin::SiteModel),
        (site.and_then(|site| site.scope.vendor(vendor_ix)), Origin::SiteVendor),
        (models.top.map(|entry| &entry.layer), Origin::Model),
        (engine.policy().top.vendor(vendor_ix), Origin::Vendor),
    ];
    for (layer, origin) in layers {
        let Some(layer) = layer else { continue };
        if !layer.options.is_empty() || layer.header != HeaderSpec::default() {
            found.about(
                &vendor.id,
                at.place(engine, origin, "options").trim_end_matches(".options"),
                format!(
                    "nothing of this is sent: the catalogue leaves {} alone ({}). Add \"ignore\": false to \
                     send it all the same",
                    vendor.name, vendor.left_alone
                ),
            );
        }
    }
    unreached(engine, at, plan, found);
}

/// The keys that do not reach these phones.
fn unreached(engine: &Engine, at: Where, plan: &Plan, found: &mut Found) {
    let vendor = engine.tables().at(at.vendor);
    // Of which variant a phone is, nearly all phones show.
    if at.variant == 0 && !vendor.variants.is_empty() && !plan.ignored {
        return;
    }
    let label = if plan.ignored { vendor.id.to_string() } else { label(engine, at) };
    for Unreached { key, origin, why } in &plan.unreached {
        let place = at.place(engine, *origin, key.name());
        found.about(&label, &place, format!("not sent: {}", why.text(*key, vendor)));
    }
}

/// The voice VLAN goes out in a form that the phone reads only where it was switched on.
fn switched_off(engine: &Engine, at: Where, plan: &Plan, found: &mut Found) {
    let vendor = engine.tables().at(at.vendor);
    let mut sent = plan.options.iter().filter(|option| {
        let reads = vendor.reads.iter().filter(|read| read.gives == "voice-vlan");
        let mut reads = reads.filter(|read| read.code == option.code.to_string());
        option.place == "voice-vlan" && reads.any(|read| read.if_switched_on)
    });
    if let Some(option) = sent.next() {
        let text = format!(
            "sent by option {}, which these phones read only if VLAN by DHCP is switched on in them",
            option.code
        );
        found.about(&vendor.id, &at.place(engine, option.origin, "voice-vlan"), text);
    }
}

/// Keys of single devices whose maker is known: by the policy, or by the hardware address.
fn about_devices(engine: &Engine, found: &mut Found) {
    let tables = engine.tables();
    let mut seen: BTreeSet<(&str, VendorIx)> = BTreeSet::new();
    for (mac, device) in engine.policy().devices.iter() {
        let named = device.named.filter(|_| device.options().count() > MOST_OPTIONS / 2);
        if let Some(named) = named {
            let plan = engine.plan(None, named.vendor, named.variant_of(tables, 0));
            let id = &tables.at(named.vendor).id;
            about_size(id, &format!("devices ({mac})"), plan, Some(device), found);
        }
        let Some(layer) = device.layer else { continue };
        let by_address = || {
            let query = Query { mac: Some(mac), ..Query::default() };
            recognise(tables, &query).identity().map(|identity| identity.vendor)
        };
        let Some(vendor) = device.named.map(|named| named.vendor).or_else(by_address) else {
            continue;
        };
        if !seen.insert((&layer.place, vendor)) {
            continue;
        }
        let at = For {
            tables,
            policy: engine.policy(),
            site: None,
            vendor,
            variant: device.named.map_or(0, |named| named.variant_of(tables, 0)),
            models: Models::default(),
            device: Some(layer),
        };
        let plan = plan(at, &mut Vec::new(), &mut ());
        let vendor = tables.at(vendor);
        about_size(&vendor.id, &layer.place, &plan, None, found);
        for Unreached { key, why, .. } in
            plan.unreached.iter().filter(|u| u.origin == Origin::Device)
        {
            let place = format!("{}.{}", layer.place, key.name());
            found.about(&vendor.id, &place, format!("not sent: {}", why.text(*key, vendor)));
        }
    }
}

/// Options whose value is not of the form that the standards give them, and options that the server sets for
/// every client.
fn forms(engine: &Engine, found: &mut Found) {
    let devices = engine.policy().devices.layers();
    let own = devices.map(|(device, _)| (&*device.place, &device.layer));
    let layers = engine.policy().all_layers().map(|(_, layer)| ("", layer));
    for (prefix, layer) in layers.chain(own) {
        for option in &layer.options {
            let place = format!("{prefix}{}", option.place);
            let OptionSpec { code, value, nul, .. } = &option.value;
            if matches!(code, 3 | 6) {
                let what = if *code == 3 { "routers" } else { "name servers" };
                let text = format!(
                    "option {code} is the {what} of every client: the DHCP server's own configuration is the \
                     place for it"
                );
                found.add(&place, text);
            }
            let no_names = |_: &str| Err(encode::Fault::Absent(String::new()));
            let Ok(Form::Fixed(bytes)) = encode::compile(value, *nul, &no_names) else { continue };
            let is_text = matches!(value, Value::Text(_));
            if *value == Value::Remove || bytes.is_empty() {
                continue;
            }
            if let Some(expected) = decode::misfit(engine.tables(), *code, &bytes, is_text) {
                let what = if is_text { "the letters of a text are" } else { "this is" };
                let text = format!(
                    "option {code} ({}): {what} not its form: expected {expected}",
                    decode::name(*code)
                );
                found.add(&place, text);
            }
        }
    }
}

/// What the hook for Kea can put into one answer (kea-hook/include/abi.h); more is cut off there.
pub const MOST_OPTIONS: usize = 64;
/// See [`MOST_OPTIONS`].
pub const MOST_BYTES: usize = 4096;

/// Of a plan with a device's own options.
fn about_size(
    vendor: &str,
    place: &str,
    plan: &Plan,
    device: Option<Device<'_>>,
    found: &mut Found,
) {
    let (mut count, mut bytes) = (0, 0);
    for option in told(plan, device) {
        count += 1;
        bytes += match option {
            Told::Planned(option) => option.form.as_ref().map_or(0, Form::longest),
            Told::Own(option) => option.value.len(),
        };
    }
    if count > MOST_OPTIONS || bytes > MOST_BYTES {
        let text = format!(
            "an answer of {count} options and up to {bytes} bytes: at most {MOST_OPTIONS} options and \
             {MOST_BYTES} bytes are sent, the rest is cut off"
        );
        found.about(vendor, place, text);
    }
}

fn about_plan(engine: &Engine, at: Where, plan: &Plan, found: &mut Found) {
    if plan.ignored {
        return left_alone(engine, at, plan, found);
    }
    unreached(engine, at, plan, found);
    switched_off(engine, at, plan, found);
    let vendor = engine.tables().at(at.vendor);
    about_size(&vendor.id, "options", plan, None, found);
    if let Some(served) = &plan.served
        && let Some(url) = &served.url
    {
        let longest = usize::from(vendor.url.max_length);
        if longest > 0 && url.len() > longest {
            let text = format!("a URL of {} bytes: the phone takes at most {longest}", url.len());
            found.about(&vendor.id, &served.entry, text);
        }
        let scheme = split_scheme(url).map(|(scheme, _)| scheme);
        let told = !plan.unreached.iter().any(|unreached| unreached.why == Why::Scheme);
        if let Some(scheme) = scheme.filter(|_| told)
            && !vendor.url.schemes.is_empty()
            && !vendor.url.schemes.iter().any(|known| known.eq_ignore_ascii_case(scheme))
        {
            let known: Vec<&str> = vendor.url.schemes.iter().map(|s| &**s).collect();
            let text = format!("{scheme}:// is not known to work: {}", known.join(", "));
            found.about(&vendor.id, &served.entry, text);
        }
        if let Some(port) = port_that_is_lost(url, plan) {
            let text =
                format!("the URL's port {port} is not sent: these phones get its host apart");
            found.about(&vendor.id, &served.entry, text);
        }
    }
    for option in &plan.options {
        let length = option.form.as_ref().map_or(0, Form::longest);
        if length > 255 {
            found.about(
                &vendor.id,
                &option.place,
                format!(
                    "option {} may be {length} bytes: over 255 it goes out in pieces (RFC 3396), \
                     which many phones, dnsmasq and Kea 2.2 do not take",
                    option.code
                ),
            );
        }
        if option.recalled {
            found.about(
                &vendor.id,
                &option.place,
                format!(
                    "option {} leans on a fact that is only recalled, not verified",
                    option.code
                ),
            );
        }
    }
}

/// The port of a URL whose host is sent, and the port nowhere.
fn port_that_is_lost(url: &str, plan: &Plan) -> Option<u16> {
    let url = UrlParts::parse(url).ok()?;
    let port = url.port?;
    let told = |word: &str| {
        let mut forms = plan.options.iter().filter_map(|option| option.form.as_ref());
        forms.any(|form| form.code().windows(word.len()).any(|part| part == word.as_bytes()))
    };
    (told(url.host) && !told(&port.to_string())).then_some(port)
}
