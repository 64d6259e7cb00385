//! Which lines dnsmasq sends to a client: `run_tag_if` and `option_filter` in its dhcp-common.c and
//! `do_options` in its rfc2131.c (2.90; 2.91 and 2.93 decide alike).

use std::collections::BTreeMap;

use super::clients::Client;
use offhook_dnsmasq_config::config::{At, Config, SentLine};
use offhook_dnsmasq_config::matching::contains;
use offhook_dnsmasq_config::options::Kind;
use offhook_dnsmasq_config::tags::{Tag, TagSet, all_hold};

/// What is sent.
#[derive(Debug, Default)]
pub struct Sent<'c> {
    /// The line that counts for each option, and whether it goes out: an option that the client does not
    /// request stays away, and one that loses to it as well.
    pub whole: BTreeMap<u8, (&'c SentLine, bool)>,
    /// Every line for a part of an option that goes out.
    pub parts: Vec<&'c SentLine>,
    pub boot: Option<&'c SentLine>,
}

/// A client in a range, and the tags that it has there.
pub struct Situation<'c> {
    pub config: &'c Config,
    pub client: &'c Client,
    /// Without the range's tag: dnsmasq looks at lines without it first.
    without: TagSet,
    /// With it; `None` for a range without a tag.
    with: Option<TagSet>,
}

impl<'c> Situation<'c> {
    pub fn new(
        config: &'c Config,
        client: &'c Client,
        tags: &TagSet,
        range: Option<Tag>,
    ) -> Situation<'c> {
        let with = range.map(|range| {
            let mut with = tags.clone();
            with.insert(range);
            run_tag_if(config, with)
        });
        Situation { config, client, without: run_tag_if(config, tags.clone()), with }
    }

    /// All tags of the client.
    pub fn tags(&self) -> &TagSet {
        self.with.as_ref().unwrap_or(&self.without)
    }

    /// The tags that are known when dnsmasq decides whether to answer.
    pub fn tags_before_the_range(&self) -> &TagSet {
        &self.without
    }

    /// What the client gets from the lines that `counts` lets through.
    pub fn sent(&self, counts: impl Fn(At) -> bool) -> Sent<'c> {
        // dnsmasq's list begins with the last line.
        let lines: Vec<&SentLine> =
            self.config.options.iter().rev().filter(|line| counts(line.at)).collect();
        let whole = self.whole(&lines);
        let class = match whole.get(&60) {
            Some((line, true)) => Some(line.value.as_bytes()),
            _ => self.client.option(60),
        };
        let mut sent = Sent { whole, ..Sent::default() };
        sent.parts = self.parts(&lines, class);
        let boots = || self.config.boots.iter().rev().filter(|line| counts(line.at));
        let with_tags = |line: &&SentLine| !line.tests.is_empty() && self.holds(line);
        sent.boot = boots().find(with_tags).or_else(|| boots().find(|line| line.tests.is_empty()));
        sent
    }

    fn holds(&self, line: &SentLine) -> bool {
        all_hold(&line.tests, self.tags(), &self.config.names)
    }

    fn whole(&self, lines: &[&'c SentLine]) -> BTreeMap<u8, (&'c SentLine, bool)> {
        let names = &self.config.names;
        let code = |line: &SentLine| match line.kind {
            Kind::Whole(code) => Some(code),
            _ => None,
        };
        let lines: Vec<(u8, &'c SentLine)> =
            lines.iter().filter_map(|line| Some((code(line)?, *line))).collect();
        let mut winners: BTreeMap<u8, &'c SentLine> = BTreeMap::new();
        // The range's tag aside, the first line in the list whose tags are all there ...
        for (code, line) in &lines {
            let tagged = !line.tests.is_empty() && all_hold(&line.tests, &self.without, names);
            // ... and are there with the range's tag too.
            if tagged && self.holds(line) {
                winners.entry(*code).or_insert(line);
            }
        }
        // Lines that need the range's tag, then lines without tags: only where there is none so far.
        for untagged in [false, true] {
            for (code, line) in &lines {
                if line.tests.is_empty() == untagged && self.holds(line) {
                    winners.entry(*code).or_insert(line);
                }
            }
        }
        let goes = |code: u8, line: &SentLine| {
            let removed = line.value.is_empty() && REMOVED_IF_EMPTY.contains(&code);
            // siaddr is a field, not an option.
            !removed && (line.force || code == 255 || self.client.asks(code))
        };
        winners.into_iter().map(|(code, line)| (code, (line, goes(code, line)))).collect()
    }

    fn parts(&self, lines: &[&'c SentLine], class: Option<&[u8]>) -> Vec<&'c SentLine> {
        let asked = |line: &SentLine, code| line.force || self.client.asks(code);
        let here = lines.iter().copied().filter(|line| self.holds(line));
        let (vendor, others): (Vec<_>, Vec<_>) =
            here.partition(|line| matches!(line.kind, Kind::Vendor { .. }));
        let fits = |line: &&SentLine| match (&line.kind, class) {
            (Kind::Vendor { text, .. }, Some(class)) => contains(class, text.as_bytes()),
            _ => false,
        };
        let mut parts: Vec<&'c SentLine> = vendor.into_iter().filter(fits).collect();
        // One that is forced takes the others along.
        if !self.client.asks(43) && !parts.iter().any(|line| line.force) {
            parts.clear();
        }
        parts.extend(others.into_iter().filter(|line| match line.kind {
            Kind::Part { outer, .. } => asked(line, outer),
            Kind::Enterprise(_) => asked(line, 125),
            _ => false,
        }));
        parts
    }
}

/// An empty line for one of these keeps it out of the answer.
const REMOVED_IF_EMPTY: [u8; 6] = [1, 3, 6, 12, 15, 28];

fn run_tag_if(config: &Config, mut tags: TagSet) -> TagSet {
    for line in &config.ifs {
        if all_hold(&line.tests, &tags, &config.names) {
            line.sets.iter().for_each(|tag| tags.insert(*tag));
        }
    }
    tags
}
