//! A policy and the catalogue, compiled to dnsmasq's static configuration.
//!
//! Nothing is decided here: who a phone is comes from the catalogue's rules, what it gets from
//! the core's plans. This room finds the lines that make dnsmasq say the same, and refuses what
//! dnsmasq cannot say. It reads and writes no file.

mod addresses;
mod answer;
mod bytes;
mod chain;
pub mod competing;
pub mod devices;
pub mod heads;
mod known;
mod lines;
mod other_devices;
mod rules;
pub mod sites;
pub mod tags;
mod unlisted;
mod values;
mod whole;

use std::collections::HashMap;

use offhook_core::catalogue::{VariantIx, VendorIx};
use offhook_core::plan::Plan;
use offhook_core::{Engine, Host, Mistakes};

use answer::{Answer, Traps};
use devices::{Group, MOST_RULES};
use known::Whom;
use lines::{Lines, not};
use rules::{Asked, Rules, Table, identities, write_column};
use sites::{RangeTags, WantedRange};

/// What dnsmasq can carry.
pub const HOST: Host = Host { name: "dnsmasq", longest_option: Some(255) };

/// What the caller wants of a rendering.
#[derive(Debug, Default)]
pub struct Wishes {
    pub ranges: RangeTags,
    /// Values with `{{mac}}` or `{{token}}` go to the policy's devices; other phones do without.
    pub known_devices_only: bool,
}

/// A whole rendering.
pub struct Rendering {
    pub text: String,
    pub table: Table,
    pub groups: Vec<Group>,
    /// The rules of phones of unlisted makers: at no site, then at each site.
    pub unlisted: Vec<Option<u32>>,
    pub rules: usize,
    pub doubts: Vec<String>,
    /// It contains tokens or the random folder, and a reader of one gets phones' files.
    pub secret: bool,
    pub wanted_ranges: Vec<WantedRange>,
    /// Of everything that was rendered.
    pub digest: String,
}

/// Renders; every mistake in one go.
pub fn render(engine: &Engine, wishes: &Wishes) -> Result<Rendering, Mistakes> {
    let (mut traps, mut rules, mut lines) = (Traps::default(), Rules::default(), Lines::default());
    let mut wrong = Mistakes::default();
    let table = shared(engine, wishes, &mut rules, &mut traps);
    let groups = devices::groups(engine, &mut rules, &mut traps);
    let unlisted = unlisted::rules(engine, &mut rules, &mut traps);
    let any_unlisted = unlisted.iter().any(Option::is_some);
    if rules.len() > MOST_RULES {
        wrong.push(
            "devices",
            format!(
                "{} different answers: dnsmasq looks at every one of them for each packet, and beyond \
                 {MOST_RULES} that takes too long; let devices share their options (a phone's own \
                 placeholder such as {{mac}} in one URL), or let Kea serve them",
                rules.len()
            ),
        );
    }
    models(engine, &mut wrong);
    let classes = Classes::of(engine, &table);
    let any_named = groups.iter().any(|group| group.key.named.is_some());
    let class_tag = |vendor: VendorIx, variant: VariantIx| {
        let class = classes.of_identity(vendor, variant)?;
        let only = classes.only_rule(class).filter(|_| groups.is_empty());
        Some(match only {
            // Nothing else can change the answer: no line from the class to its rule.
            Some(rule) => tags::rule(rule),
            None if any_named => tags::shown_class(class),
            None => tags::class(class),
        })
    };
    chain::render(engine.tables(), &class_tag, &mut lines, &mut wrong);
    let policy = engine.policy();
    let wanted_ranges = sites::render(policy, &wishes.ranges, &mut lines, &mut wrong);
    sites::refusals(policy, &mut lines, &mut wrong);
    let mut asked = Asked::default();
    let class_of = |vendor, variant| classes.of_identity(vendor, variant);
    devices::identify(engine, &groups, &class_of, classes.columns.len(), &mut lines);
    if any_unlisted {
        devices::mark(&groups, tags::LISTED, &mut lines);
    }
    write_rules(&classes, &groups, &rules, &mut lines);
    unlisted::render(engine.tables(), &unlisted, !groups.is_empty(), &mut lines, &mut wrong);
    devices::own_rules(engine, &groups, &mut lines);
    // From here on every rule tag is set.
    rules.write(&mut lines, &mut asked);
    devices::on_top(&groups, &rules, &mut lines, &mut asked);
    asked.write(&mut lines);

    let tokens = traps.tokens;
    if tokens {
        // dnsmasq does not look at its leases: what a client only claims gets no token (RFC 2132, section
        // 9.6, message 8; RFC 3011).
        lines.matches(tags::CLAIMS, 53, "8b");
        lines.matcher(&format!("dhcp-match=set:{},118", tags::CLAIMS));
    }
    let (mut mistakes, doubts) = traps.into_parts();
    mistakes.0.append(&mut wrong.0);
    let digest = lines.digest();
    lines.tag_if(&[tags::rendering(&digest)], &[] as &[&str]);
    let rules = rules.len();
    let text = assemble(&lines, engine, &wanted_ranges);
    let folder = engine.policy().file_access.random_folder.as_ref();
    let secret = tokens || folder.is_some_and(|folder| text.contains(folder.reveal()));
    if let Some(long) = text.lines().find(|line| line.len() > values::LONGEST_LINE) {
        let start: String = long.chars().take(60).collect();
        mistakes.push(
            "",
            format!(
                "a line of {} characters, which dnsmasq would read as two: {start}",
                long.len()
            ),
        );
    }
    mistakes.or(Some(Rendering {
        text,
        table,
        groups,
        unlisted,
        rules,
        doubts,
        secret,
        wanted_ranges,
        digest,
    }))
}

/// The rules of all phones that the policy does not name one by one.
fn shared(engine: &Engine, wishes: &Wishes, rules: &mut Rules, traps: &mut Traps) -> Table {
    let tables = engine.tables();
    let sites = engine.policy().sites.len();
    let mut table = Table::new(tables, sites);
    let mut seen: HashMap<Option<usize>, Option<u32>> = HashMap::new();
    for (row, site) in std::iter::once(None).chain((0..sites).map(Some)).enumerate() {
        for (vendor, variant) in identities(tables) {
            let plan = engine.plan(site, vendor, variant);
            let number = engine.plan_number(site, vendor, variant);
            let rule = *seen.entry(number).or_insert_with(|| {
                let whom =
                    Whom { name: &tables.at(vendor).id, device: None, minter: engine.minter() };
                (!plan.ignored).then(|| match wishes.known_devices_only {
                    true => rules.number(Answer::of(&without_live(plan), whom, traps)),
                    false => rules.number(Answer::of(plan, whom, traps)),
                })
            });
            table.set(row, vendor, variant, rule);
        }
    }
    table
}

/// What is sent to some models only: dnsmasq has no words for that.
fn models(engine: &Engine, wrong: &mut Mistakes) {
    for (vendor, variant) in identities(engine.tables()) {
        for site in std::iter::once(None).chain((0..engine.policy().sites.len()).map(Some)) {
            let own = site.and_then(|site| engine.policy().sites.get(site));
            if own.is_some_and(|site| site.scope.models(vendor).is_empty()) {
                continue;
            }
            let shared = engine.plan(site, vendor, variant);
            if engine.model_plans(site, vendor, variant).all(|(_, plan)| plan == shared) {
                continue;
            }
            let place = site.map(|site| format!("sites[{site}].")).unwrap_or_default();
            wrong.push(
                format!("{place}vendors.{}.models", engine.tables().at(vendor).id),
                "dnsmasq cannot tell a maker's models apart: let Kea serve these phones, or match a site by a \
                 client class (a tag of dnsmasq) that a dhcp-vendorclass line of yours sets",
            );
        }
    }
}

/// A plan without what depends on the phone's packet.
fn without_live(plan: &Plan) -> Plan {
    let mut plan = plan.clone();
    plan.options.retain(|option| !matches!(option.form, Some(offhook_core::encode::Form::Live(_))));
    plan
}

/// Identities that have the same rule at every site are one class.
struct Classes<'e> {
    engine: &'e Engine,
    columns: Vec<Vec<Option<u32>>>,
    numbers: HashMap<(VendorIx, VariantIx), usize>,
}

impl<'e> Classes<'e> {
    fn of(engine: &'e Engine, table: &Table) -> Classes<'e> {
        let mut classes = Classes { engine, columns: Vec::new(), numbers: HashMap::new() };
        let mut seen: HashMap<Vec<Option<u32>>, usize> = HashMap::new();
        for (vendor, variant) in identities(classes.engine.tables()) {
            let column = table.column(vendor, variant);
            if column.iter().all(Option::is_none) {
                continue;
            }
            let columns = &mut classes.columns;
            let number = *seen.entry(column).or_insert_with_key(|column| {
                columns.push(column.clone());
                columns.len() - 1
            });
            classes.numbers.insert((vendor, variant), number);
        }
        classes
    }

    /// The rule of a class, if it is the same at every site.
    fn only_rule(&self, class: usize) -> Option<u32> {
        let column = self.columns.get(class)?;
        let rule = (*column.first()?)?;
        column.iter().all(|other| *other == Some(rule)).then_some(rule)
    }

    fn of_identity(&self, vendor: VendorIx, variant: VariantIx) -> Option<usize> {
        self.numbers.get(&(vendor, variant)).copied()
    }
}

fn write_rules(classes: &Classes<'_>, groups: &[Group], rules: &Rules, lines: &mut Lines) {
    let own = groups.iter().any(|group| matches!(group.key.kind, devices::Kind::Own(_)));
    let on_top = groups.iter().any(|group| matches!(group.key.kind, devices::Kind::OnTop { .. }));
    let set = |rule: u32| {
        let mut set = vec![tags::rule(rule)];
        if on_top {
            let requested = rules.get(rule).is_some_and(|answer| answer.requested);
            let told = if requested { tags::TOLD_REQUESTED } else { tags::TOLD };
            set.push(told.to_owned());
        }
        set
    };
    for (number, column) in classes.columns.iter().enumerate() {
        if groups.is_empty() && classes.only_rule(number).is_some() {
            continue;
        }
        let mut conditions = vec![tags::class(number)];
        if own {
            conditions.push(not(tags::OWN));
        }
        write_column(column, &conditions, &set, lines);
    }
}

fn assemble(lines: &Lines, engine: &Engine, ranges: &[WantedRange]) -> String {
    let digest = engine.digest();
    let mut text = String::new();
    let mut comment = |line: &str| Lines::comment(&mut text, line);
    comment("Written by offhook-dnsmasq from a policy: change the policy and render again.");
    comment(&format!(
        "Policy {digest}. Tags: oh_phone is a recognised phone, oh-<vendor> its maker."
    ));
    for range in ranges {
        let networks = &range.networks;
        comment(&format!("Put set:{} on the dhcp-range lines for {networks}.", range.tag));
    }
    competing::of(engine).iter().for_each(|competing| comment(&competing.to_string()));
    text.push_str("\n# What clients show\n");
    text.push_str(&lines.matchers);
    text.push_str("\n# Who they are and which answer they get\n");
    text.push_str(&lines.chain);
    text.push_str("\n# The answers\n");
    text.push_str(&lines.options);
    if !lines.devices.is_empty() {
        text.push_str("\n# Single devices\n");
        text.push_str(&lines.devices);
    }
    text
}
