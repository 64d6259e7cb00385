//! What only one client's answer can hold, named, so that phones that change alike are one group.

use super::{Change, Told};
use crate::query::Query;
use crate::text::{Live, write_mac};

/// What only one client's answer can hold: its addresses. Named, answers made by one template are
/// alike.
pub(super) struct Own(Vec<(Vec<u8>, String)>);

impl Own {
    pub(super) fn of(query: &Query<'_>) -> Own {
        let mut own = Vec::new();
        if let Some(mac) = query.mac {
            for (name, live) in Live::NAMES {
                if let Live::Mac { upper, separator } = live {
                    let mut text = Vec::new();
                    write_mac(mac.0, upper, separator, &mut text);
                    own.push((text, format!("{{{{{name}}}}}")));
                }
            }
        }
        if let Some(address) = query.client_address() {
            own.push((address.to_string().into_bytes(), "{{ip}}".to_owned()));
        }
        Own(own)
    }

    pub(super) fn named(&self, change: &Change) -> Change {
        let told = |told: &Option<Told>| {
            let told = told.as_ref()?;
            Some(match told.action {
                "set" => Told {
                    keeps_existing: told.keeps_existing,
                    ..Told::set(&self.named_bytes(&told.bytes))
                },
                _ => told.clone(),
            })
        };
        Change { what: change.what, before: told(&change.before), after: told(&change.after) }
    }

    fn named_bytes(&self, bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(bytes.len());
        let mut rest = bytes;
        while let Some((first, tail)) = rest.split_first() {
            let before = out.last().copied();
            let found = self.0.iter().find(|(text, _)| stands_at(text, before, rest));
            match found {
                Some((text, name)) => {
                    out.extend_from_slice(name.as_bytes());
                    rest = rest.get(text.len()..).unwrap_or_default();
                }
                None => {
                    out.push(*first);
                    rest = tail;
                }
            }
        }
        out
    }
}

/// Whether `text` is at the head of `rest` and is not a part of something longer: 10.0.0.1 is
/// not in 10.0.0.12.
fn stands_at(text: &[u8], before: Option<u8>, rest: &[u8]) -> bool {
    let longer = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_digit);
    rest.starts_with(text)
        && !(longer(text.last()) && longer(rest.get(text.len())))
        && !(longer(text.first()) && longer(before.as_ref()))
}
