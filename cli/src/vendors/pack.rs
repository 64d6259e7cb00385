//! `offhook vendors pack`: a folder of vendors and systems becomes the file of a catalogue package.

use std::fs::Permissions;
use std::io::{Cursor, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use minisign::SecretKeyBox;
use offhook_edge::catalogue;
use zeroize::Zeroizing;

use crate::input::{self, Failure, wrong};

/// Packs a folder of vendors and systems into one file, to be signed and installed as a catalogue
#[derive(clap::Args)]
#[command(after_help = "Example:
  minisign -G -W -p catalogue.pub -s our.key
  offhook vendors pack core/catalogue --edition 2026-12-01 --key our.key --output catalogue.json")]
pub struct Arguments {
    /// The folder: vendors/ID/vendor.toml, templates beside it, systems/ID.toml
    folder: PathBuf,
    /// The day that it is of (YYYY-MM-DD). Programs use it if their own catalogue is older
    #[arg(long, value_name = "DAY")]
    edition: String,
    /// Sign it with this secret key of minisign's, which has no password (`minisign -G -W`). Without: sign it
    /// yourself (`minisign -S`)
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// The file to write; its signature is written beside it, as FILE.minisig
    #[arg(long, value_name = "FILE")]
    output: PathBuf,
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let package = catalogue::pack(&arguments.folder, &arguments.edition).map_err(wrong)?;
    let text = serde_json::to_string(&package).map_err(wrong)?;
    let signature = arguments.key.as_deref().map(|key| sign(key, &text)).transpose()?;
    write(&arguments.output, &text)?;
    let shown = arguments.output.display();
    let signed = match &signature {
        Some(signature) => {
            write(&PathBuf::from(format!("{shown}.minisig")), signature)?;
            format!("signed ({shown}.minisig)")
        }
        None => "not signed".to_owned(),
    };
    let (count, edition) = (package.files.len(), &package.edition);
    input::line(format!("{shown}: {count} files of {edition}, {signed}"))
}

fn sign(key: &Path, text: &str) -> Result<String, Failure> {
    let shown = key.display();
    let secret = Zeroizing::new(input::text_of(key)?);
    // The library's own words about a wrong key may quote a part of it.
    let secret =
        SecretKeyBox::from_string(&secret).and_then(|secret| secret.into_unencrypted_secret_key());
    let secret = secret.map_err(|_| {
        wrong(format!(
            "{shown}: expected a secret key of minisign's without a password (minisign -G -W)"
        ))
    })?;
    let signature =
        minisign::sign(None, &secret, Cursor::new(text), Some("offhook catalogue"), None);
    Ok(signature.map_err(|error| wrong(format!("{shown}: cannot sign: {error}")))?.into_string())
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let cannot = |error| wrong(format!("{}: {error}", path.display()));
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut file = tempfile::Builder::new()
        .permissions(Permissions::from_mode(0o644))
        .tempfile_in(folder.unwrap_or(".".as_ref()))
        .map_err(cannot)?;
    file.write_all(text.as_bytes()).map_err(cannot)?;
    file.persist(path).map_err(|error| cannot(error.error))?;
    Ok(())
}
