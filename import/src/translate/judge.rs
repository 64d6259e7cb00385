//! The compiled policy and the old rules, asked by the same phones: what is different, and which lines
//! were taken over.

use std::collections::{BTreeMap, BTreeSet};

use offhook_core::Engine;
use offhook_core::parts::Parts;

use super::devices::{of_host, place_of};
use super::value::{Key, sent, shown};
use super::wanted::{is_reserved, of_probe};
use super::{Difference, Work};
use crate::model::{Expr, Mode, Note, Place, Target};
use crate::probes::by_address;

/// What came out of it.
#[derive(Debug, Default)]
pub struct Judged {
    pub differences: Vec<Difference>,
    pub notes: Vec<Note>,
    pub taken: Vec<Place>,
}

/// What became of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fate {
    /// It reaches no phone of the catalogue.
    NoPhone,
    /// For each phone that it is for another one wins.
    Overridden,
    /// It takes away what another line says.
    Removes,
    /// What it sends belongs to the protocol.
    Reserved,
    /// Every client gets it, and no phone takes settings from it.
    Everyone,
    /// Phones get something else, or nothing.
    Different,
    /// Phones get the same by the policy.
    Taken,
    /// The same, and other clients got it too.
    TakenForPhones,
}

/// A difference without its phones.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Same {
    vendor: String,
    site: Option<String>,
    key: Key,
    old: Option<Vec<u8>>,
    new: Option<Vec<u8>>,
    by: Vec<usize>,
}

pub fn judge(work: &Work<'_>, engine: &Engine, places: &[Option<usize>]) -> Judged {
    let mut fates = vec![Fate::NoPhone; work.old.rules.len()];
    let mut found: BTreeMap<Same, (usize, String)> = BTreeMap::new();
    for place in places {
        let leased = work.address(*place);
        for probe in &work.probes {
            let asked = of_probe(work, probe, *place);
            let parts = Parts { leased, ..probe.parts.clone() };
            let new = sent(engine, &parts);
            let query = offhook_core::Query::from_parts(&parts, &[]);
            let site = engine.decide(&query).site.map(|site| site.name.clone());
            let keys: BTreeSet<Key> = asked.wanted.keys().chain(new.keys()).copied().collect();
            for key in keys {
                let old = asked.wanted.get(&key);
                let everyone = old.is_some_and(|(_, everyone)| *everyone);
                let old = old.map(|(value, _)| value).or(asked.others.get(&key));
                let here = new.get(&key).cloned().flatten();
                let by = old.map(|value| value.by.clone()).unwrap_or_default();
                let same = old.map(|value| &value.bytes) == here.as_ref();
                let fate = match (same, everyone) {
                    (true, true) => Fate::TakenForPhones,
                    (true, false) => Fate::Taken,
                    (false, _) => Fate::Different,
                };
                mark(&mut fates, &by, fate);
                if same {
                    continue;
                }
                let vendor = work.tables.at(probe.vendor).id.to_string();
                let old = old.map(|value| value.bytes.clone());
                let same = Same { vendor, site: site.clone(), key, old, new: here, by };
                let entry = found.entry(same).or_insert_with(|| (0, probe.name.clone()));
                entry.0 += 1;
            }
            for (key, value) in &asked.others {
                let fate = if is_reserved(*key) { Fate::Reserved } else { Fate::Everyone };
                mark(&mut fates, &value.by, fate);
            }
        }
    }
    hosts(work, engine, &mut fates);
    sources(work, &mut fates);
    overridden(work, places, &mut fates);
    let differences = found.into_iter().map(|(same, (phones, phone))| {
        let places = same.by.iter().filter_map(|at| work.old.rules.get(*at));
        let mut places: Vec<String> = places.map(|rule| rule.at.to_string()).collect();
        places.dedup();
        Difference {
            phone,
            phones,
            vendor: same.vendor,
            site: same.site,
            what: same.key.shown(),
            old: same.old.map(|bytes| shown(same.key, &bytes)),
            new: same.new.map(|bytes| shown(same.key, &bytes)),
            places,
        }
    });
    let mut judged = Judged { differences: differences.collect(), ..Judged::default() };
    lines(work, &fates, &mut judged);
    judged
}

fn mark(fates: &mut [Fate], by: &[usize], fate: Fate) {
    for at in by {
        if let Some(known) = fates.get_mut(*at) {
            *known = (*known).max(fate);
        }
    }
}

/// Tells a rule that is for no phone from one that never wins.
fn overridden(work: &Work<'_>, places: &[Option<usize>], fates: &mut [Fate]) {
    let open = fates.iter_mut().enumerate().filter(|(_, fate)| **fate == Fate::NoPhone);
    for (at, fate) in open {
        let mut asked =
            places.iter().flat_map(|place| work.probes.iter().map(move |p| (p, *place)));
        if asked.any(|(probe, place)| work.asked.is_for(at, &probe.parts, place)) {
            let removes = work.old.rules.get(at).is_some_and(|rule| rule.mode == Mode::Remove);
            *fate = if removes { Fate::Removes } else { Fate::Overridden };
        }
    }
}

/// Rules for one address alone: the policy's devices send what they say, or `devices` has noted it.
fn hosts(work: &Work<'_>, engine: &Engine, fates: &mut [Fate]) {
    for host in &work.single {
        let own = of_host(work, host);
        let Some((_, parts)) = by_address(&work.tables, &work.probes, host.mac) else {
            // Noted with the host's own line.
            for (_, value) in &own {
                mark(fates, &value.by, Fate::Everyone);
            }
            continue;
        };
        let leased = host.address.or(work.address(place_of(work, host)));
        let new = sent(engine, &Parts { leased, ..parts });
        for (key, value) in own {
            let same = new.get(&key).is_some_and(|here| here.as_ref() == Some(&value.bytes));
            mark(fates, &value.by, if same { Fate::Taken } else { Fate::Different });
        }
    }
}

/// A value that others are made of (dhcpd's `config-option`) is taken over with them.
fn sources(work: &Work<'_>, fates: &mut [Fate]) {
    let mut used: BTreeSet<(String, u32)> = BTreeSet::new();
    for (rule, fate) in work.old.rules.iter().zip(&*fates) {
        if *fate >= Fate::Taken {
            config_of(&rule.value, &mut used);
        }
    }
    for (rule, fate) in work.old.rules.iter().zip(fates) {
        let source = match &rule.target {
            Target::Space(space, code) => (space.clone(), *code),
            Target::Option(code) => (String::new(), u32::from(*code)),
            _ => continue,
        };
        if used.contains(&source) {
            *fate = (*fate).max(Fate::Taken);
        }
    }
}

fn config_of(value: &Expr, used: &mut BTreeSet<(String, u32)>) {
    match value {
        Expr::Config(space, code) => _ = used.insert((space.clone(), *code)),
        Expr::Concat(parts) | Expr::First(parts) => {
            parts.iter().for_each(|part| config_of(part, used))
        }
        Expr::Part { of, .. } | Expr::End(of, _) | Expr::Case(of, _) | Expr::Digits { of, .. } => {
            config_of(of, used)
        }
        Expr::If(_, yes, no) => {
            config_of(yes, used);
            config_of(no, used);
        }
        Expr::Bytes(_) | Expr::Option(_) | Expr::Relay(_) | Expr::Mac => {}
    }
}

/// Each line by the best fate of its rules.
fn lines(work: &Work<'_>, fates: &[Fate], judged: &mut Judged) {
    // Two options of one line have a fate each; a space's place in an option is a part of what it holds.
    let mut lines: BTreeMap<(&Place, String), (Fate, &Target)> = BTreeMap::new();
    let rules = || work.old.rules.iter().zip(fates);
    let alone = |target: &Target| matches!(target, Target::Encapsulate { .. });
    let with_others: BTreeSet<&Place> =
        rules().filter(|(rule, _)| !alone(&rule.target)).map(|(rule, _)| &rule.at).collect();
    for (rule, fate) in rules() {
        if alone(&rule.target) && with_others.contains(&rule.at) {
            continue;
        }
        let line = (&rule.at, format!("{:?}", rule.target));
        let line = lines.entry(line).or_insert((*fate, &rule.target));
        line.0 = line.0.max(*fate);
    }
    for ((at, _), (fate, target)) in lines {
        let what = match target {
            Target::Option(code) => format!("option {code}"),
            Target::Space(space, code) => format!("option {code} of the space {space}"),
            Target::Encapsulate { outer, space } => format!("the space {space} in option {outer}"),
            Target::NextServer => "next-server".to_owned(),
            Target::ServerName => "server-name".to_owned(),
            Target::BootFile => "the boot file's name".to_owned(),
        };
        let (reason, advice) = match fate {
            Fate::Taken => {
                judged.taken.push(at.clone());
                continue;
            }
            Fate::TakenForPhones => {
                judged.taken.push(at.clone());
                (
                    format!(
                        "{what} also reached clients that are not phones; the policy sends it to phones only"
                    ),
                    "keep the line in the server where other clients need it",
                )
            }
            Fate::NoPhone => (
                format!("{what}: its condition fits no phone of the catalogue"),
                "if it is a phone, name its maker: a device of the policy, or docs/add-a-vendor.md; if not, it stays in the server",
            ),
            Fate::Overridden
                if matches!(target, Target::Space(..) | Target::Encapsulate { .. }) =>
            {
                (
                    format!("{what}: no phone gets an option of that space"),
                    "nothing, if no option was meant to contain it",
                )
            }
            Fate::Overridden => (
                format!("{what}: for every phone that it is for, another line wins"),
                "nothing: what phones got of the other line is in the policy",
            ),
            Fate::Removes => (
                format!(
                    "{what} is taken away from some phones here; see the differences for those that get it"
                ),
                "an option with \"remove\": true for them (docs/policy.md)",
            ),
            Fate::Reserved => (
                format!("{what} belongs to the protocol: a policy cannot set it"),
                "leave it in the server's own configuration",
            ),
            Fate::Everyone => (
                format!("{what} is for clients of every kind: not about what phones are sent"),
                "nothing: it stays in the server's own configuration",
            ),
            Fate::Different => (
                format!("{what}: no phone gets it as this line says; see the differences"),
                "look at the policy's entry for these phones, and write it by hand if it is needed",
            ),
        };
        judged.notes.push(Note { at: at.clone(), reason, advice: advice.to_owned() });
    }
}
