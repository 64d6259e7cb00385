//! `tracing` into Kea's log: the event's target is the message id, its message the text.
//!
//! Kea's level is asked at every event, before anything is formatted, since Kea's configuration may
//! change it at any time.

use std::fmt::{self, Write};
use std::sync::OnceLock;

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Dispatch, Event, Level, Metadata, Subscriber};

use crate::ffi::sink;
use crate::message;

/// Sends this library's events to the sink that is installed at the time. May be called again.
pub(crate) fn install() {
    // Kept here too, or every load would make one more without an owner.
    static DISPATCH: OnceLock<Dispatch> = OnceLock::new();
    let dispatch = DISPATCH.get_or_init(|| Dispatch::new(ToHost));
    let _ = tracing::dispatcher::set_global_default(dispatch.clone());
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map_or_else(String::new, |place| format!(" at {place}"));
        let payload = panic.payload();
        let text = payload.downcast_ref::<&str>().copied();
        let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
        tracing::error!(target: message::FAULT, "panic{place}: {}", text.unwrap_or("no text"));
    }));
}

struct ToHost;

impl Subscriber for ToHost {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        // Never cached: the host decides anew each time.
        if ours(metadata) { Interest::sometimes() } else { Interest::never() }
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        ours(metadata) && sink::enabled(*metadata.level())
    }

    fn event(&self, event: &Event<'_>) {
        let mut text = Text(String::with_capacity(512));
        event.record(&mut text);
        sink::write(*event.metadata().level(), event.metadata().target(), &text.0);
    }

    // Spans are not used: Kea's log knows none.
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

fn ours(metadata: &Metadata<'_>) -> bool {
    metadata.target().starts_with("OFFHOOK_")
}

struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            let _ = write!(self.0, "{value:?}");
        }
    }
}

/// Whether a line of this level would be written at all.
pub(crate) fn enabled(level: Level) -> bool {
    sink::enabled(level)
}
