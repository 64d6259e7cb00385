//! `"unlisted-phones": "send"` that sends nothing.

use super::found::Found;
use crate::catalogue::{VariantIx, VendorIx};
use crate::engine::Engine;
use crate::policy::{Answer, UnlistedPhones};

pub(super) fn find(engine: &Engine, found: &mut Found) {
    let policy = engine.policy();
    for at in std::iter::once(None).chain((0..policy.sites.len()).map(Some)) {
        let site = at.and_then(|at| policy.sites.get(at));
        if policy.unlisted_at(site) != UnlistedPhones::Send {
            continue;
        }
        let (plan, top) = (
            engine.plan(at, VendorIx::UNLISTED, VariantIx::NONE),
            engine.plan(None, VendorIx::UNLISTED, VariantIx::NONE),
        );
        // What the top level says already is not repeated for each site.
        let send_anyway = policy.unlisted_at(None) == UnlistedPhones::Send;
        let same = plan == top && policy.answer_at(site) == policy.answer_at(None) && send_anyway;
        if site.is_some() && same {
            continue;
        }
        let own = site.is_some_and(|site| site.scope.layer.unlisted_phones.is_some());
        let place = match at.filter(|_| own) {
            Some(at) => format!("sites[{at}].unlisted-phones"),
            None => "unlisted-phones".to_owned(),
        };
        let where_ = site.map(|site| format!(" at {:?}", site.name)).unwrap_or_default();
        if policy.answer_at(site) == Answer::Phones {
            let text = format!(
                "such phones are sent nothing{where_}: \"answer\" is \"phones\" there, and only a phone that is \
                 recognised gets an answer"
            );
            found.add(&place, text);
        } else if plan.served.is_none() {
            let text = format!(
                "such phones get no URL{where_}: no entry of \"systems\" serves them; \"files\" and \"url\" do, \
                 without \"for\""
            );
            found.add(&place, text);
        } else if !plan.codes().any(|code| code == 66) {
            let text = format!(
                "such phones get no URL{where_}: a part of it has no value for them ({{{{token}}}} is for makers in \
                 the catalogue alone)"
            );
            found.add(&place, text);
        }
    }
}
