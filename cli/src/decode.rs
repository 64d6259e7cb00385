//! `offhook decode`: what an option's bytes mean.

use offhook_core::decode::{self, Part};
use offhook_core::text::parse_hex;
use serde_json::json;

use crate::input::{self, Catalogue, Failure, wrong};

/// Says what the bytes of a DHCP option mean, piece by piece
///
/// Takes any option: 43 (with --vendor its maker's sub-options are named), 120, 124, 125, 82, 55 ...
#[derive(clap::Args)]
#[command(after_help = "Examples:
  offhook decode 120 000473697031076578616d706c6503636f6d00
  offhook decode 43 0a:02:00:78 --vendor lync --json")]
pub struct Arguments {
    /// The option's number
    #[arg(value_name = "CODE", value_parser = clap::value_parser!(u8).range(1..=254))]
    code: u8,
    /// The value in hex digits, without code and length; colons, dashes and blanks may separate
    #[arg(value_name = "HEX")]
    value: String,
    /// Whose phone it is for, by its id (see offhook vendors)
    #[arg(long, value_name = "ID")]
    vendor: Option<String>,
    /// Print as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    catalogue: Catalogue,
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let tables = arguments.catalogue.tables()?;
    let vendor = match &arguments.vendor {
        None => None,
        Some(id) => Some(tables.vendor(id).ok_or_else(|| {
            wrong(format!("--vendor {id}: not in the catalogue; offhook vendors lists it"))
        })?),
    };
    let value = parse_hex(&arguments.value)
        .map_err(|error| wrong(format!("the value: expected hex digits, found {error}")))?;
    let parts = decode::decode(&tables, arguments.code, &value, vendor);
    let (code, name) = (arguments.code, decode::name(arguments.code));
    if arguments.json {
        return input::json(&json!({ "code": code, "name": name, "bytes": parts }));
    }
    input::line(format!("option {code} {name}, {} bytes", value.len()))?;
    print(&parts, "  ")
}

/// A line for each piece: where it is, its bytes, what they mean.
pub fn print(parts: &[Part], indent: &str) -> Result<(), Failure> {
    const WIDTH: usize = 24;
    for part in parts {
        let mut digits = part.hex.as_str();
        let mut means = part.means.as_str();
        let mut at = part.at;
        // Long values go over several lines; what they mean is written once.
        loop {
            let (line, rest) = digits.split_at_checked(WIDTH).unwrap_or((digits, ""));
            input::line(format!("{indent}{at:3}  {line:WIDTH$}  {means}").trim_end())?;
            if rest.is_empty() {
                break;
            }
            (digits, means, at) = (rest, "", at + WIDTH / 2);
        }
    }
    Ok(())
}
