//! `only-if`: a hardware address gets a token only while it shows the signs that it showed before.
//!
//! What was before is in the notes of its leases, so that it outlives a restart and goes to the partner of
//! a high-availability pair. Where the signs differ, the note keeps the old ones: a client that takes a phone's
//! address does not become that phone.

use offhook_core::query::Proof;
use offhook_core::token::{Accepted, Judgement, Signs, judge};
use offhook_core::{Engine, Query};

use crate::hook::Hook;
use crate::packet::Packet;
use crate::phones::guarded::Impostor;

impl Hook {
    /// The signs that a lease keeps from now on; `None` where the policy does not request any.
    pub(crate) fn kept_signs(
        &self,
        engine: &Engine,
        query: &Query<'_>,
        packet: &Packet<'_>,
    ) -> Option<Accepted> {
        let before = packet.before.latest();
        match self.judgement(engine, query, packet, before.as_ref())? {
            (Judgement::Accepted(kept), _) => Some(kept),
            (Judgement::Impostor(_), _) => before,
        }
    }

    /// Takes an impostor's right to a token; the line for the log, if this was not said lately.
    pub(crate) fn guard(
        &self,
        engine: &Engine,
        query: &mut Query<'_>,
        packet: &Packet<'_>,
    ) -> Option<String> {
        let before = packet.before.latest();
        let judged = self.judgement(engine, query, packet, before.as_ref())?;
        let (Judgement::Impostor(differs), signs) = judged else { return None };
        query.context.proof = Proof::Impostor;
        let (mac, before) = (query.mac?, before?);
        let (shown, before) = (signs.to_string(), before.signs.to_string());
        let differs = differs.join(", ");
        let line = format!(
            "{mac} gets no token: it differs from before in {differs}. Before: {before}. Now: {shown}. If \
             the phone was moved or replaced, run phone-allow-move"
        );
        let impostor = Impostor { before, shown, differs, last: packet.now, times: 1 };
        self.seen.impostors.saw(mac, impostor).then_some(line)
    }

    /// Whether the policy has guards.
    pub(crate) fn guards(&self, engine: &Engine) -> bool {
        let rule = engine.policy().file_access.token.as_ref();
        rule.is_some_and(|rule| rule.only_if.any())
    }

    fn judgement(
        &self,
        engine: &Engine,
        query: &Query<'_>,
        packet: &Packet<'_>,
        before: Option<&Accepted>,
    ) -> Option<(Judgement, Signs)> {
        let rule = engine.policy().file_access.token.as_ref()?;
        if !self.guards(engine) {
            return None;
        }
        let mac = query.mac?;
        let signs = Signs::from_query(query, packet.before.subnet);
        let renews = query.giaddr.is_none() && query.ciaddr.is_some();
        let direct =
            query.context.proof == Proof::Lease || renews && query.ciaddr == query.context.leased;
        let may_move = self.seen.moves.may(mac);
        Some((judge(rule, signs.clone(), before, packet.now, direct, may_move), signs))
    }
}
