//! From what an option says to the files' place: macros filled in, scheme and folder as the maker has
//! them.

use offhook_catalogue::Takes;

use crate::phone::Phone;
use crate::url::split_scheme;

/// Where the files are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A folder's URL, with a slash at its end.
    Folder(String),
    /// One file's URL.
    File(String),
}

impl Place {
    /// The whole URL.
    pub fn url(&self) -> &str {
        match self {
            Place::Folder(url) | Place::File(url) => url,
        }
    }
}

/// Why a value is not a place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoPlace {
    /// It is longer than the phone takes; both in bytes.
    #[error("{found} bytes, and this phone takes at most {most}")]
    Long {
        /// Its length.
        found: usize,
        /// The most that the phone takes.
        most: u16,
    },
    /// The phone does not take its scheme.
    #[error("this phone knows {known}, not {found}")]
    Scheme {
        /// The schemes that the phone takes.
        known: String,
        /// The URL's.
        found: String,
    },
}

/// The place that a value (URL or host) and a file name stand for.
///
/// # Errors
/// The value is too long for this phone, or of a scheme that it does not know.
pub(crate) fn place(phone: &Phone, value: &str, file: Option<&str>) -> Result<Place, NoPlace> {
    let rules = &phone.vendor.url;
    if let Some(most) = rules.max_length
        && value.len() > usize::from(most)
    {
        let found = value.len();
        return Err(NoPlace::Long { found, most });
    }
    let whole = match split_scheme(value) {
        Some((scheme, _)) => {
            let known = rules.schemes.is_empty() || rules.schemes.iter().any(|own| own == scheme);
            if !known {
                let known: Vec<&str> = rules.schemes.iter().map(|scheme| &**scheme).collect();
                let (known, found) = (known.join(", "), scheme.to_owned());
                return Err(NoPlace::Scheme { known, found });
            }
            value.to_owned()
        }
        // A host alone: by the scheme that the maker documents; most mean TFTP.
        None => {
            let scheme = rules.bare.first().or(rules.schemes.first());
            let scheme = scheme.map_or("tftp", |scheme| scheme);
            format!("{scheme}://{value}")
        }
    };
    Ok(of_url(phone, &whole, file))
}

/// The places that the phone tries after the first one, for a host without a scheme.
pub(crate) fn fallbacks(phone: &Phone, value: &str, file: Option<&str>) -> Vec<Place> {
    if split_scheme(value).is_some() {
        return Vec::new();
    }
    let further = phone.vendor.url.bare.iter().skip(1);
    further.map(|scheme| of_url(phone, &format!("{scheme}://{value}"), file)).collect()
}

fn of_url(phone: &Phone, whole: &str, file: Option<&str>) -> Place {
    let rules = &phone.vendor.url;
    let expanded = phone.expand(whole);
    let after_host = split_scheme(&expanded).map_or("", |(_, rest)| rest);
    let path = after_host.split_once('/').map_or("", |(_, path)| path);
    if let Some(file) = file {
        let slash = if expanded.ends_with('/') { "" } else { "/" };
        return Place::File(format!("{expanded}{slash}{}", phone.expand(file)));
    }
    let last = path.rsplit('/').next().unwrap_or_default();
    // Its own macro in the last part makes a file of it, as an ending does.
    let own_macro = expanded != whole && !whole.ends_with('/');
    if rules.takes == Takes::File || last.contains(['.', '?']) || (own_macro && !last.is_empty()) {
        return Place::File(expanded);
    }
    let slash = if expanded.ends_with('/') { "" } else { "/" };
    Place::Folder(format!("{expanded}{slash}"))
}
