//! The options of an answer: their bytes and what those mean, and every layer that had a value.

use serde::Serialize;

use crate::decide::{Decision, Edits, Packet};
use crate::decode::{self, Part};
use crate::encode::{self, Form};
use crate::engine::Engine;
use crate::plan::{Considered, For, Observer, PlanOption, plan};
use crate::query::Query;
use crate::recognise::read;
use crate::token::right;
use crate::url::without_userinfo;
use crate::value::Send;

/// One option of the answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ExplainedOption {
    /// The option's number.
    pub code: u8,
    /// Its name in the RFCs.
    pub name: &'static str,
    /// `set` or `remove`.
    pub action: &'static str,
    /// Its content as hex digits; `None` where it is taken out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hex: Option<String>,
    /// The value, if it is printable.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Where the value comes from.
    pub reason: String,
    /// The bytes, piece by piece.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub bytes: Vec<Part>,
    /// Every layer's value for it, the least particular first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub layers: Vec<Layered>,
}

/// One layer's value for an option, and its outcome.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Layered {
    /// The layer's name.
    pub by: &'static str,
    /// Where it is written.
    pub place: String,
    /// Its content as hex digits; `None`: taken out, or it could not be made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hex: Option<String>,
    /// Its content, where that is printable.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// `wins`, or why not.
    pub outcome: String,
}

/// The plan's listener.
struct Listener<'r> {
    reasons: &'r mut Vec<String>,
    considered: Vec<Considered>,
}

impl Observer for Listener<'_> {
    const LISTENS: bool = true;
    fn note(&mut self, text: impl FnOnce() -> String) {
        self.reasons.push(text());
    }
    fn considered(&mut self, considered: Considered) {
        self.considered.push(considered);
    }
}

fn plain(bytes: &[u8]) -> Option<String> {
    let text = !bytes.is_empty() && bytes.iter().all(|byte| matches!(byte, 0x20..=0x7e));
    text.then(|| String::from_utf8_lossy(bytes).into_owned())
}

/// Explains every option that the decision sets or takes out.
pub(super) fn explain(
    engine: &Engine,
    query: &Query<'_>,
    decision: &Decision<'_>,
    edits: &Edits,
    reasons: &mut Vec<String>,
) -> Vec<ExplainedOption> {
    let Some(((vendor, variant), made)) = decision.maker().zip(decision.plan()) else {
        if decision.identity.is_some() {
            reasons.push("the policy's devices say that this device is to be ignored".to_owned());
        }
        return Vec::new();
    };
    // The plan again, with a trace.
    let identity = decision.identity.as_ref();
    let reading =
        identity.map(|identity| read(engine.tables(), query, identity)).unwrap_or_default();
    let model = reading.model.as_deref().unwrap_or_default();
    let models = engine.policy().models_at(decision.site, vendor, model);
    let at = For {
        tables: engine.tables(),
        policy: engine.policy(),
        site: decision.site,
        vendor,
        variant,
        models: engine.policy().models(decision.site, vendor, models),
        device: decision.device.and_then(|device| device.layer),
    };
    let mut listener = Listener { reasons, considered: Vec::new() };
    plan(at, &mut Vec::new(), &mut listener);
    let Listener { considered, .. } = listener;
    let own: Vec<u8> =
        decision.device.iter().flat_map(|device| device.options()).map(|own| own.code).collect();
    for option in &made.options {
        if own.contains(&option.code) {
            reasons.push(format!(
                "option {}: the device wins over {} ({})",
                option.code,
                option.origin.name(),
                option.place
            ));
        } else if option.send == Send::Requested && !query.requests(option.code) {
            let code = option.code;
            reasons.push(format!("option {code} stays away: not requested in option 55"));
        }
    }
    if edits.left_out > 0 {
        reasons.push(format!(
            "{} values could not be made from this packet and stay away",
            edits.left_out
        ));
    }
    if edits.left_out > 0
        && let Some(rule) = &engine.policy().file_access.token
        && let Err(refusal) = right(rule, query)
    {
        reasons.push(format!("values with {{{{token}}}} stay away: {refusal}"));
    }
    for competitor in decision.competitors(engine.tables()) {
        reasons.push(format!("if the server itself sends it, these phones read {competitor}"));
    }
    let live = Packet::new(engine, query, identity);
    let planned = |code: u8| made.options.iter().find(|option| option.code == code);
    let explained = edits.iter().map(|edit| {
        let shown = edit.value.map(|value| without_userinfo(edits.bytes(engine, value)));
        let bytes = shown.as_deref();
        let by_device = own.contains(&edit.code);
        let mut layers: Vec<Layered> = considered
            .iter()
            .filter(|considered| considered.code == edit.code)
            .map(|considered| layered(considered, by_device, &live))
            .collect();
        if by_device {
            layers.push(Layered {
                by: "the device",
                place: "devices".to_owned(),
                hex: bytes.map(hex::encode),
                text: bytes.and_then(plain),
                outcome: "wins".to_owned(),
            });
        }
        ExplainedOption {
            code: edit.code,
            name: decode::name(edit.code),
            action: if bytes.is_some() { "set" } else { "remove" },
            hex: bytes.map(hex::encode),
            text: bytes.and_then(plain),
            reason: match planned(edit.code) {
                Some(option) if !by_device => reason(option),
                _ => "by the policy's devices".to_owned(),
            },
            bytes: bytes
                .map(|bytes| decode::decode(engine.tables(), edit.code, bytes, Some(vendor)))
                .unwrap_or_default(),
            layers,
        }
    });
    explained.collect()
}

fn layered(considered: &Considered, by_device: bool, live: &Packet<'_>) -> Layered {
    let bytes = match &considered.form {
        Err(_) | Ok(None) => None,
        Ok(Some(Form::Fixed(bytes))) => Some(bytes.to_vec()),
        Ok(Some(Form::Live(program))) => {
            let mut bytes = Vec::new();
            encode::run(&program.0, live, &mut bytes).then_some(bytes)
        }
    };
    let bytes = bytes.map(|bytes| without_userinfo(&bytes).into_owned());
    let outcome = match considered.outcome.as_str() {
        "wins" if by_device => "loses: the device is more particular".to_owned(),
        other => other.to_owned(),
    };
    Layered {
        by: considered.origin.name(),
        place: considered.place.clone(),
        hex: bytes.as_deref().map(hex::encode),
        text: bytes.as_deref().and_then(plain),
        outcome,
    }
}

fn reason(option: &PlanOption) -> String {
    let recalled = if option.recalled { "; leans on a fact that is only recalled" } else { "" };
    format!("{}, by {}{recalled}", option.place, option.origin.name())
}
