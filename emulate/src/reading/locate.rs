//! From what an option says to the files' place: macros filled in, scheme and folder as the maker has
//! them.

use crate::phone::Phone;

/// Where the files are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A folder's URL, with a slash at its end.
    Folder(String),
    /// One file's URL.
    File(String),
}

impl Place {
    pub fn url(&self) -> &str {
        match self {
            Place::Folder(url) | Place::File(url) => url,
        }
    }
}

/// The place that a value (URL or host) and a file name stand for.
pub(crate) fn place(phone: &Phone, value: &str, file: Option<&str>) -> Result<Place, String> {
    let rules = &phone.vendor.url;
    if rules.max_length > 0 && value.len() > usize::from(rules.max_length) {
        let (found, most) = (value.len(), rules.max_length);
        return Err(format!("{found} bytes, and this phone takes at most {most}"));
    }
    let whole = match value.split_once("://") {
        Some((scheme, _)) => {
            let known = rules.schemes.is_empty() || rules.schemes.iter().any(|own| own == scheme);
            if !known {
                let known: Vec<&str> = rules.schemes.iter().map(|scheme| &**scheme).collect();
                return Err(format!("this phone knows {}, not {scheme}", known.join(", ")));
            }
            value.to_owned()
        }
        // A host alone: most makers mean TFTP.
        None => {
            let scheme = rules.schemes.first().map_or("tftp", |scheme| scheme);
            format!("{scheme}://{value}")
        }
    };
    let expanded = phone.expand(&whole);
    let after_host = expanded.split_once("://").map_or("", |(_, rest)| rest);
    let path = after_host.split_once('/').map_or("", |(_, path)| path);
    if let Some(file) = file {
        let slash = if expanded.ends_with('/') { "" } else { "/" };
        return Ok(Place::File(format!("{expanded}{slash}{}", phone.expand(file))));
    }
    let last = path.rsplit('/').next().unwrap_or_default();
    // Its own macro in the last part makes a file of it, as an ending does.
    let own_macro = expanded != whole && !whole.ends_with('/');
    if rules.takes == "file" || last.contains(['.', '?']) || (own_macro && !last.is_empty()) {
        return Ok(Place::File(expanded));
    }
    let slash = if expanded.ends_with('/') { "" } else { "/" };
    Ok(Place::Folder(format!("{expanded}{slash}")))
}
