//! What a tag means: the conditions of all lines that set it.

use std::collections::HashMap;

use offhook_dnsmasq_config::config::{Config, Content, SetBy};
use offhook_dnsmasq_config::matching::Value;
use offhook_dnsmasq_config::tags::{Tag, Test};

use crate::model::{Cond, Expr};

/// Tags and their conditions.
pub struct Tags {
    known: HashMap<Tag, Vec<Cond>>,
    ranges: Vec<Tag>,
}

/// `tag-if` lines that use each other's tags.
const DEEPEST: usize = 16;

impl Tags {
    pub fn of(config: &Config, locations: &[(String, usize)]) -> Tags {
        let mut known: HashMap<Tag, Vec<Cond>> = HashMap::new();
        for line in &config.macs {
            known.entry(line.tag).or_default().push(Cond::Mac(line.pattern.0));
        }
        for (tag, content) in &config.contents {
            known.entry(*tag).or_default().extend(condition(content));
        }
        let mut all_hosts = Vec::new();
        for host in &config.hosts {
            let macs: Vec<Cond> = host.macs.iter().map(|mac| Cond::Mac(mac.0)).collect();
            for tag in &host.sets {
                known.entry(*tag).or_default().extend(macs.iter().cloned());
            }
            all_hosts.extend(macs);
        }
        if let Some(tag) = config.names.find("known") {
            known.entry(tag).or_default().extend(all_hosts);
        }
        let mut ranges = Vec::new();
        for (name, _) in locations {
            let Some(tag) = config.names.find(name) else { continue };
            let here = locations.iter().filter(|(other, _)| other == name).map(|(_, at)| *at);
            if !ranges.contains(&tag) {
                known.entry(tag).or_default().push(Cond::At(here.collect()));
                ranges.push(tag);
            }
        }
        Tags { known, ranges }
    }

    /// Whether one of the tests is about a range's tag.
    pub fn wants_range(&self, tests: &[Test]) -> bool {
        tests.iter().any(|test| !test.absent && self.ranges.contains(&test.tag))
    }

    /// The condition that all tests hold, or why it is not known.
    pub fn all(&self, config: &Config, tests: &[Test]) -> Result<Cond, String> {
        self.deep(config, tests, 0)
    }

    fn deep(&self, config: &Config, tests: &[Test], depth: usize) -> Result<Cond, String> {
        let mut all = Cond::EVERY;
        for test in tests {
            all = all.and(self.one(config, test, depth)?);
        }
        Ok(all)
    }

    fn one(&self, config: &Config, test: &Test, depth: usize) -> Result<Cond, String> {
        let name = config.names.name(test.tag);
        if test.prefix.is_some() {
            return Err(format!("the tag \"{name}\" stands for all that begin so"));
        }
        if depth > DEEPEST {
            return Err(format!("the tag {name:?} depends on more than {DEEPEST} others"));
        }
        let mut any: Vec<Cond> = self.known.get(&test.tag).cloned().unwrap_or_default();
        for line in config.ifs.iter().filter(|line| line.sets.contains(&test.tag)) {
            any.push(self.deep(config, &line.tests, depth + 1)?);
        }
        let anything = |setter: &offhook_dnsmasq_config::config::Setter| {
            setter.tag == test.tag && setter.by == SetBy::Anything
        };
        let named = config
            .contents
            .iter()
            .any(|(tag, content)| *tag == test.tag && matches!(content, Content::Name { .. }));
        if config.setters.iter().any(anything) && !named {
            return Err(format!("the tag {name:?} is set by a relay's id or a host's name"));
        }
        if any.is_empty() && !config.setters.iter().any(|setter| setter.tag == test.tag) {
            return Err(format!(
                "no line that was read sets the tag {name:?}: an interface's name, or a tag of another file"
            ));
        }
        let any = if any.len() == 1 { any.remove(0) } else { Cond::Any(any) };
        Ok(if test.absent { any.negated() } else { any })
    }
}

/// What a client's packet must contain.
fn condition(content: &Content) -> Option<Cond> {
    Some(match content {
        Content::Option { code, value } => match value {
            Value::Any => Cond::Exists(*code),
            Value::Bytes(wanted) => Cond::Begins(Expr::Option(*code), wanted.clone()),
            Value::Text(text) => Cond::Contains(Expr::Option(*code), text.clone()),
            Value::Item(item) => Cond::Item(Expr::Option(*code), item.clone()),
        },
        // The block of one enterprise; its texts are searched as a whole.
        Content::Enterprise { number, value } => {
            let block = Cond::Contains(Expr::Option(124), number.to_be_bytes().to_vec());
            match value {
                Value::Text(text) | Value::Item(text) => {
                    block.and(Cond::Contains(Expr::Option(124), text.clone()))
                }
                Value::Any => block,
                Value::Bytes(_) => return None,
            }
        }
        Content::Class { code, text } => Cond::Contains(Expr::Option(*code), text.clone()),
        Content::Name { text, begins } => {
            let name = Expr::Case(Box::new(Expr::Option(12)), false);
            let text = text.to_ascii_lowercase();
            match begins {
                true => Cond::Begins(name, text.bytes().map(Some).collect()),
                false => Cond::Same(name, Expr::text(&text)),
            }
        }
    })
}
