//! Hook libraries that Kea calls after this one: what they change in phones' answers is not seen here.

/// A library behind this one in `hooks-libraries`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Behind {
    pub(crate) name: String,
    /// The options that its parameters name; none if that cannot be found out.
    pub(crate) codes: Vec<u8>,
}

impl Behind {
    /// What it may do to phones' answers.
    pub(crate) fn sentence(&self) -> String {
        let name = &self.name;
        let codes: Vec<String> = self.codes.iter().map(u8::to_string).collect();
        let what = match codes.len() {
            0 => "may change any option".to_owned(),
            1 => format!("changes option {}", codes.join("")),
            _ => format!("changes options {}", codes.join(", ")),
        };
        format!(
            "libdhcp_{name}.so comes after libdhcp_offhook.so and {what} of what phones are sent, \
             unseen by offhook"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sentence_names_what_is_known() {
        let sentence = |codes: &[u8]| {
            Behind { name: "flex_option".to_owned(), codes: codes.to_vec() }.sentence()
        };
        let head = "libdhcp_flex_option.so comes after libdhcp_offhook.so and ";
        assert!(sentence(&[66]).starts_with(&format!("{head}changes option 66 of")));
        assert!(sentence(&[66, 67]).starts_with(&format!("{head}changes options 66, 67 of")));
        assert!(sentence(&[]).starts_with(&format!("{head}may change any option of")));
    }
}
