//! The ids of everything that reaches Kea's log. What each means for an operator is in
//! `messages.md`; the shim's table (`shim/messages.cc`) must know each of them.

/// An answer has more options than the contract's page has room for.
pub(crate) const ANSWER_CUT: &str = "OFFHOOK_ANSWER_CUT";
/// Another library packs answers before this one can change them.
pub(crate) const ANSWER_PACKED: &str = "OFFHOOK_ANSWER_PACKED";
/// An installed catalogue is not used.
pub(crate) const CATALOGUE_UNUSABLE: &str = "OFFHOOK_CATALOGUE_UNUSABLE";
/// The copy of the last good policy cannot be used, or not be kept.
pub(crate) const COPY_UNUSABLE: &str = "OFFHOOK_COPY_UNUSABLE";
/// The configuration does not use the client classes, so they are not set.
pub(crate) const CLASSES_UNUSED: &str = "OFFHOOK_CLASSES_UNUSED";
/// A fault in offhook: the packet was left as it was.
pub(crate) const FAULT: &str = "OFFHOOK_FAULT";
/// A client differs from what its hardware address showed before.
pub(crate) const IMPOSTOR: &str = "OFFHOOK_IMPOSTOR";
/// A library that may overwrite options is called after this one.
pub(crate) const LIBRARY_BEHIND: &str = "OFFHOOK_LIBRARY_BEHIND";
pub(crate) const LOADED: &str = "OFFHOOK_LOADED";
/// The parameters are wrong.
pub(crate) const LOAD_REFUSED: &str = "OFFHOOK_LOAD_REFUSED";
/// The server itself sends an option that phones may follow instead of offhook's.
pub(crate) const OPTION_COMPETES: &str = "OFFHOOK_OPTION_COMPETES";
/// `answer: phones`, and this is none.
pub(crate) const PACKET_DROPPED: &str = "OFFHOOK_PACKET_DROPPED";
/// The table of phones seen is full, and forgets.
pub(crate) const PHONES_FORGOTTEN: &str = "OFFHOOK_PHONES_FORGOTTEN";
pub(crate) const PHONE_ANSWERED: &str = "OFFHOOK_PHONE_ANSWERED";
pub(crate) const PHONE_OFFERED: &str = "OFFHOOK_PHONE_OFFERED";
/// A phone that the policy sends nothing.
pub(crate) const PHONE_LEFT_ALONE: &str = "OFFHOOK_PHONE_LEFT_ALONE";
/// Perhaps a phone, of a maker that the catalogue does not have.
pub(crate) const PHONE_UNLISTED: &str = "OFFHOOK_PHONE_UNLISTED";
pub(crate) const PHONE_REASON: &str = "OFFHOOK_PHONE_REASON";
/// Not wrong, but worth a look.
pub(crate) const POLICY_DOUBT: &str = "OFFHOOK_POLICY_DOUBT";
pub(crate) const POLICY_IN_FORCE: &str = "OFFHOOK_POLICY_IN_FORCE";
/// A reload with a mistake, and what was in force goes on.
pub(crate) const POLICY_KEPT: &str = "OFFHOOK_POLICY_KEPT";
pub(crate) const POLICY_MISTAKE: &str = "OFFHOOK_POLICY_MISTAKE";
/// What was requested is not in force; repeated every hour.
pub(crate) const POLICY_REFUSED: &str = "OFFHOOK_POLICY_REFUSED";
pub(crate) const UNLOADED: &str = "OFFHOOK_UNLOADED";

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    fn ids(text: &str) -> BTreeSet<String> {
        let word = |c: char| !(c.is_ascii_uppercase() || c == '_');
        text.split(word)
            .filter(|word| word.starts_with("OFFHOOK_"))
            .map(|word| word.to_owned())
            .collect()
    }

    fn sources(folder: &Path, out: &mut String) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, out);
            } else if path.file_name().is_some_and(|name| name != "message.rs") {
                out.push_str(&fs::read_to_string(path).unwrap());
            }
        }
    }

    #[test]
    fn declared_is_documented_is_in_the_table_is_used() {
        let own = include_str!("message.rs").split("#[cfg(test)]").next().unwrap();
        let declared = ids(own);
        let table = include_str!("../shim/messages.cc");
        let table = table.split("values[] = {").nth(1).unwrap().split("};").next().unwrap();
        assert_eq!(declared, ids(table), "message.rs and shim/messages.cc");
        let documented: BTreeSet<String> = include_str!("../messages.md")
            .lines()
            .filter_map(|line| line.strip_prefix("## "))
            .map(str::to_owned)
            .collect();
        let loader = include_str!("../loader/src/log.rs").split("#[cfg(test)]").next().unwrap();
        let all: BTreeSet<String> = declared.union(&ids(loader)).cloned().collect();
        assert_eq!(all, documented, "message.rs, the loader's log.rs and messages.md");

        let mut rust = String::new();
        sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut rust);
        for line in own.lines().filter_map(|line| line.strip_prefix("pub(crate) const ")) {
            let (constant, _) = line.split_once(':').unwrap();
            assert!(rust.contains(&format!("message::{constant}")), "{constant} is never used");
        }
    }
}
