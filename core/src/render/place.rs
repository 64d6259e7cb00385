//! Where a phone's files belong: the tree follows the URL that the phone is told.
//!
//! The part of the URL that is the same for all phones is the tree's root; what follows (`{{vendor}}`,
//! `{{site}}`, `{{mac}}` ...) is the folder below it. A token is checked by the web server and is no
//! part of the tree.

use crate::encode::{self, Fault, Names, Op};
use crate::mac::Mac;
use crate::text::{Live, Piece, pieces, write_mac};

/// A `files` system's URL, cut in two.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// The same for all phones, with `/` at the end: `https://provision.example.com/phones/`.
    pub base: String,
    /// What follows, `/` at the end or empty.
    pub folder: Vec<Op>,
}

/// Cuts a URL. Names that differ between phones begin the folder.
pub fn split(url: &str, names: &Names<'_>) -> Result<Place, Fault> {
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
    let scheme = fixed.find("://").map_or(0, |at| at + 3);
    let Some(end) = fixed.get(scheme..).and_then(|rest| rest.rfind('/')) else {
        return Err(Fault::Absent(format!("{url:?} names no folder behind the host")));
    };
    let (base, rest) = fixed.split_at(scheme + end + 1);
    if !rest.is_empty() {
        folder.insert(0, Op::Bytes(rest.as_bytes().to_vec()));
    }
    if !tokens_stand_alone(&folder) {
        return Err(Fault::Wrong(format!(
            "{url:?}: {{{{token}}}} must stand alone between two slashes, so that a web server finds it"
        )));
    }
    Ok(Place { base: base.to_owned(), folder })
}

fn tokens_stand_alone(folder: &[Op]) -> bool {
    let bytes = |at: Option<usize>| match at.and_then(|at| folder.get(at)) {
        Some(Op::Bytes(bytes)) => Some(bytes.as_slice()),
        _ => None,
    };
    folder.iter().enumerate().all(|(at, op)| {
        *op != Op::Live(Live::Token)
            || (at == 0 || bytes(at.checked_sub(1)).is_some_and(|before| before.ends_with(b"/")))
                && bytes(Some(at + 1)).is_some_and(|behind| behind.starts_with(b"/"))
    })
}

impl Place {
    /// The folder of one phone below the root, with `/` at the end unless it is the root itself. The
    /// error says what the list lacks.
    pub fn folder_of(&self, mac: Mac, model: &str) -> Result<String, String> {
        let mut path = Vec::new();
        for op in &self.folder {
            match op {
                Op::Bytes(bytes) => path.extend_from_slice(bytes),
                Op::Live(Live::Mac { upper, separator }) => {
                    write_mac(mac.0, *upper, *separator, &mut path);
                }
                Op::Live(Live::Model) if model.is_empty() => {
                    return Err("the URL has {{model}} in it: say the phone's model".to_owned());
                }
                Op::Live(Live::Model) => path.extend_from_slice(model.as_bytes()),
                Op::Live(Live::Token) => {}
                Op::Live(Live::Ip | Live::Firmware) => {
                    return Err("the URL depends on {{ip}} or {{firmware}}, which nobody knows \
                                before the phone asks: no file can be put there"
                        .to_owned());
                }
                Op::Open | Op::Close => {}
            }
        }
        let path = String::from_utf8_lossy(&path).into_owned();
        if !path.is_empty() && !path.ends_with('/') {
            return Err(format!("the URL ends in {path:?}: expected / at its end"));
        }
        // A token's part is empty here.
        let parts = path.split('/').filter(|part| !part.is_empty());
        Ok(parts.fold(String::new(), |path, part| path + part + "/"))
    }

    /// Whether the folder holds one phone only.
    pub fn is_own(&self) -> bool {
        self.folder.iter().any(|op| matches!(op, Op::Live(Live::Mac { .. })))
    }

    pub fn has_token(&self) -> bool {
        self.folder.contains(&Op::Live(Live::Token))
    }
}

/// Whether a path below the root stays below it, by every server's and file system's reading.
pub fn stays_inside(path: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '+' | '/');
    !path.is_empty()
        && path.len() <= 1024
        && path.chars().all(plain)
        && path
            .split('/')
            .all(|part| !part.is_empty() && !part.starts_with('.') && part.len() <= 200)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encode::Filled;

    fn names(name: &str) -> Result<Filled, Fault> {
        let fixed = |text: &str| Ok(Filled::Text(vec![Op::Bytes(text.as_bytes().to_vec())]));
        match (name, Live::named(name)) {
            (_, Some(live)) => Ok(Filled::Text(vec![Op::Live(live)])),
            ("vendor", _) => fixed("yealink"),
            ("random-folder", _) => fixed("R2Xu8aVV20Jka"),
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
        assert!(split("https://p.example.com", &names).is_err());
        let bare = split("https://p.example.com/{{mac}}", &names).unwrap();
        assert!(bare.folder_of(Mac([0; 6]), "").unwrap_err().contains("expected /"));
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
