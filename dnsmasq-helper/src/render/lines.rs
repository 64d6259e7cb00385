//! The rendered configuration while it grows, line by line in dnsmasq's own words.

use sha2::{Digest, Sha256};

/// Lines of one kind are kept together: dnsmasq evaluates each kind at its own moment, and only
/// `tag-if` lines among themselves (and options of one code) depend on their order.
#[derive(Debug, Default)]
pub struct Lines {
    pub matchers: String,
    pub chain: String,
    pub options: String,
    pub devices: String,
}

impl Lines {
    /// `dhcp-match=set:TAG,CODE,PATTERN`
    pub fn matches(&mut self, tag: &str, code: u8, pattern: &str) {
        push(&mut self.matchers, &["dhcp-match=set:", tag, ",", &code.to_string(), ",", pattern]);
    }

    /// A matcher in its own words.
    pub fn matcher(&mut self, line: &str) {
        push(&mut self.matchers, &[line]);
    }

    /// `tag-if=set:A,set:B,tag:C,tag:!D`
    pub fn tag_if<S: AsRef<str>, T: AsRef<str>>(&mut self, set: &[S], tags: &[T]) {
        self.chain.push_str("tag-if=");
        for (number, tag) in set.iter().enumerate() {
            let comma = if number == 0 { "" } else { "," };
            self.chain.push_str(comma);
            self.chain.push_str("set:");
            self.chain.push_str(tag.as_ref());
        }
        for tag in tags {
            self.chain.push_str(",tag:");
            self.chain.push_str(tag.as_ref());
        }
        self.chain.push('\n');
    }

    /// An option that is sent to clients with all these tags.
    pub fn option<T: AsRef<str>>(&mut self, tags: &[T], force: bool, option: &str, value: &str) {
        self.options.push_str(if force { "dhcp-option-force=" } else { "dhcp-option=" });
        for tag in tags {
            self.options.push_str("tag:");
            self.options.push_str(tag.as_ref());
            self.options.push(',');
        }
        let comma = if value.is_empty() { "" } else { "," };
        push(&mut self.options, &[option, comma, value]);
    }

    /// The first 16 hex digits of the SHA-256 of all lines.
    pub fn digest(&self) -> String {
        let mut sha = Sha256::new();
        for lines in [&self.matchers, &self.chain, &self.options, &self.devices] {
            sha.update(lines);
        }
        hex::encode(sha.finalize()).chars().take(16).collect()
    }

    pub fn comment(into: &mut String, text: &str) {
        push(into, &["# ", text]);
    }
}

fn push(into: &mut String, parts: &[&str]) {
    for part in parts {
        into.push_str(part);
    }
    into.push('\n');
}

/// `!tag`
pub fn not(tag: &str) -> String {
    format!("!{tag}")
}
