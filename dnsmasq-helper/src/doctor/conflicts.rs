//! Lines of the user's own that change what phones get: each phone of `clients` is answered twice, with
//! these lines and without them.

use std::collections::{BTreeMap, BTreeSet};

use offhook_core::Mac;

use super::answers::{Sent, Situation};
use super::clients::{Client, phones};
use super::findings::{Found, Weight};
use super::ours::Ours;
use crate::render::tags;
use offhook_dnsmasq_config::config::{At, Config, SentLine, SetBy};
use offhook_dnsmasq_config::effective::{Effective, Setting};
use offhook_dnsmasq_config::matching::MacPattern;
use offhook_dnsmasq_config::options::Kind;
use offhook_dnsmasq_config::tags::{Tag, TagSet, Test};

/// What a line does to phones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Effect {
    /// Takes the place of a rendered line for this option.
    Instead(u8),
    /// Sends a part of an option that the rendering sends whole.
    PartOf(u8),
    /// Sends options 66 and 67, or siaddr, beside ours.
    Boot,
    /// Sends an option that the phone reads before ours, or with it.
    Competes,
    /// Leaves the phone without an answer.
    Ignores,
}

/// Which phones it does that to.
#[derive(Debug, Default)]
struct Victims {
    vendors: BTreeSet<String>,
    /// Without assuming a tag that nothing here sets.
    really: bool,
}

/// Looks for all of them.
pub fn conflicts(effective: &Effective, config: &Config, ours: &Ours, found: &mut Found) {
    let mut trial = Trial::new(effective, config, ours);
    let mut seen = BTreeSet::new();
    for client in phones_for(effective, config, ours) {
        let tags = client.tags(config);
        // Phones that look alike to every line are one.
        let class: Vec<u8> = trial.vendor_texts(&client);
        let asked = client.option(55).map(<[u8]>::to_vec);
        if seen.insert((tags.clone(), class, asked)) {
            trial.run(&client, &tags);
        }
    }
    let hits = std::mem::take(&mut trial.hits);
    for ((at, effect), victims) in hits {
        if let Some(setting) = effective.settings.get(at) {
            tell(setting, &trial.line_tags(at), effect, &victims, found);
        }
    }
}

/// The examples, phones with the addresses that the user's lines name, and some of the policy's devices.
/// The rendering's other addresses are the catalogue's ranges, which the examples show.
fn phones_for(effective: &Effective, config: &Config, ours: &Ours) -> Vec<Client> {
    let users = |at: At| effective.settings.get(at).is_none_or(|s| !ours.holds(&s.file));
    let lines = config.macs.iter().filter(|line| users(line.at)).map(|line| &line.pattern);
    let patterns = lines.chain(config.hosts.iter().flat_map(|host| &host.macs));
    let (whole, wild): (Vec<&MacPattern>, Vec<&MacPattern>) =
        patterns.partition(|pattern| pattern.whole().is_some());
    let whole = whole.into_iter().filter_map(MacPattern::whole).take(MANY);
    let macs: BTreeSet<Mac> = whole.chain(ours.devices.iter().copied().take(SOME)).collect();
    phones(&macs, &wild)
}

/// More single addresses of the user's lines than this, and of the policy's devices, are not tried.
const MANY: usize = 1000;
const SOME: usize = 200;

struct Trial<'t> {
    effective: &'t Effective,
    config: &'t Config,
    ours: &'t Ours,
    ranges: Vec<Option<Tag>>,
    assumptions: Vec<Assumption>,
    vendors: Vec<(Tag, &'t str)>,
    hits: BTreeMap<(At, Effect), Victims>,
}

/// Tags that a phone may have although its packet does not show it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Assumption {
    tags: BTreeSet<Tag>,
    /// Each is set by some line here, or by dnsmasq itself.
    founded: bool,
}

impl<'t> Trial<'t> {
    fn new(effective: &'t Effective, config: &'t Config, ours: &'t Ours) -> Trial<'t> {
        let vendor = |name: &'t str| name.strip_prefix("oh-").filter(|id| !id.contains('.'));
        let vendors =
            config.names.iter().filter_map(|(tag, name)| Some((tag, vendor(name)?))).collect();
        let ranges = match config.ranges.as_slice() {
            // The ranges are on the command line, or in a file that could not be read.
            [] => vec![None],
            some => some.to_vec(),
        };
        let mut trial = Trial {
            effective,
            config,
            ours,
            ranges,
            assumptions: vec![Assumption { tags: BTreeSet::new(), founded: true }],
            vendors,
            hits: BTreeMap::new(),
        };
        let users =
            config.options.iter().chain(&config.boots).filter(|line| !trial.is_ours(line.at));
        let tests = users.map(|line| &line.tests).chain(config.ignores.iter().map(|(_, t)| t));
        let assumed: Vec<Assumption> = tests.map(|tests| trial.assumption(tests)).collect();
        for assumption in assumed {
            if !trial.assumptions.contains(&assumption) {
                trial.assumptions.push(assumption);
            }
        }
        trial
    }

    fn is_ours(&self, at: At) -> bool {
        self.effective.settings.get(at).is_some_and(|setting| self.ours.holds(&setting.file))
    }

    /// What must be assumed of a phone so that a line with these tests is sent to it.
    fn assumption(&self, tests: &[Test]) -> Assumption {
        let mut assumption = Assumption { tags: BTreeSet::new(), founded: true };
        let mut wanted: Vec<Tag> =
            tests.iter().filter(|test| !test.absent).map(|test| test.tag).collect();
        let mut looked_at = BTreeSet::new();
        while let Some(tag) = wanted.pop() {
            if !looked_at.insert(tag) {
                continue;
            }
            let mut setters = self.config.setters.iter().filter(|s| s.tag == tag).peekable();
            if setters.peek().is_none() {
                assumption.founded &= self.is_dnsmasqs(tag);
                assumption.tags.insert(tag);
                continue;
            }
            for setter in setters {
                match setter.by {
                    SetBy::Shown => {}
                    SetBy::Anything => {
                        assumption.tags.insert(tag);
                    }
                    // Of the rendering's own tags all is known.
                    SetBy::Tags if self.is_ours(setter.at) => {}
                    SetBy::Tags => {
                        let lines = self.config.ifs.iter().filter(|line| line.sets.contains(&tag));
                        let tests = lines.flat_map(|line| &line.tests);
                        wanted.extend(tests.filter(|test| !test.absent).map(|test| test.tag));
                    }
                }
            }
        }
        assumption
    }

    /// Whether dnsmasq gives a client this tag by itself: the name of the interface, and `known` for a
    /// host that some line names otherwise than by its address.
    fn is_dnsmasqs(&self, tag: Tag) -> bool {
        let name = self.config.names.name(tag);
        let known = matches!(name, "known" | "known-othernet");
        (known && self.config.hosts.iter().any(|host| host.macs.is_empty()))
            || self.effective.all("interface").any(|setting| {
                offhook_dnsmasq_config::options::words(&setting.value)
                    .iter()
                    .any(|word| word.text == name)
            })
    }

    /// Which `vendor:` lines a client's option 60 fits.
    fn vendor_texts(&self, client: &Client) -> Vec<u8> {
        let class = client.option(60);
        let fits = |line: &SentLine| match (&line.kind, class) {
            (Kind::Vendor { text, .. }, Some(class)) => {
                u8::from(offhook_dnsmasq_config::matching::contains(class, text.as_bytes()))
            }
            _ => 2,
        };
        self.config.options.iter().map(fits).filter(|fit| *fit != 2).collect()
    }

    fn run(&mut self, client: &Client, tags: &TagSet) {
        for range in self.ranges.clone() {
            for assumption in self.assumptions.clone() {
                let mut tags = tags.clone();
                if !assumption.tags.is_empty()
                    && assumption.tags.iter().all(|assumed| tags.has(*assumed))
                {
                    continue;
                }
                assumption.tags.iter().for_each(|assumed| tags.insert(*assumed));
                let situation = Situation::new(self.config, client, &tags, range);
                self.compare(&situation, assumption.founded);
            }
        }
    }

    fn compare(&mut self, situation: &Situation<'_>, founded: bool) {
        let config = self.config;
        let all = situation.sent(|_| true);
        let rendered = situation.sent(|at| self.is_ours(at));
        let mut effects: Vec<(At, Effect)> = Vec::new();
        for (code, (line, goes)) in &rendered.whole {
            let Some((other, other_goes)) = all.whole.get(code) else { continue };
            let same = other.value == line.value && goes == other_goes;
            if other.at != line.at && !same && (*goes || *other_goes) {
                effects.push((other.at, Effect::Instead(*code)));
            }
        }
        let sends = |sent: &Sent<'_>, code| sent.whole.get(&code).is_some_and(|(_, goes)| *goes);
        for part in &all.parts {
            if let Some(code) = part.kind.code().filter(|code| sends(&rendered, *code)) {
                effects.push((part.at, Effect::PartOf(code)));
            }
        }
        let boots = [66, 67, 255].into_iter().any(|code| sends(&rendered, code));
        if let Some(boot) = all.boot.filter(|boot| boots && !self.is_ours(boot.at)) {
            effects.push((boot.at, Effect::Boot));
        }
        let vendor = |tags: &TagSet| {
            let mut vendors = self.vendors.iter().filter(|(tag, _)| tags.has(*tag));
            vendors.next().map(|(_, id)| (*id).to_owned())
        };
        let vendor = vendor(situation.tags());
        if let Some(vendor) = &vendor {
            effects.extend(self.competing(&all, &rendered, vendor));
            let before = situation.tags_before_the_range();
            let ignores = config.ignores.iter().filter(|(at, tests)| {
                !self.is_ours(*at)
                    && offhook_dnsmasq_config::tags::all_hold(tests, before, &config.names)
            });
            effects.extend(ignores.map(|(at, _)| (*at, Effect::Ignores)));
        }
        for hit in effects {
            let victims = self.hits.entry(hit).or_default();
            victims.vendors.insert(vendor.clone().unwrap_or_else(|| "a device".to_owned()));
            victims.really |= founded;
        }
    }

    /// Lines for options that the rendering does not set, and that this maker's phones follow instead.
    fn competing(&self, all: &Sent<'_>, rendered: &Sent<'_>, vendor: &str) -> Vec<(At, Effect)> {
        let whole = all.whole.values().filter(|(_, goes)| *goes).map(|(line, _)| *line);
        let lines = whole.chain(all.parts.iter().copied()).filter(|line| !self.is_ours(line.at));
        let competes = |line: &&SentLine| {
            let Some(code) = line.kind.code() else { return false };
            let read = self.ours.competing.iter().any(|other| {
                (other.code, other.sub) == (code, line.kind.sub()) && other.vendors.contains(vendor)
            });
            read && !rendered.whole.contains_key(&code)
        };
        lines.filter(competes).map(|line| (line.at, Effect::Competes)).collect()
    }

    /// A line's tags as the user wrote them.
    fn line_tags(&self, at: At) -> Vec<String> {
        let lines = self.config.options.iter().chain(&self.config.boots);
        let line = lines.map(|line| (line.at, &line.tests));
        let mut lines = line.chain(self.config.ignores.iter().map(|(at, tests)| (*at, tests)));
        let tests = lines.find(|(other, _)| *other == at).map(|(_, tests)| tests);
        let name = |test: &Test| {
            let mark = if test.absent { "!" } else { "" };
            format!("{mark}{}", self.config.names.name(test.tag))
        };
        tests.into_iter().flatten().map(name).collect()
    }
}

fn tell(
    setting: &Setting,
    line_tags: &[String],
    effect: Effect,
    victims: &Victims,
    found: &mut Found,
) {
    let vendors: Vec<&str> = victims.vendors.iter().map(String::as_str).collect();
    let some = match vendors.as_slice() {
        few if few.len() <= 5 => few.join(", "),
        many => {
            format!("{}, and {} more", many.get(..5).unwrap_or_default().join(", "), many.len() - 5)
        }
    };
    let whom = match line_tags {
        [] => String::new(),
        tags => format!(" for {}", tags.join(" and ")),
    };
    let keep_out =
        |tags: String| format!("keep them out of it: {}={tags},{}", setting.key, setting.value);
    let ours = format!("tag:!{}", tags::PHONE);
    let (weight, text, advice) = match effect {
        Effect::Instead(code) => (
            Weight::Problem,
            format!("option {code}{whom}: phones of {some} get this line instead of the policy's"),
            format!("add {ours} to it, or let the policy say what it says"),
        ),
        Effect::PartOf(code) => (
            Weight::Problem,
            format!(
                "a part of option {code}, which the rendering sets whole: phones of {some} get two \
                 options {code}, which they read as one"
            ),
            format!("add {ours} to it, or move it into the policy"),
        ),
        Effect::Boot => (
            Weight::Problem,
            format!(
                "dhcp-boot{}: phones of {some} get its file and name beside the policy's options 66 and \
                 67, and where they request them, before them",
                if whom.is_empty() { " without a tag" } else { whom.as_str() }
            ),
            keep_out(ours),
        ),
        Effect::Competes => {
            let kind = offhook_dnsmasq_config::options::option_line(&setting.value).kind;
            let sub = kind.sub().map(|sub| format!(", sub-option {sub}")).unwrap_or_default();
            let first = vendors.first().copied().unwrap_or_default();
            (
                Weight::Doubt,
                format!(
                    "option {}{sub}: phones of {some} read it before the options of the policy, or \
                     together with them (offhook vendors {first} says how)",
                    kind.code().unwrap_or_default(),
                ),
                keep_out(
                    vendors.iter().map(|id| format!("tag:!oh-{id}")).collect::<Vec<_>>().join(","),
                ),
            )
        }
        Effect::Ignores => (
            Weight::Doubt,
            format!(
                "no client{} gets an answer, phones of {some} included",
                whom.replacen(" for", " with", 1)
            ),
            format!("add {ours} if phones are to get one"),
        ),
    };
    match victims.really {
        true => found.add(weight, setting.place(), text, advice),
        false => found.doubt(
            setting.place(),
            format!("{text}; but nothing in this configuration sets such a tag"),
            advice,
        ),
    }
}
