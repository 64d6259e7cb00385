//! Odd URLs: a policy takes one only where a second, independent reader finds the same host, port and path
//! in what the phones are sent; all else is a mistake.

// A test fails by panicking.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use offhook_core::catalogue::VariantIx;
use offhook_core::plan::Plan;
use offhook_core::url::UrlParts;
use offhook_core::{Engine, Host, builtin};
use proptest::prelude::*;

const SCHEMES: [&str; 11] = [
    "http://", "https://", "HTTP://", "hTTps://", "ftp://", "tftp://", "http:/", "http:", "://",
    "ht tp://", "",
];
const USERS: [&str; 8] =
    ["", "prov:S3cret@", "u@", "u:p@ss@", ":@", "a%40b:c@", "u:p/x@", "me:p\u{e4}ss@"];
const HOSTS: [&str; 33] = [
    "x.example",
    "X.Example",
    "10.0.0.5",
    "[2001:db8::1]",
    "[2001:DB8::A]",
    "[::ffff:10.0.0.5]",
    "[fe80::1%25eth0]",
    "[::1",
    "::1",
    "[::g]",
    "xn--prvision-m0a.example",
    "pr\u{f6}vision.example",
    "a_b.example",
    "a-b",
    "x.example.",
    "a..b",
    "10.0.0",
    "10.0.0.256",
    "010.0.0.1",
    "0x7f.1",
    "1",
    "a%41b",
    "a b",
    "a\tb",
    "",
    ".",
    "x,y",
    "x\\y",
    "a<b>",
    "\u{ff41}.example",
    "\u{ff41}\u{ff0f}b.example",
    "bu\u{308}cher.example",
    "\u{4f8b}\u{3048}\u{3002}jp",
];
const PORTS: [&str; 9] = ["", ":", ":80", ":443", ":8080", ":0", ":65535", ":65536", ":+80"];
const PATHS: [&str; 22] = [
    "",
    "/",
    "/phones",
    "/phones/",
    "/a/b.cfg",
    "/a b/",
    "/{mac}/",
    "/$MAC.cfg",
    "/<MACADR>",
    "/$(system.mac)/",
    "//x/",
    "/a:b@c/",
    "/a\\b/",
    "/\u{e4}/",
    "/%7e/x/",
    "/a\"b/",
    "/a|b^c`d/",
    "/..x/",
    "/a;b=c,d/",
    "/a'b!*(c)/",
    "/[x]/",
    "/a%2fb/",
];
const ENDS: [&str; 9] = ["", "?k=v", "?", "?a=b/c@d", "#f", "#", "?a#b?c", "?x y", "?\u{e4}"];

fn odd_url() -> impl Strategy<Value = String> {
    let one = |all: &'static [&'static str]| prop::sample::select(all);
    let parts = (one(&SCHEMES), one(&USERS), one(&HOSTS), one(&PORTS), one(&PATHS), one(&ENDS));
    parts.prop_map(|(scheme, user, host, port, path, end)| {
        [scheme, user, host, port, path, end].concat()
    })
}

/// Few odd parts at once: with all of them odd nearly every URL is a mistake.
fn nearly_usual() -> impl Strategy<Value = String> {
    let usual = ["http://", "", "x.example", "", "/phones/", ""];
    let all: [&'static [&'static str]; 6] = [&SCHEMES, &USERS, &HOSTS, &PORTS, &PATHS, &ENDS];
    let chosen = prop::collection::vec((0usize..6, any::<prop::sample::Index>()), 1..3);
    chosen.prop_map(move |chosen| {
        let mut parts = usual;
        for (at, index) in chosen {
            parts[at] = *index.get(all[at]);
        }
        parts.concat()
    })
}

/// Percent-encoded and plain bytes are one to compare paths.
fn plain(path: &str) -> Vec<u8> {
    let (mut out, mut rest) = (Vec::new(), path.as_bytes());
    while let [first, tail @ ..] = rest {
        let digits = tail.first_chunk::<2>().filter(|_| *first == b'%');
        let byte =
            digits.and_then(|two| u8::from_str_radix(std::str::from_utf8(two).ok()?, 16).ok());
        (out, rest) = match byte {
            Some(byte) => ([out, vec![byte]].concat(), &tail[2..]),
            None => ([out, vec![*first]].concat(), tail),
        };
    }
    out
}

/// What the second reader finds, or what differs.
fn agree(text: &str) -> Result<(), String> {
    let ours = UrlParts::parse(text).map_err(|error| error.to_string())?;
    let theirs =
        url::Url::parse(text).map_err(|error| format!("{text:?}: the second reader: {error}"))?;
    let host = theirs.host().map(|host| match host {
        url::Host::Ipv6(address) => address.to_string(),
        other => other.to_string(),
    });
    let host = host.unwrap_or_default();
    let own_host = match ours.host.parse::<std::net::Ipv6Addr>() {
        Ok(address) => address.to_string(),
        Err(_) => ours.host.to_owned(),
    };
    let same_host = host.eq_ignore_ascii_case(&own_host);
    let port = theirs.port().or(theirs.port_or_known_default());
    let own_port = ours.port.or(theirs.port_or_known_default());
    let path = |text: &str| plain(if text.is_empty() { "/" } else { text });
    let (user, own_user) = (
        !theirs.username().is_empty() || theirs.password().is_some(),
        ours.user_info.is_some_and(|user| !matches!(user, "" | ":")),
    );
    match same_host
        && port == own_port
        && path(theirs.path()) == path(ours.path)
        && user == own_user
    {
        true => Ok(()),
        false => Err(format!("{text:?}: ours {ours:?}, the second reader {theirs:?}")),
    }
}

/// The text of an option of a plan.
fn text(plan: &Plan, code: u8) -> Option<String> {
    let option = plan.options.iter().find(|option| option.code == code)?;
    match option.form.as_ref()? {
        offhook_core::encode::Form::Fixed(bytes) => String::from_utf8(bytes.to_vec()).ok(),
        offhook_core::encode::Form::Live(_) => None,
    }
}

fn judged(url: &str) -> Result<bool, TestCaseError> {
    let parameter = serde_json::to_string(url).unwrap();
    let policy = format!(
        r#"{{ "systems": [{{ "system": "url", "url": {parameter} }}],
              "options": [{{ "code": 200, "text": "{{{{host}}}}" }}] }}"#
    );
    let engine = match Engine::new(builtin::shared(), &policy, Host::ANY) {
        Ok(engine) => engine,
        Err(mistakes) => {
            let shown = mistakes.to_string();
            prop_assert!(shown.contains("systems[0]"), "no place: {shown}");
            prop_assert!(!shown.contains("S3cret"), "a password in {shown}");
            return Ok(false);
        }
    };
    let shown =
        format!("{:?}", offhook_core::check::doubts(&engine, offhook_core::check::Makers::All));
    prop_assert!(!shown.contains("S3cret"), "a password in {shown}");
    let yealink = engine.tables().vendor("yealink").unwrap();
    let plan = engine.plan(None, yealink, VariantIx::NONE);
    let sent = text(plan, 66).expect("option 66");
    if let Err(difference) = agree(&sent) {
        return Err(TestCaseError::fail(format!("{url:?} is taken: {difference}")));
    }
    // The host apart is the host of the URL.
    let host = text(plan, 200).expect("option 200");
    prop_assert_eq!(host, UrlParts::parse(&sent).unwrap().host);
    // A phone that is sent a file behind the URL comes to the same host.
    let spa = engine.tables().vendor("cisco-spa").unwrap();
    let behind = text(engine.plan(None, spa, VariantIx::of_column(1)), 66).expect("option 66");
    let (sent, behind) = (UrlParts::parse(&sent).unwrap(), UrlParts::parse(&behind).unwrap());
    prop_assert_eq!((sent.host, sent.port), (behind.host, behind.port));
    Ok(true)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn a_url_is_read_as_a_second_reader_reads_it_or_is_a_mistake(url in odd_url(), near in nearly_usual()) {
        judged(&url)?;
        judged(&near)?;
    }
}

#[test]
fn usual_urls_are_taken_and_broken_ones_are_mistakes() {
    for url in [
        "http://x.example",
        "http://x.example:8080/p/",
        "https://u:p@x.example/",
        "HTTP://X.EXAMPLE/A/",
        "tftp://10.0.0.5/",
        "https://[2001:db8::1]:8443/p/",
        "http://x.example/p?k=v",
        "http://x.example/{mac}.cfg",
        "https://xn--prvision-m0a.example/",
        "http://pr\u{f6}vision.example/",
        "http://x.example/$MAC/",
    ] {
        assert!(judged(url).unwrap(), "{url} is refused");
    }
    for url in [
        "https://",
        "http:///x",
        "http://a b/",
        "http://pr\u{f6} vision.example/",
        "http://x:99999/",
        "http://10.0.0.256/",
        "http://[::1/",
        "x.example/p",
        "http://u:p@/",
    ] {
        assert!(!judged(url).unwrap(), "{url} is taken");
    }
}
