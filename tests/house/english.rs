//! What is written for people names its subject: none of the words below, which language.md's rules (see
//! CONTRIBUTING.md, "How we write") replace by the phone, the client, the operator, the server.

use crate::files::{is_code, texts};

/// Words that are never right in offhook's own text.
const WORDS: [&str; 16] = [
    "whoever",
    "whomever",
    "nobody",
    "somebody",
    "anybody",
    "everybody",
    "someone",
    "anyone",
    "wear",
    "wears",
    "worn",
    "wearing",
    "stood",
    "hitherto",
    "thereof",
    "whereof",
];

/// Rows of words that are never right.
const PHRASES: [&[&str]; 12] = [
    &["of", "ours"],
    &["of", "theirs"],
    &["of", "yours"],
    &["no", "one"],
    &["stands", "twice"],
    &["stands", "in"],
    &["stands", "there"],
    &["may", "stand"],
    &["is", "told"],
    &["are", "told"],
    &["was", "told"],
    &["be", "told"],
];

/// The same in offhook's own text only: the catalogue's facts are sentences about phones, tied to their sources.
const OUR_PHRASES: [&[&str]; 4] =
    [&["asks", "for"], &["ask", "for"], &["asked", "for"], &["asking", "for"]];

/// What holds the catalogue's facts, is made of them, or keeps what other people wrote.
const NOT_OURS: [&str; 6] = [
    "core/catalogue/vendors/",
    "core/catalogue/systems/",
    "docs/vendors.md",
    "docs/phone-files.md",
    "tests/imports/",
    "import/tests/",
];

/// Lines that quote one of them: the rule itself, a value of a test's policy or a program's user.
const QUOTATIONS: [&str; 11] = [
    "asks for the VLAN\"",
    "\"is not a phone\", never \"is no phone\"",
    "nobody\"",
    "nobody\\\"",
    "vendor nobody",
    "vendors nobody",
    "Nobody knows 1.0",
    "{nobody:?}",
    "&nobody,",
    "'nobody'",
    "=nobody",
];

fn words(line: &str) -> Vec<String> {
    let split = line.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '-');
    split.filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
}

/// The first of the words above in a line; `ours`: offhook's own text.
fn idiom(line: &str, ours: bool) -> Option<String> {
    if QUOTATIONS.iter().any(|quoted| line.contains(quoted)) {
        return None;
    }
    let words = words(line);
    if let Some(word) = words.iter().find(|word| WORDS.contains(&word.as_str())) {
        return Some(word.clone());
    }
    let has = |phrase: &&&[&str]| words.windows(phrase.len()).any(|window| window == **phrase);
    let phrases = PHRASES.iter().chain(OUR_PHRASES.iter().filter(|_| ours));
    if let Some(phrase) = phrases.into_iter().find(has) {
        return Some(phrase.join(" "));
    }
    // "is no phone"; "there is no phone" and "is no longer" are right.
    let is_no = words.iter().enumerate().any(|(at, word)| {
        let after = (words.get(at + 1).map(String::as_str), words.get(at + 2).map(String::as_str));
        let before = at.checked_sub(1).and_then(|at| words.get(at)).map(String::as_str);
        (word == "is" || word == "are")
            && after.0 == Some("no")
            && !matches!(after.1, Some("longer" | "more" | "less" | "library"))
            && after.1.is_some()
            && before != Some("there")
    });
    is_no.then(|| "is no ...".to_owned())
}

/// In code, only comments and texts: identifiers are free, and so are the names in tests' own data.
fn prose<'l>(path: &str, line: &'l str) -> Option<&'l str> {
    if !is_code(path) {
        return Some(line);
    }
    crate::files::comment(line).or_else(|| line.find('"').map(|at| &line[at..]))
}

#[test]
fn the_subject_is_named() {
    let mut wrong = Vec::new();
    for (path, text) in texts() {
        // The list itself; lists of others, quoted as they are; makers' own words in expected files.
        if path.starts_with("tests/house/") || path.starts_with("tests/collections/") {
            continue;
        }
        let ours = !NOT_OURS.iter().any(|place| path.starts_with(place));
        for (at, line) in text.lines().enumerate() {
            if let Some(found) = prose(&path, line).and_then(|line| idiom(line, ours)) {
                wrong.push(format!("{path}:{}: {found:?} in: {}", at + 1, line.trim()));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "expected plain English (CONTRIBUTING.md), found\n{}",
        wrong.join("\n")
    );
}

#[test]
fn the_old_idiom_is_seen() {
    for line in [
        "Notes whoever looks like one",
        "this is no phone",
        "A fault of ours",
        "it asks for a file",
    ] {
        assert!(idiom(line, true).is_some(), "{line}");
    }
    for line in
        ["there is no phone", "is no longer used", "\"answer\": \"nobody\"", "N stands for a line"]
    {
        assert_eq!(idiom(line, true), None, "{line}");
    }
}
