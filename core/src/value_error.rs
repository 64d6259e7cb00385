//! Why a single value of a policy or a list of phones is refused. The caller adds the place.

/// What is wrong with a value. No message repeats the value of a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    /// It is of another kind; the text says of which it should be.
    #[error("expected {0}")]
    Expected(String),
    /// A line's end.
    #[error(
        "the character U+{:04X} cannot be written in a phone's file: take the line break out, or close a \
         quote that is still open",
        u32::from(*.0)
    )]
    LineBreak(char),
    /// Another character that no phone's file can hold.
    #[error("the character U+{:04X} cannot be written in a phone's file: take it out", u32::from(*.0))]
    Character(char),
    /// A maker's own key without a name.
    #[error("a key of \"settings\" is empty, or has blanks around it")]
    SettingName,
    /// The folder of a phone's files depends on its model, and the list does not say it.
    #[error("the URL has {{{{model}}}} in it: say the phone's model")]
    NoModel,
    /// A label that is not one of a domain name (RFC 1035, section 2.3.1; `_` too).
    #[error("expected a domain name, found {name:?} (label {label:?})")]
    Label {
        /// The whole name.
        name: String,
        /// Its first label that is wrong.
        label: String,
    },
    /// More than 255 bytes on the wire (RFC 1035, section 2.3.4).
    #[error("{0:?} is longer than a domain name may be (255 bytes)")]
    LongName(String),
}

/// As a mistake's text.
impl From<ValueError> for String {
    fn from(error: ValueError) -> String {
        error.to_string()
    }
}
