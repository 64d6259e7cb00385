//! The policy's single devices: which are treated alike, and what dnsmasq must know of each.
//!
//! A device that only sets options gets them on top of its rule's (a later line wins). One that says
//! more (its own VLAN, a removed option, "ignore") has answers of its own, and the shared rules do
//! not count for it. `dhcp-mac` carries the tags: it leaves the user's `dhcp-host` lines alone.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write;

use offhook_core::catalogue::{VariantIx, VendorIx};
use offhook_core::encode::Form;
use offhook_core::plan::Plan;
use offhook_core::policy::devices::{Device, DeviceOption};
use offhook_core::recognise::Named;
use offhook_core::value::Send;
use offhook_core::{Engine, Mac};

use super::answer::{Answer, Line, Traps, line_of};
use super::chain::variant_condition;
use super::known::Whom;
use super::lines::{Lines, not};
use super::rules::{Asked, Rules, identities, options, write_column};
use super::{addresses, tags, values};

/// How a group of devices is answered.
#[derive(Debug, PartialEq, Eq, Hash, Clone)]
pub enum Kind {
    /// These options on top of the rule's: whatever the policy's general `send`, and under
    /// "requested".
    OnTop { always: Vec<Line>, requested: Vec<Line> },
    /// Rules of its own: for each identity of the vendor (of all, if none is named) a column of the
    /// sites.
    Own(Vec<Vec<Option<u32>>>),
}

#[derive(Debug, PartialEq, Eq, Hash, Clone)]
pub struct Key {
    pub named: Option<Named>,
    pub kind: Kind,
}

/// Devices that are treated alike.
#[derive(Debug)]
pub struct Group {
    pub key: Key,
    pub members: Vec<Mac>,
}

/// From this many members on, a line per group is cheaper than one more per member.
const MANY: usize = 8;
/// More answers than this make every packet slow: dnsmasq walks all lines for each.
pub const MOST_RULES: usize = 10_000;

/// Sorts the devices into groups.
pub fn groups(engine: &Engine, rules: &mut Rules, traps: &mut Traps) -> Vec<Group> {
    let mut devices: Vec<(Mac, Device<'_>)> = engine.policy().devices.iter().collect();
    devices.sort_by_key(|(mac, _)| *mac);
    let requested = engine.plans().iter().any(|plan| plan.send == Some(Send::Requested));
    let (live, seen) = (live(engine), HashMap::new());
    let mut sorter = Sorter { engine, rules, traps, live, requested, seen };
    let mut groups: Vec<Group> = Vec::new();
    let mut numbers: HashMap<Key, usize> = HashMap::new();
    for (mac, device) in devices {
        let Some(key) = sorter.key(mac, device) else { continue };
        let number = *numbers.entry(key).or_insert_with_key(|key| {
            groups.push(Group { key: key.clone(), members: Vec::new() });
            groups.len() - 1
        });
        if let Some(group) = groups.get_mut(number) {
            group.members.push(mac);
        }
    }
    groups
}

/// Vendors that somewhere get a value which depends on the phone.
fn live(engine: &Engine) -> BTreeSet<VendorIx> {
    let sites = engine.policy().sites.len();
    let has =
        |plan: &Plan| plan.options.iter().any(|option| matches!(option.form, Some(Form::Live(_))));
    identities(engine.tables())
        .filter(|(vendor, variant)| {
            let rows = std::iter::once(None).chain((0..sites).map(Some));
            rows.into_iter().any(|site| has(engine.plan(site, *vendor, *variant)))
        })
        .map(|(vendor, _)| vendor)
        .collect()
}

/// Devices with the same layer, `ignore` and maker get the same.
type Same = (Option<u32>, Option<bool>, Option<Named>);

struct Sorter<'s> {
    engine: &'s Engine,
    rules: &'s mut Rules,
    traps: &'s mut Traps,
    live: BTreeSet<VendorIx>,
    /// Some plan's general word is "requested".
    requested: bool,
    /// Own answers that do not depend on the address: by layer, ignore and vendor.
    seen: HashMap<Same, Kind>,
}

impl Sorter<'_> {
    fn key(&mut self, mac: Mac, device: Device<'_>) -> Option<Key> {
        let named = device.named;
        let live = match named {
            Some(named) => self.live.contains(&named.vendor),
            None => !self.live.is_empty(),
        };
        let own = device.layer.is_some()
            || device.ignore.is_some()
            || live
            || device.options().any(|option| self.takes_away(&option));
        let kind = if own { self.own(mac, device, live) } else { self.on_top(mac, device) };
        let nothing = matches!(&kind, Kind::OnTop { always, requested }
            if always.is_empty() && requested.is_empty());
        (named.is_some() || !nothing).then_some(Key { named, kind })
    }

    /// Whether an option can leave the phone with less than its rule would send. One that is not
    /// requested hides the rule's, but not 66 and 67: their line has a tag of its own.
    fn takes_away(&self, option: &DeviceOption<'_>) -> bool {
        let requested = || match option.send {
            Send::Unset => self.requested,
            own => own == Send::Requested,
        };
        option.remove || (values::NUL_ENDED.contains(&option.code) && requested())
    }

    fn on_top(&mut self, mac: Mac, device: Device<'_>) -> Kind {
        let name = mac.to_string();
        let whom = Whom { name: &name, device: Some((mac, device)), minter: self.engine.minter() };
        let mut under = |plan: &Plan| -> Vec<Line> {
            let line = |option: DeviceOption<'_>| line_of(&option.under(plan), whom, self.traps);
            device.options().filter_map(line).collect()
        };
        let general = self.engine.policy().top.layer.existing;
        let always = under(&Plan { existing: general, ..Plan::default() });
        let requested =
            under(&Plan { existing: general, send: Some(Send::Requested), ..Plan::default() });
        Kind::OnTop { always, requested }
    }

    fn own(&mut self, mac: Mac, device: Device<'_>, live: bool) -> Kind {
        let layer = device.layer_number();
        let alone = live || device.options().next().is_some() || has_live_names(&device);
        let same = (layer, device.ignore, device.named);
        if let Some(kind) = self.seen.get(&same).filter(|_| !alone) {
            return kind.clone();
        }
        let (engine, name) = (self.engine, mac.to_string());
        let whom = Whom { name: &name, device: Some((mac, device)), minter: engine.minter() };
        let mut columns = Vec::new();
        for (vendor, shown) in identities(engine.tables()) {
            if device.named.is_some_and(|named| named.vendor != vendor) {
                continue;
            }
            let variant =
                device.named.map_or(shown, |named| named.variant_of(engine.tables(), shown));
            let sites = 0..engine.policy().sites.len();
            let mut column = Vec::new();
            for site in std::iter::once(None).chain(sites.map(Some)) {
                let plan = engine.plan_for(site, vendor, variant, Some(device));
                let told = plan.filter(|plan| !plan.ignored);
                let answer = told.map(|plan| Answer::of(&plan, whom, self.traps));
                column.push(answer.map(|answer| self.rules.number(answer)));
            }
            columns.push(column);
        }
        let kind = Kind::Own(columns);
        if !alone {
            self.seen.insert(same, kind.clone());
        }
        kind
    }
}

/// Whether a device's layer has texts that depend on the phone's address.
fn has_live_names(device: &Device<'_>) -> bool {
    device.layer.is_some_and(|own| own.layer.has_names())
}

/// Writes who the devices are, before the shared rules: the policy's word on the vendor, and whether
/// the rules count at all. `classes` are all classes of the shared rules.
pub fn identify(
    engine: &Engine,
    groups: &[Group],
    class_of: &dyn Fn(VendorIx, VariantIx) -> Option<usize>,
    classes: usize,
    lines: &mut Lines,
) {
    let tables = engine.tables();
    let named: BTreeSet<Named> = groups.iter().filter_map(|group| group.key.named).collect();
    for (number, group) in groups.iter().enumerate() {
        flags(engine, number, group, lines);
    }
    if !named.is_empty() {
        lines.tag_if(&[tags::PHONE], &[tags::NAMED]);
        for class in 0..classes {
            let condition = [tags::shown_class(class), not(tags::NAMED)];
            lines.tag_if(&[tags::class(class)], &condition);
        }
    }
    for named in named {
        let given = tags::given(tables, named);
        let vendor = tables.at(named.vendor);
        if !named.variant.is_none() {
            let class = class_of(named.vendor, named.variant);
            class.into_iter().for_each(|class| lines.tag_if(&[tags::class(class)], &[&given]));
            continue;
        }
        for shown in vendor.columns() {
            let variant = named.variant_of(tables, shown);
            let Some(class) = class_of(named.vendor, variant) else { continue };
            let mut condition = vec![given.clone()];
            if !vendor.variants.is_empty() {
                condition.push(variant_condition(tables, named.vendor, shown));
            }
            lines.tag_if(&[tags::class(class)], &condition);
        }
    }
}

/// Writes a tag for every member of a group.
pub fn mark(groups: &[Group], tag: &str, lines: &mut Lines) {
    for number in 0..groups.len() {
        lines.tag_if(&[tag], &[tags::group(number)]);
    }
}

/// Writes which rules answer the devices that have rules of their own.
pub fn own_rules(engine: &Engine, groups: &[Group], lines: &mut Lines) {
    for (number, group) in groups.iter().enumerate() {
        if let Kind::Own(columns) = &group.key.kind {
            own(engine, number, group, columns, lines);
        }
    }
}

/// Writes the options that devices get in addition to a rule's, behind all rules: a later line wins.
pub fn on_top(groups: &[Group], rules: &Rules, lines: &mut Lines, asked: &mut Asked) {
    let (always_rules, requested_rules) = (rules.any(false), rules.any(true));
    for (number, group) in groups.iter().enumerate() {
        let Kind::OnTop { always, requested } = &group.key.kind else { continue };
        let group = tags::group(number);
        let told = [
            (always_rules, always, tags::TOLD),
            (requested_rules, requested, tags::TOLD_REQUESTED),
        ];
        for (_, own, told) in told.into_iter().filter(|(any, ..)| *any) {
            options(&[&group, told], &format!("{group}.{told}"), own.iter(), lines, asked);
        }
    }
}

/// The tags that each member has of its own.
fn flags(engine: &Engine, number: usize, group: &Group, lines: &mut Lines) {
    let tag = tags::group(number);
    let mut set = Vec::new();
    if let Some(named) = group.key.named {
        set.extend([tags::NAMED.to_owned(), tags::given(engine.tables(), named)]);
    }
    if matches!(group.key.kind, Kind::Own(_)) {
        set.push(tags::OWN.to_owned());
    }
    set.extend(only_rule(group).map(tags::rule));
    let many = group.members.len() >= MANY;
    let each = if many { Vec::new() } else { set.clone() };
    for mac in &group.members {
        let address = addresses::one(*mac);
        for tag in std::iter::once(&tag).chain(&each) {
            let _ = writeln!(lines.devices, "dhcp-mac=set:{tag},{address}");
        }
    }
    if many && !set.is_empty() {
        lines.tag_if(&set, &[&tag]);
    }
}

/// The one rule of a group whose vendor is known and which gets the same answer everywhere.
fn only_rule(group: &Group) -> Option<u32> {
    let Kind::Own(columns) = &group.key.kind else { return None };
    group.key.named?;
    let mut rules = columns.iter().flatten();
    let first = (*rules.next()?)?;
    rules.all(|rule| *rule == Some(first)).then_some(first)
}

fn own(
    engine: &Engine,
    number: usize,
    group: &Group,
    columns: &[Vec<Option<u32>>],
    lines: &mut Lines,
) {
    if only_rule(group).is_some() {
        return;
    }
    let (tables, tag) = (engine.tables(), tags::group(number));
    let set = |rule: u32| vec![tags::rule(rule)];
    if let Some(Named { vendor, .. }) = group.key.named {
        for (variant, column) in tables.at(vendor).columns().zip(columns) {
            let mut conditions = vec![tag.clone()];
            if columns.len() > 1 {
                conditions.push(variant_condition(tables, vendor, variant));
            }
            write_column(column, &conditions, &set, lines);
        }
        return;
    }
    for ((vendor, variant), column) in identities(tables).zip(columns) {
        let mut conditions = vec![tag.clone(), tags::vendor(tables, vendor)];
        if !tables.at(vendor).variants.is_empty() {
            conditions.push(variant_condition(tables, vendor, variant));
        }
        write_column(column, &conditions, &set, lines);
    }
}
