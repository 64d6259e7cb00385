//! What the unit tests share: a vendor of their own, a hook, packets, and a log.

use std::fs;
use std::net::Ipv4Addr;

use offhook_core::Mac;
use offhook_core::parts::Parts;
use offhook_core::query::code;
use serde_json::{Value, json};

use crate::hook::{Hook, Host};
use crate::packet_path::Room;

/// As Kea 2.2.0 is.
pub(crate) const HOST: Host =
    Host { hooks_version: 20200, longest_option: Some(255), check_only: false };

/// Option 60 of the test vendor's phones.
pub(crate) const VENDOR: &[u8] = b"testphone T1 2.3";

const FOLDER: &str = r#"
name = "Test phone"
[sources]
us = "these tests"
[[option-60]]
starts = "testphone"
read = "testphone {model} {firmware}"
source = "us"
[url]
takes = "base"
[[tell]]
what = "url"
code = 66
text = "{{url}}"
source = "us"
"#;

/// A hook with a policy that sends the test vendor's phones `66 "a"`; `more` are further members of the
/// policy.
pub(crate) fn hook(more: Value) -> Hook {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("vendors/testphone")).unwrap();
    fs::write(folder.path().join("vendors/testphone/vendor.toml"), FOLDER).unwrap();
    let mut policy = json!({"vendors": {"testphone": {"options": [{"code": 66, "text": "a"}]}}});
    policy.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let parameters = json!({"policy": policy, "vendors-directory": folder.path()});
    let hook = Hook::load(&parameters.to_string(), HOST).unwrap();
    // The folder is kept: a policy that is set later reads it again.
    let _ = folder.keep();
    hook
}

/// A DISCOVER.
pub(crate) fn wire(mac: &str, vendor_class: &[u8]) -> Vec<u8> {
    let mut parts = Parts { mac: Mac::parse(mac), ..Parts::default() };
    parts.option(code::VENDOR_CLASS, vendor_class);
    parts.wire(7)
}

/// A room that remembers what was put into it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) ready: Vec<(u8, u32)>,
    pub(crate) bytes: Vec<(u8, Vec<u8>)>,
    pub(crate) removed: Vec<u8>,
    pub(crate) watched: Vec<u8>,
    pub(crate) next_server: Option<Ipv4Addr>,
    pub(crate) names: Vec<Vec<u8>>,
}

impl Room for Told {
    fn ready(&mut self, code: u8, _: bool, index: u32) -> bool {
        self.ready.push((code, index));
        true
    }
    fn bytes(&mut self, code: u8, _: bool, value: &[u8]) -> bool {
        self.bytes.push((code, value.to_vec()));
        true
    }
    fn remove(&mut self, code: u8) -> bool {
        self.removed.push(code);
        true
    }
    fn watch(&mut self, code: u8) {
        self.watched.push(code);
    }
    fn next_server(&mut self, address: Ipv4Addr) {
        self.next_server = Some(address);
    }
    fn server_hostname(&mut self, name: &[u8]) -> bool {
        self.names.push(name.to_vec());
        true
    }
    fn boot_file_name(&mut self, name: &[u8]) -> bool {
        self.names.push(name.to_vec());
        true
    }
}
