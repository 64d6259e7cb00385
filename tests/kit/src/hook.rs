//! A Kea that has the hook.

use crate::kea::Setup;
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

    /// Loads the hook with the policy in a file of the setup's folder.
    pub fn offhook_file(self, policy: &str) -> Setup {
        let file = self.folder.write("policy.json", policy);
        self.offhook_with(json!({ "policy-file": file }))
    }
}
