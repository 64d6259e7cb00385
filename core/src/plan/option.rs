//! The winner for a code, made into an option of the answer: its bytes, when it is sent, and what
//! becomes of the server's own.

use super::candidates::Candidate;
use super::{Maker, Observer, Origin, Plan, PlanOption, Wrong};
use crate::encode::{self, Fault};
use crate::policy::Placed;
use crate::value::{Existing, Send, Value, each_text};

impl<'p, O: Observer> Maker<'p, '_, O> {
    pub(super) fn compile(
        &mut self,
        code: u8,
        candidate: Candidate<'p>,
        plan: &Plan,
        wrong: &mut Vec<Wrong>,
    ) -> Option<PlanOption> {
        self.tell_of(&candidate, || "wins".to_owned());
        let option = &candidate.option;
        let policy_writes = candidate.origin >= Origin::Top && !candidate.derived;
        // What a policy writes on an option itself beats its general key, which beats a recipe's.
        let send = match (policy_writes, option.send, plan.send) {
            (true, Send::Unset, general) => general,
            (true, own, _) => Some(own),
            (false, own, general) => general.or(Some(own)),
        };
        let existing = match (policy_writes, option.existing, plan.existing) {
            (true, Existing::Unset, general) => general,
            (true, own, _) => Some(own),
            (false, own, general) => general.or(Some(own)),
        };
        let form = match &option.value {
            Value::Remove => None,
            value => match encode::compile(value, option.nul, &|name| self.name(name, 0)) {
                Ok(form) if form.longest() == 0 => return None,
                Ok(form) => Some(form),
                Err(Fault::Absent(why)) => {
                    self.observer.note(|| format!("option {code} stays away: {why}"));
                    self.failed(&candidate, &why);
                    return None;
                }
                // A recipe that cannot carry what the policy wants (a name where the phone takes
                // only addresses) is not a mistake; the phone's other options are still sent.
                Err(Fault::Wrong(why)) if candidate.derived => {
                    self.observer.note(|| format!("option {code} stays away: {why}"));
                    self.failed(&candidate, &why);
                    return None;
                }
                Err(Fault::Wrong(text)) => {
                    let place = self.full_place(&candidate);
                    wrong.push(Placed { place, value: text });
                    return None;
                }
            },
        };
        self.told.extend(&candidate.tells);
        each_text(&option.value, &mut |text| {
            self.told_priority |= text.contains("{{vlan-priority}}")
        });
        Some(PlanOption {
            code,
            form,
            send: send.filter(|send| *send != Send::Unset).unwrap_or(Send::Always),
            existing: existing.filter(|e| *e != Existing::Unset).unwrap_or(Existing::Replace),
            origin: candidate.origin,
            place: candidate.place,
            recalled: candidate.recalled,
            ready: None,
        })
    }

    pub(super) fn full_place(&self, candidate: &Candidate<'_>) -> String {
        match (candidate.origin, self.at.device) {
            (Origin::Device, Some(device)) => format!("{}{}", device.place, candidate.place),
            _ => candidate.place.clone(),
        }
    }
}
