//! What is recorded while a plan is made: every value that was considered, and why it
//! counts or not. Nothing is worked out for those who do not listen.

use super::candidates::Candidate;
use super::{Maker, Origin};
use crate::encode::{self, Fault, Form};
use crate::policy::{Layer, Placed, SystemUse, VoiceVlan};
use crate::value::Value;

/// Listens while a plan is made. The silent one (`()`) costs nothing.
pub(crate) trait Observer {
    /// Something was decided, or considered and not taken.
    fn note(&mut self, text: impl FnOnce() -> String);
    /// Whether [`Observer::considered`] does anything: values are only made for those who listen.
    const LISTENS: bool = false;
    /// A layer had a value for an option.
    fn considered(&mut self, _: Considered) {}
}

/// One layer's value for an option, and its outcome.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Considered {
    /// The option's number.
    pub code: u8,
    /// The layer.
    pub origin: Origin,
    /// Where it is written.
    pub place: String,
    /// `None`: to be taken out. The error says why it cannot be made.
    pub form: Result<Option<Form>, Fault>,
    /// `wins`, or why not.
    pub outcome: String,
}

impl Observer for () {
    fn note(&mut self, _: impl FnOnce() -> String) {}
}

impl Observer for Vec<String> {
    fn note(&mut self, text: impl FnOnce() -> String) {
        self.push(text());
    }
}

impl<'p, O: Observer> Maker<'p, '_, O> {
    /// Records a candidate and its outcome.
    pub(super) fn tell_of(&mut self, candidate: &Candidate<'_>, outcome: impl FnOnce() -> String) {
        if !O::LISTENS {
            return;
        }
        let option = &candidate.option;
        let form = match &option.value {
            Value::Remove => Ok(None),
            value => encode::compile(value, option.nul, &|name| self.name(name, 0)).map(Some),
        };
        let (code, place) = (option.code, self.full_place(candidate));
        let outcome = match &form {
            Err(Fault::Absent(why) | Fault::Wrong(why)) => format!("stays away: {why}"),
            Ok(_) => outcome(),
        };
        let considered = Considered { code, origin: candidate.origin, place, form, outcome };
        self.observer.considered(considered);
    }

    /// Says which layer's word counts for a key that several have.
    fn tell_of_key(&mut self, key: &str, words: impl Fn(&'p Layer) -> Option<String>) {
        if !O::LISTENS {
            return;
        }
        let each = self.layers.iter().filter_map(|(origin, layer)| Some((origin, words(layer)?)));
        let said: Vec<String> =
            each.map(|(origin, value)| format!("{} says {value}", origin.name())).collect();
        if let [wins, loses @ ..] = &*said {
            let loses: String = loses.iter().map(|other| format!("; {other}, and loses")).collect();
            self.observer.note(|| format!("{key}: {wins}, and counts{loses}"));
        }
    }

    pub(super) fn tell_of_keys(&mut self) {
        self.tell_of_key("voice-vlan", |layer| {
            layer.voice_vlan.map(|vlan| match vlan {
                None => "none".to_owned(),
                Some(VoiceVlan { id, priority: None }) => id.to_string(),
                Some(VoiceVlan { id, priority: Some(priority) }) => {
                    format!("{id} with priority {priority}")
                }
            })
        });
        let list = |servers: &Placed<Vec<String>>| match &*servers.value {
            [] => "none".to_owned(),
            servers => servers.join(", "),
        };
        self.tell_of_key("time-servers", |layer| layer.time_servers.as_ref().map(list));
        self.tell_of_key("sip-servers", |layer| layer.sip_servers.as_ref().map(list));
        let names = |systems: &Vec<SystemUse>| {
            systems.iter().map(|entry| &*entry.system).collect::<Vec<_>>().join(", ")
        };
        self.tell_of_key("systems", |layer| layer.systems.as_ref().map(names));
    }
}
