//! What is sent to a phone, from the core's plan, as lines of dnsmasq's configuration. Everything that
//! dnsmasq has no words for becomes a mistake here that says why and what to do instead.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use offhook_core::Mistakes;
use offhook_core::decide::{PlannedEdit, planned};
use offhook_core::plan::Plan;
use offhook_core::value::Send;

use super::known::{Known, Whom};
use super::values;

/// One answer; phones with equal answers share a rule.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Answer {
    pub options: Vec<Line>,
    pub next_server: Option<Ipv4Addr>,
    /// The policy's general word here is "requested": it holds for a device's own options too.
    pub requested: bool,
}

/// One option.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Line {
    pub code: u8,
    /// As dnsmasq spells it; empty: dnsmasq's own option of this code stays away.
    pub value: String,
    /// Bytes that it takes in the packet.
    pub size: usize,
    /// Only to phones that list it in option 55.
    pub requested: bool,
    /// It holds a token: not for a client that claims an address or chooses its subnet.
    pub token: bool,
}

/// Mistakes and doubts on their way out, each once, with those whom they concern.
#[derive(Debug, Default)]
pub struct Traps {
    mistakes: BTreeMap<(String, String), BTreeSet<String>>,
    doubts: BTreeMap<String, BTreeSet<String>>,
    /// Some value contains a token: not every user may read it.
    pub tokens: bool,
}

impl Traps {
    pub fn mistake(&mut self, place: &str, text: impl Into<String>, whom: &str) {
        let concerned = self.mistakes.entry((place.to_owned(), text.into())).or_default();
        concerned.insert(whom.to_owned());
    }

    pub fn doubt(&mut self, text: impl Into<String>, whom: &str) {
        self.doubts.entry(text.into()).or_default().insert(whom.to_owned());
    }

    pub fn into_parts(self) -> (Mistakes, Vec<String>) {
        let mut mistakes = Mistakes::default();
        for ((place, text), whom) in self.mistakes {
            mistakes.push(place, format!("{text} ({})", names(&whom)));
        }
        let doubts = self.doubts.into_iter();
        (mistakes, doubts.map(|(text, whom)| format!("{text} ({})", names(&whom))).collect())
    }
}

fn names(whom: &BTreeSet<String>) -> String {
    let some: Vec<&str> = whom.iter().take(8).map(String::as_str).collect();
    let more = whom.len() - some.len();
    let rest = if more > 0 { format!(", and {more} more") } else { String::new() };
    some.join(", ") + &rest
}

/// Room for options in a reply to a phone that sends no option 57: 548 bytes less the header and
/// what dnsmasq itself sends (message type, server, lease times, mask, broadcast, router, DNS).
const ROOM: usize = 308 - 56;

impl Answer {
    pub fn of(plan: &Plan, whom: Whom<'_>, traps: &mut Traps) -> Answer {
        let mut answer = Answer {
            next_server: plan.header.next_server,
            requested: plan.send == Some(Send::Requested),
            ..Answer::default()
        };
        let mut room = 0;
        for planned in planned(plan, whom.device.map(|(_, device)| device)) {
            let made = line_of(&planned, whom, traps);
            room += made.as_ref().map_or(0, |line| line.size);
            answer.options.extend(made);
        }
        if room > ROOM {
            traps.doubt(
                format!(
                    "options of about {room} bytes: a phone that sends no option 57 gets at most {ROOM}, \
                     and dnsmasq leaves out what does not fit"
                ),
                whom.name,
            );
        }
        header(plan, whom, traps);
        answer
    }
}

/// dnsmasq puts text into `sname` and `file`, or into options 66 and 67, as the client asks.
fn header(plan: &Plan, whom: Whom<'_>, traps: &mut Traps) {
    for (place, field, option) in [
        ("server-hostname", &plan.header.server_hostname, 66),
        ("boot-file-name", &plan.header.boot_file_name, 67),
    ] {
        if field.is_some() {
            traps.mistake(
                place,
                format!(
                    "dnsmasq moves this header field into option {option} for phones that request it; \
                     write option {option} instead, or let Kea serve these phones"
                ),
                whom.name,
            );
        }
    }
}

/// One change, as a line.
pub fn line_of(planned: &PlannedEdit<'_>, whom: Whom<'_>, traps: &mut Traps) -> Option<Line> {
    let known = Known::before_the_packet(whom);
    let edit = &planned.edit;
    let value = edit.value.map(|value| known.bytes(value));
    let made = line(edit.code, value, edit.keep_existing, planned.place, whom, traps);
    let (token, requested) = (known.made_a_token(), planned.requested);
    traps.tokens |= token;
    made.map(|line| Line { requested, token, ..line })
}

fn line(
    code: u8,
    value: Option<Result<Vec<u8>, String>>,
    keep: bool,
    place: &str,
    whom: Whom<'_>,
    traps: &mut Traps,
) -> Option<Line> {
    if keep {
        traps.mistake(
            place,
            format!(
                "option {code}: dnsmasq has no \"existing\": \"keep\"; our line always wins over an \
                 untagged one of your own. Say \"replace\", or take the option out here and keep yours"
            ),
            whom.name,
        );
        return None;
    }
    let size = value.as_ref().map_or(0, |value| value.as_ref().map_or(0, Vec::len) + 2);
    let value = match value {
        None if values::CAN_BE_REMOVED.contains(&code) => String::new(),
        None => {
            traps.doubt(
                format!(
                    "option {code} is to be removed: we send none, but dnsmasq cannot take back one that \
                     your own line sends; write that line with tag:!{}",
                    super::tags::PHONE
                ),
                whom.name,
            );
            return None;
        }
        Some(Ok(bytes)) => match values::spell(code, &bytes) {
            Ok(value) => value,
            Err(text) => {
                traps.mistake(place, text, whom.name);
                return None;
            }
        },
        Some(Err(text)) => {
            traps.mistake(place, format!("option {code}: {text}"), whom.name);
            return None;
        }
    };
    Some(Line { code, value, size, requested: false, token: false })
}
