/// Files of dnsmasq's book.
pub mod dnsmasq;
/// Answers of Kea's control channel.
pub mod kea;

use offhook_catalogue::masking::plain;
use serde::Serialize;
use serde_json::Value;

/// A DHCP server, as it describes itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Server {
    /// Where it was asked.
    pub name: String,
    /// `kea` or `dnsmasq`.
    pub kind: &'static str,
    /// The release of Kea that the hook was built for.
    pub release: Option<String>,
    /// offhook's own version.
    pub version: Option<String>,
    /// `active`, `last-good` or `passive`.
    pub state: Option<String>,
    /// Digest of the policy in force.
    pub policy: Option<String>,
    /// Since when that policy is in force, in seconds since 1970.
    pub since: Option<i64>,
    /// The mistakes of a policy that the server refused.
    pub mistakes: Vec<String>,
    /// Options of the server's own that phones may follow.
    pub competing_options: Vec<Competing>,
    /// What it counts since it loaded the library, by name.
    pub counters: Vec<(String, u64)>,
    /// Phones and unrecognised devices that it remembers.
    pub remembered: Option<u64>,
    /// How many it can remember.
    pub most_remembered: Option<u64>,
}

/// An option of the server's own that phones may follow instead of the policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Competing {
    /// The id of the maker whose phones follow it.
    pub vendor: Option<String>,
    /// The option's number.
    pub code: Option<u64>,
    /// What the phones take it for.
    pub text: String,
}

impl Server {
    fn new(name: &str, kind: &'static str) -> Server {
        Server {
            name: plain(name),
            kind,
            release: None,
            version: None,
            state: None,
            policy: None,
            since: None,
            mistakes: Vec::new(),
            competing_options: Vec::new(),
            counters: Vec::new(),
            remembered: None,
            most_remembered: None,
        }
    }
}

/// A text of an answer, fit to be shown.
fn text(value: &Value) -> Option<String> {
    value.as_str().filter(|text| !text.is_empty()).map(plain)
}

fn seconds(value: &Value) -> Option<i64> {
    value.as_i64().filter(|seconds| *seconds > 0)
}
