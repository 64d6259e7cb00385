//! A client that is not recognised as a phone, and may be one all the same.

use offhook_core::lookalikes::suspect_unknown;
use offhook_core::policy::UnlistedPhones;
use offhook_core::recognise::Finding;
use offhook_core::{MessageType, Query};
use tracing::Level;

use super::{Room, write};
use crate::answer_lines::Lines;
use crate::counters::Count;
use crate::hook::Hook;
use crate::log_line::unlisted;
use crate::packet::Packet;
use crate::phones::Sighting;
use crate::thread_slots::Lane;
use crate::{log, parameters};

impl Hook {
    /// Records a client that looks like a phone, with its packet, so that the operator who looks after the phones
    /// learns of it. One that shows weak signs of a phone is named in the log, and answered if the policy says so.
    /// True: the answer was changed.
    pub(super) fn unrecognised(
        &self,
        lane: &mut Lane,
        query: &Query<'_>,
        finding: Finding,
        packet: &Packet<'_>,
        room: &mut impl Room,
        lines: &mut Option<Box<Lines>>,
    ) -> bool {
        let Lane { snapshot, counts, edits, shown, .. } = lane;
        let engine = &snapshot.engine;
        let looks = match finding {
            Finding::Unlisted(_) => true,
            Finding::Unknown => suspect_unknown(engine.tables(), query).is_some(),
            Finding::Phone(_) | Finding::NoPhone(_) | Finding::OtherDevice(_) => false,
        };
        if !looks {
            return false;
        }
        let decision = engine.decide_found(query, finding);
        if engine.policy().unlisted_at(decision.site) == UnlistedPhones::Ignore {
            return false;
        }
        decision.edits(engine, query, edits);
        let done = write(edits, room);
        // For people the answer is made once more, by what knows no secret.
        let people = engine.for_people();
        let edits = match engine.has_secrets() {
            true => {
                people.decide_found(query, finding).edits(people, query, shown);
                &*shown
            }
            false => &*edits,
        };
        let mut news = true;
        if let Some(mac) = query.mac {
            let Packet { now, reply, wire, .. } = *packet;
            let (engine, policy) = (people, snapshot.number);
            let sighting = Sighting { mac, now, reply, policy, query, engine, edits, packet: wire };
            news = self.seen.unknown.saw(sighting).news;
        }
        if let Some(signs) = decision.unlisted {
            counts.add(Count::Unlisted, 1);
            let wanted = news || self.parameters.log == parameters::Log::Every;
            if wanted && packet.reply != MessageType::Offer && log::enabled(Level::INFO) {
                let line = unlisted(people, query, &decision, signs, edits);
                *lines = Some(Box::new(Lines { unlisted: Some(line), ..Lines::default() }));
            }
        }
        if done.changed() {
            counts.add(Count::Answered, 1);
            counts.add(Count::OptionsSet, done.set);
        }
        done.changed()
    }
}
