//! Where a phone's files belong: the tree follows the URL that the phone is sent.
//!
//! The part of the URL that is the same for all phones is the tree's root; what follows (`{{vendor}}`,
//! `{{site}}`, `{{mac}}` ...) is the folder below it. A token is checked by the web server and is not
//! part of the tree. What no web server could serve is a mistake in the policy, reported here once for
//! every command.

pub use super::folder::Part;
use super::folder::{check_part, parts};
use super::pattern::{Pattern, is_plain};
use crate::catalogue::url::{UrlError, UrlParts, split_scheme};
use crate::encode::{self, Fault, Names, Op};
use crate::mac::Mac;
use crate::text::{Live, Piece, pieces};
use crate::value_error::ValueError;

/// The system whose tree this is, see `core/catalogue/systems/files.toml`.
pub const SYSTEM: &str = "files";

/// A `files` system's URL, cut in two.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The same for all phones, with `/` at the end: `https://provision.example.com/phones/`.
    pub base: String,
    /// The folder below it, part by part.
    pub folder: Vec<Part>,
}

/// Cuts a URL. Names that differ between phones begin the folder. A URL gets its `/` at the end.
///
/// # Errors
/// A URL that no web server can serve files by, or a name without a value.
pub(crate) fn split(url: &str, names: &Names<'_>) -> Result<Place, Fault> {
    let mut base = Vec::new();
    let mut folder: Vec<Op> = Vec::new();
    let mut differs = false;
    for piece in pieces(url)? {
        if let Piece::Name(name) = piece {
            differs |= Live::named(name).is_some() || matches!(name, "vendor" | "site");
        }
        let ops = match piece {
            Piece::Literal(text) => vec![Op::Bytes(text.as_bytes().to_vec())],
            Piece::Name(name) => encode::fill(&format!("{{{{{name}}}}}"), names)?,
        };
        if differs { &mut folder } else { &mut base }.extend(ops);
    }
    let fixed =
        encode::fixed_text(&base).ok_or_else(|| "a URL that depends on the packet".to_owned())?;
    // A name and password in a URL are never printed.
    let shown = if url.contains('@') { "the URL".to_owned() } else { format!("{url:?}") };
    let wrong = |text: String| Fault::Wrong(format!("{shown}: {text}"));
    let host_ends = split_scheme(&fixed).is_none_or(|(_, rest)| rest.contains('/'));
    if !folder.is_empty() && !host_ends {
        return Err(wrong("expected a host of its own, without names that differ".to_owned()));
    }
    let parts_of_base = UrlParts::parse(&fixed).map_err(|error| wrong(error.to_string()))?;
    check_host(&parts_of_base).map_err(wrong)?;
    let whole = parts_of_base.path_and_query();
    let path = whole.strip_prefix('/').unwrap_or(&whole);
    let (path, begun) = match path.rfind('/') {
        // What comes before the first name that differs, without a slash between, is a part of the
        // folder too.
        Some(end) => path.split_at(end + 1),
        None => ("", path),
    };
    // A base gets its slash.
    let (path, begun) = match folder.is_empty() {
        true if begun.is_empty() => (path.to_owned(), ""),
        true => (format!("{path}{begun}/"), ""),
        false => (path.to_owned(), begun),
    };
    for part in path.split_terminator('/') {
        check_part(part).map_err(wrong)?;
    }
    if !begun.is_empty() {
        folder.insert(0, Op::Bytes(begun.as_bytes().to_vec()));
    }
    let folder = parts(&folder).map_err(wrong)?;
    if path.len() + folder.iter().map(Part::longest).sum::<usize>() > LONGEST {
        return Err(wrong(format!("the path is longer than {LONGEST} characters")));
    }
    let (scheme, host) = (parts_of_base.scheme, parts_of_base.host_and_port());
    let base = format!("{}://{}/{path}", scheme.to_ascii_lowercase(), host.to_ascii_lowercase());
    Ok(Place { base, folder })
}

/// Of a path and all its names; what goes beyond that some server or file system does not take.
const LONGEST: usize = 1000;

fn check_host(url: &UrlParts<'_>) -> Result<(), String> {
    if url.user_info.is_some() {
        return Err(
            "a name and password in the URL of generated files are not checked by the web server: \
             take them out"
                .to_owned(),
        );
    }
    // A URL's host may hold more than a server's name.
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let address = url.host.contains(':');
    if !address && (url.host.starts_with(['.', '-']) || !url.host.chars().all(plain)) {
        return Err(format!(
            "expected a host of letters, digits, '-', '_' and '.', or an IPv6 address in brackets, found \
             {:?}",
            url.host
        ));
    }
    Ok(())
}

impl Place {
    /// The part that is the same for all phones, read; its path has `/` at both ends.
    ///
    /// # Errors
    /// None for a place that [`split`] has made.
    pub fn base_url(&self) -> Result<UrlParts<'_>, UrlError> {
        UrlParts::parse(&self.base)
    }

    /// The scheme of its URL, in lower case.
    pub fn scheme(&self) -> &str {
        split_scheme(&self.base).map_or("", |(scheme, _)| scheme)
    }

    /// The folder of one phone below the root, with `/` at the end unless it is the root itself.
    ///
    /// # Errors
    /// The folder depends on the model, and `model` is empty.
    pub fn folder_of(&self, mac: Mac, model: &str) -> Result<String, ValueError> {
        let mut path = String::new();
        for name in self.names() {
            if model.is_empty() && name.has_model() {
                return Err(ValueError::NoModel);
            }
            path.push_str(&name.filled(mac, model));
            path.push('/');
        }
        Ok(path)
    }

    /// The folder's parts in the tree, where a token has none.
    pub fn names(&self) -> impl Iterator<Item = &Pattern> {
        self.folder.iter().filter_map(|part| match part {
            Part::Token => None,
            Part::Name(name) => Some(name),
        })
    }

    /// Whether the folder holds one phone only.
    pub fn is_own(&self) -> bool {
        self.names().any(Pattern::has_mac)
    }

    /// Whether the folder shows a server which phone it belongs to.
    pub(crate) fn has_owner(&self) -> bool {
        self.names().any(Pattern::has_lower_mac)
    }

    /// Whether a token is part of the folder.
    pub fn has_token(&self) -> bool {
        self.folder.contains(&Part::Token)
    }

    /// Whether one of the URL's parts is this text.
    pub(crate) fn has_part(&self, text: &str) -> bool {
        self.base_url().is_ok_and(|url| url.path.split('/').any(|part| part == text))
            || self.names().any(|name| name.fixed() == Some(text))
    }
}

/// The URL as it is sent, the token and the holes as names.
impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.base)?;
        for part in &self.folder {
            match part {
                Part::Token => f.write_str("{{token}}/")?,
                Part::Name(name) => write!(f, "{name}/")?,
            }
        }
        Ok(())
    }
}

/// Whether a path below the root stays below it, by every server's and file system's reading.
pub fn stays_inside(path: &str) -> bool {
    !path.is_empty()
        && path.len() <= 1024
        && path.chars().all(|c| is_plain(c) || c == '/')
        && path
            .split('/')
            .all(|part| !part.is_empty() && !part.starts_with('.') && part.len() <= 200)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encode::Filled;

    const LONG: &str = concat!(
        "https://p.example.com/",
        "{{long}}/{{long}}/{{long}}/{{long}}/{{long}}/{{long}}/{{model}}/"
    );

    fn names(name: &str) -> Result<Filled, Fault> {
        let fixed = |text: &str| Ok(Filled::Text(vec![Op::Bytes(text.as_bytes().to_vec())]));
        match (name, Live::named(name)) {
            (_, Some(live)) => Ok(Filled::Text(vec![Op::Live(live)])),
            ("vendor", _) => fixed("yealink"),
            ("site", _) => fixed("a b"),
            ("random-folder", _) => fixed("R2Xu8aVV20Jka"),
            ("long", _) => fixed(&"x".repeat(190)),
            _ => Err(Fault::Wrong(name.to_owned())),
        }
    }

    fn cut(url: &str) -> (String, String) {
        let place = split(url, &names).unwrap();
        let folder = place.folder_of(Mac([0, 0x15, 0x65, 1, 2, 3]), "T46S").unwrap();
        (place.base, folder)
    }

    #[test]
    fn the_tree_follows_the_url() {
        let base = |base: &str, folder: &str| (base.to_owned(), folder.to_owned());
        assert_eq!(cut("https://p.example.com/phones/"), base("https://p.example.com/phones/", ""));
        assert_eq!(
            cut("https://p.example.com/{{random-folder}}/{{vendor}}/"),
            base("https://p.example.com/R2Xu8aVV20Jka/", "yealink/")
        );
        assert_eq!(
            cut("https://p.example.com/a/b-{{vendor}}/{{mac}}/{{token}}/"),
            base("https://p.example.com/a/", "b-yealink/001565010203/")
        );
        assert_eq!(
            cut("https://[2001:db8::1]:8443/{{MAC:dash}}/x-{{model}}/"),
            base("https://[2001:db8::1]:8443/", "00-15-65-01-02-03/x-T46S/")
        );
        // A base gets its slash.
        assert_eq!(cut("https://p.example.com"), base("https://p.example.com/", ""));
        assert_eq!(cut("https://p.example.com/a"), base("https://p.example.com/a/", ""));
        assert_eq!(
            cut("https://p.example.com/{{mac}}"),
            base("https://p.example.com/", "001565010203/")
        );
    }

    #[test]
    fn what_no_server_could_serve_is_a_mistake() {
        for (url, expected) in [
            ("https://p.example.com/{{site}}/", "' ' in the part \"a b\""),
            ("https://p.example.com/x?y=/", "'?' in the part"),
            ("https://p.example.com/x#y/", "'#' in the part"),
            ("https://p.example.com/a//b/", "\"//\" in the path"),
            ("https://p.example.com/a/../b/", "begins with '.'"),
            ("https://p.example.com/.{{vendor}}/", "begins with '.'"),
            ("https://p.example.com/%2e/", "'%' in the part"),
            ("https://p.example.com/{{ip}}/", "not known before the phone asks"),
            ("https://p.example.com/{{mac:colon}}/", "a path holds no ':'"),
            ("https://p.example.com/{{vendor}}//x/", "\"//\" in the path"),
            ("https://me:secret@p.example.com/", "a name and password"),
            ("https://p.example.com:0/", "is not a port"),
            ("https://p.example.com:x/", "is not a port"),
            ("https:///x/", "expected a host"),
            ("https://[2001:db8::x]/x/", "is not a host"),
            ("https://{{vendor}}.example.com/x/", "a host of its own"),
            ("https://a+b/x/", "expected a host of letters"),
            ("https://p.example.com/{{mac}}/{{token}}/{{token}}/", "listed twice"),
            ("https://p.example.com/{{MAC}}/{{token}}/", "needs a part {{mac}}"),
            ("https://p.example.com/{{mac}}-{{token}}/", "must be alone"),
            ("https://p.example.com/{{model}}{{mac}}{{model}}/", "where the address begins"),
            (LONG, "longer than 1000 characters"),
        ] {
            match split(url, &names) {
                Err(Fault::Wrong(text)) => {
                    assert!(text.contains(expected), "{url}: no {expected:?} in {text}");
                }
                other => panic!("{url}: {other:?}"),
            }
        }
    }

    #[test]
    fn no_name_leaves_the_root() {
        for good in ["a.cfg", "yealink/001565010203.boot", "cfgGRP2614.xml"] {
            assert!(stays_inside(good), "{good}");
        }
        for bad in
            ["", "/etc/passwd", "../x", "a/../b", "a//b", ".hidden", "a/.offhook/x", "a\\b", "a\0b"]
        {
            assert!(!stays_inside(bad), "{bad:?}");
        }
    }
}
