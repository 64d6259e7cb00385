//! A Kea that has the hook.

use std::path::Path;

use crate::kea::Setup;
use crate::process;
use crate::product::library;
use serde_json::{Value, json};

impl Setup {
    /// A Kea with the hook and this policy (JSON).
    pub fn offhook(policy: &str) -> Setup {
        let policy: Value = serde_json::from_str(policy)
            .unwrap_or_else(|error| panic!("expected a policy in JSON: {error}\n{policy}"));
        Setup::new().offhook_with(json!({ "policy": policy }))
    }

    /// Loads the hook with these parameters.
    pub fn offhook_with(self, parameters: Value) -> Setup {
        self.library(library(), Some(parameters))
    }

    /// Loads a library that a test has as its source, in C++, against the headers of this Kea.
    pub fn library_of(self, source: &Path) -> Setup {
        let name = source.with_extension("so");
        let library = self.folder.join(&name.file_name().expect("a name").to_string_lossy());
        let headers = std::env::var("KEA_INCLUDE_DIR").unwrap_or("/usr/include/kea".to_owned());
        process::run_well(
            process::command("g++")
                .args(["-std=c++17", "-shared", "-fPIC", "-isystem", &headers, "-o"])
                .args([&library, source]),
        );
        self.library(&library, None)
    }

    /// Loads the hook with the policy in a file of the setup's folder.
    pub fn offhook_file(self, policy: &str) -> Setup {
        let file = self.folder.write("policy.json", policy);
        self.offhook_with(json!({ "policy-file": file }))
    }
}
