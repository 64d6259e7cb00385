//! Everything that reads what other people wrote, as functions of bytes. libFuzzer drives them by the programs
//! beside this file (`scripts/fuzz`), and a test by mutations of the corpus (`fuzz/tests/mutations.rs`).

use std::sync::LazyLock;

use offhook_core::{Context, Edits, Engine, Host, Query, builtin, check, decode};
use offhook_phone_files::{Format, Reading, Renderer};

#[path = "../../cli/src/capture.rs"]
#[allow(dead_code)]
mod capture;

/// What the capture's reader takes from the command line.
mod input {
    pub(crate) use offhook_edge::command::{Failure, wrong};
}

const POLICY: &str = include_str!("../../core/catalogue/vendors/example-policy.json");

static ENGINE: LazyLock<Option<Engine>> =
    LazyLock::new(|| Engine::new(builtin::shared(), POLICY, Host::ANY).ok());

/// The name of a target, and what it does with an input.
pub type Target = (&'static str, fn(&[u8]));

/// All targets.
pub const TARGETS: [Target; 6] = [
    ("capture", self::capture),
    ("decode", self::decode),
    ("phones", self::phones),
    ("policy", self::policy),
    ("query", self::query),
    ("vendor", self::vendor),
];

/// A capture (pcap, pcapng), or a packet in bytes or hex digits; and every packet in it.
pub fn capture(bytes: &[u8]) {
    if let Ok((packets, _)) = capture::packets("fuzz", bytes.to_vec()) {
        packets.iter().for_each(|packet| query(&packet.bytes));
    }
}

/// The value of any option, read for people. The first byte is the option's code.
pub fn decode(bytes: &[u8]) {
    if let Some((code, value)) = bytes.split_first() {
        decode::decode(&builtin::shared(), *code, value, None);
    }
}

/// A list of phones (JSON, CSV), and the files of the phones in it.
pub fn phones(bytes: &[u8]) {
    static RENDERER: LazyLock<Option<Renderer<'static>>> = LazyLock::new(|| {
        let no_key = |_: &str| Err(offhook_core::token::KeyError::File("no key here".to_owned()));
        Renderer::new(ENGINE.as_ref()?, &[], &no_key).ok()
    });
    let (Some(engine), Some(renderer)) = (ENGINE.as_ref(), RENDERER.as_ref()) else { return };
    for format in [None, Some(Format::Json), Some(Format::Csv)] {
        let reading = Reading { format, ..Reading::new(engine, renderer.makers()) };
        for phone in reading.read(bytes).phones.iter().take(4) {
            for placed in renderer.places(phone).iter().flatten() {
                drop(renderer.render(phone, placed));
            }
        }
    }
}

/// A policy: any text gives an engine or mistakes, and the checks of what was read.
pub fn policy(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(engine) = Engine::new(builtin::shared(), text, Host::ANY) {
        check::doubts(&engine, check::Makers::All);
    }
}

/// A DHCP packet from an unknown client: read, recognised, decided, and the answer's edits made.
pub fn query(wire: &[u8]) {
    let Some(engine) = ENGINE.as_ref() else { return };
    let Some(query) = Query::from_wire(wire, Context::default()) else { return };
    let mut edits = Edits::default();
    engine.decide(&query).edits(engine, &query, &mut edits);
}

/// A maker's folder out of an overlay.
pub fn vendor(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    // Mistakes are an answer as good as a vendor.
    drop(offhook_catalogue::source::vendor("fuzz", text));
}
