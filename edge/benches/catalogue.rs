//! What an installed catalogue costs at each start and reload: file, signature, JSON, checks, index.
//! Results: docs/figures/decision.md.

// What cannot be set up ends the bench.
#![allow(clippy::expect_used)]

use std::io::Cursor;
use std::path::Path;

use divan::Bencher;
use minisign::KeyPair;
use offhook_edge::catalogue::{InUse, pack};

fn main() {
    divan::main();
}

/// The program's own makers and systems, packed and signed, as if they were a later day's.
#[divan::bench(sample_count = 50, sample_size = 1)]
fn use_an_installed_catalogue(bencher: Bencher<'_, '_>) {
    let folder = tempfile::tempdir().expect("a folder");
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/catalogue");
    let package = pack(&own, "2999-01-01").expect("a catalogue");
    let text = serde_json::to_string(&package).expect("JSON");
    let keys = KeyPair::generate_unencrypted_keypair().expect("keys");
    let signature = minisign::sign(Some(&keys.pk), &keys.sk, Cursor::new(&text), None, None);
    let (place, key) = (folder.path().join("catalogue.json"), folder.path().join("catalogue.pub"));
    let write = |path: &Path, text: &str| std::fs::write(path, text).expect("a file");
    write(&place, &text);
    write(&place.with_extension("json.minisig"), &signature.expect("a signature").to_string());
    write(&key, &keys.pk.to_box().expect("a key").to_string());
    let keys = [key];
    bencher.bench_local(|| {
        let in_use = InUse::at(&place, &keys, Vec::new()).expect("a catalogue");
        assert_eq!(in_use.installed.edition(), "2999-01-01");
        in_use
    });
}
