//! `offhook vendors pack`: a folder of vendors and systems becomes the file of a catalogue package.

use std::fs::Permissions;
use std::io::{Cursor, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use minisign::{PublicKey, SecretKey};
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
    /// Write the public half of the key there
    #[arg(long, value_name = "FILE", requires = "key")]
    public: Option<PathBuf>,
    /// The file to write; its signature is written beside it, as FILE.minisig
    #[arg(long, value_name = "FILE")]
    output: PathBuf,
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let package = catalogue::pack(&arguments.folder, &arguments.edition).map_err(wrong)?;
    let text = serde_json::to_string(&package).map_err(wrong)?;
    let key = arguments.key.as_deref().map(Key::read).transpose()?;
    let signature = key.as_ref().map(|key| key.sign(&text)).transpose()?;
    if let (Some(key), Some(place)) = (&key, &arguments.public) {
        write(place, &key.public()?)?;
    }
    write(&arguments.output, &text)?;
    let shown = arguments.output.display();
    let signed = match &signature {
        Some(signature) => {
            write(&PathBuf::from(format!("{shown}.minisig")), signature)?;
            format!("signed ({shown}.minisig)")
        }
        None => "not signed".to_owned(),
    };
    let (count, edition) = (package.facts.len() + package.texts.len(), &package.edition);
    input::line(format!("{shown}: {count} files of {edition}, {signed}"))
}

/// A secret key, and the name of its file for what is said.
struct Key {
    shown: String,
    secret: SecretKey,
}

impl Key {
    fn read(key: &Path) -> Result<Key, Failure> {
        let shown = key.display().to_string();
        let text = Zeroizing::new(input::text_of(key)?);
        let secret = unlocked(&text).ok_or_else(|| {
            wrong(format!(
                "{shown}: expected a secret key of minisign's without a password (minisign -G -W)"
            ))
        })?;
        Ok(Key { shown, secret })
    }

    fn sign(&self, text: &str) -> Result<String, Failure> {
        let (bytes, words) = (Cursor::new(text), Some("offhook catalogue"));
        let signed = minisign::sign(None, &self.secret, bytes, words, None);
        // A damaged key signs too, and no program would take the result.
        let signed = signed.and_then(|signature| {
            let public = PublicKey::from_secret_key(&self.secret)?;
            minisign::verify(&public, &signature, Cursor::new(text), true, false, false)?;
            Ok(signature)
        });
        Ok(signed.map_err(|error| self.cannot("sign", &error))?.into_string())
    }

    fn public(&self) -> Result<String, Failure> {
        let public = PublicKey::from_secret_key(&self.secret).and_then(|public| public.to_box());
        Ok(public.map_err(|error| self.cannot("tell its public half", &error))?.into_string())
    }

    fn cannot(&self, what: &str, error: &minisign::PError) -> Failure {
        wrong(format!("{}: cannot {what}: {error}", self.shown))
    }
}

/// A key without a password. Not by the crate's own reader: minisign leaves the checksum of such a key at zero, which
/// that one takes for damage.
fn unlocked(text: &str) -> Option<SecretKey> {
    let bytes = Zeroizing::new(BASE64.decode(text.lines().nth(1)?.trim()).ok()?);
    let secret = SecretKey::from_bytes(&bytes).ok()?;
    (!secret.is_encrypted()).then_some(secret)
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

#[cfg(test)]
mod tests {
    use super::*;
    use minisign::KeyPair;

    /// A key's file, with its bytes changed.
    fn file(pair: &KeyPair, change: impl FnOnce(&mut Vec<u8>)) -> tempfile::NamedTempFile {
        let mut bytes = pair.sk.to_bytes();
        change(&mut bytes);
        let file = tempfile::NamedTempFile::new().unwrap();
        let text = format!("untrusted comment: a key\n{}\n", BASE64.encode(bytes));
        std::fs::write(file.path(), text).unwrap();
        file
    }

    fn zero_checksum(bytes: &mut Vec<u8>) {
        let end = bytes.len() - 32;
        bytes.truncate(end);
        bytes.resize(end + 32, 0);
    }

    #[test]
    fn a_key_of_minisign_itself_and_one_of_the_crate_sign_what_their_public_half_verifies() {
        let pair = KeyPair::generate_unencrypted_keypair().unwrap();
        for file in [file(&pair, zero_checksum), file(&pair, |_| {})] {
            let key = Key::read(file.path()).unwrap_or_else(|_| panic!("a key"));
            let signature = key.sign("data").unwrap_or_else(|_| panic!("a signature"));
            let signature = minisign::SignatureBox::from_string(&signature).unwrap();
            let public = minisign::PublicKeyBox::from_string(
                &key.public().unwrap_or_else(|_| panic!("a public key")),
            );
            let public = public.unwrap().into_public_key().unwrap();
            assert_eq!(public, pair.pk);
            minisign::verify(&public, &signature, Cursor::new("data"), true, false, false).unwrap();
        }
    }

    #[test]
    fn a_key_with_a_password_and_one_that_is_cut_off_are_refused_and_a_damaged_one_signs_nothing() {
        let words = Some("secret".to_owned());
        let locked = KeyPair::generate_encrypted_keypair(words).unwrap();
        assert!(Key::read(file(&locked, |_| {}).path()).is_err(), "a password");
        let pair = KeyPair::generate_unencrypted_keypair().unwrap();
        assert!(Key::read(file(&pair, |bytes| bytes.truncate(100)).path()).is_err(), "cut off");
        let damaged = file(&pair, |bytes| {
            zero_checksum(bytes);
            // In the first half of the secret: the second is the public key.
            if let Some(byte) = bytes.get_mut(70) {
                *byte ^= 1;
            }
        });
        let key = Key::read(damaged.path()).unwrap_or_else(|_| panic!("a key"));
        assert!(key.sign("data").is_err(), "damaged");
    }
}
