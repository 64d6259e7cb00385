//! The short form of `phone-list`, for lists of a whole fleet: one text for each phone, with a tab between its
//! fields. Kea makes an object of every member of an answer, and so a phone as a map costs it six times as
//! much as a phone as one text.

use offhook_core::recognise::read;
use offhook_core::text::printable;
use offhook_core::url::without_userinfo;
use offhook_core::{Decision, Edit, Engine, Query};

use super::remembered::{decided, header_text, is_text, looks_like_a_phone_by};
use crate::phones::Phone;
use crate::phones::evidence::{self, Told};
use crate::sign;

/// The fields of a row, as the answer names them; behind them come the options that the phone was sent.
pub(super) const FIELDS: [&str; 12] = [
    "hw-address",
    "ip-address",
    "first-seen",
    "last-seen",
    "answers",
    "vendor",
    "model",
    "firmware",
    "by",
    "site",
    "host-name",
    "looks-like-a-phone-by",
];

/// How many bytes of rows cost Kea what one byte of a list of maps costs it. Measured with Kea 2.2.0's own reader and
/// writer: a kilobyte of rows 0.04 ms, of maps 0.09 to 0.16 ms.
const CHEAPER: usize = 2;

/// What a row counts in a command's budget.
pub(super) fn weight(row: &str) -> usize {
    row.len() / CHEAPER
}

/// A phone's row, if the list is to have the phone.
pub(super) fn row_if(
    engine: &Engine,
    phone: &Phone,
    wanted: impl FnOnce(&Decision<'_>) -> bool,
) -> Option<String> {
    decided(engine, phone, |_, query, decision| {
        wanted(decision).then(|| row(engine, phone, query, decision))
    })
}

fn row(engine: &Engine, phone: &Phone, query: &Query<'_>, decision: &Decision<'_>) -> String {
    let mut row = Row(String::with_capacity(200));
    row.0.push_str(&phone.mac.to_string());
    row.field(&query.client_address().map(|address| address.to_string()).unwrap_or_default());
    for number in [phone.first, phone.last, phone.answers] {
        row.field(&number.to_string());
    }
    row.who(engine, query, decision);
    row.field(decision.site.map_or("", |site| site.name.as_str()));
    row.field(&query.host_name.as_deref().map(printable).unwrap_or_default());
    let suspicion = match decision.identity {
        Some(_) => None,
        None => looks_like_a_phone_by(engine, query),
    };
    row.field(suspicion.unwrap_or_default());
    for told in evidence::read_told(phone.told()) {
        row.told(told);
    }
    row.0
}

/// A row while it is written. No text of a policy or a packet holds a tab: both come without control characters.
struct Row(String);

impl Row {
    fn field(&mut self, text: &str) {
        self.0.push('\t');
        self.0.push_str(text);
    }

    /// `vendor`, `model`, `firmware`, `by`.
    fn who(&mut self, engine: &Engine, query: &Query<'_>, decision: &Decision<'_>) {
        let Some(identity) = decision.identity else {
            (0..4).for_each(|_| self.field(""));
            return;
        };
        let reading = read(engine.tables(), query, &identity);
        self.field(&engine.tables().at(identity.vendor).id);
        for text in [&reading.model, &reading.firmware] {
            self.field(&text.as_deref().map(printable).unwrap_or_default());
        }
        self.field(sign::deciding(engine, &identity));
    }

    /// `CODE=TEXT`, or `CODE:HEX` where the value is not text. What was removed tells the phone nothing.
    fn told(&mut self, told: Told<'_>) {
        match told {
            Told::Option(Edit { value: None, .. }) => {}
            Told::Option(Edit { code, value: Some(value), .. }) => {
                let value = &*without_userinfo(value);
                match is_text(value) {
                    true => self.field(&format!("{code}={}", printable(value))),
                    false => self.field(&format!("{code}:{}", hex::encode(value))),
                }
            }
            Told::Header(field, value) => {
                self.field(&format!("{field}={}", header_text(field, value)));
            }
        }
    }
}
