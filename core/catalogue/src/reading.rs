//! The `read` patterns of rules: which parts of a value are model and firmware.

use crate::text::TextError;

/// A part of a `read` pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadPart<'p> {
    /// Text that must be there.
    Literal(&'p str),
    /// `{model}`.
    Model,
    /// `{firmware}`.
    Firmware,
    /// `{*}`.
    Anything,
    /// `[ dslforum.org]`: an end that may be missing. Only at the end of a pattern.
    Ending(&'p str),
}

/// Cuts `digium_{model}_{firmware}` into its parts.
///
/// # Errors
/// Brackets that are not a known name, or two names without a text between them.
pub fn read_parts(pattern: &str) -> Result<Vec<ReadPart<'_>>, TextError> {
    let mut parts = Vec::new();
    let (mut rest, ending) = match pattern.strip_suffix(']').and_then(|rest| rest.rsplit_once('['))
    {
        Some((_, ending)) if ending.is_empty() || ending.contains(['{', '}']) => {
            return Err(TextError::Pattern(format!(
                "[{ending}] in {pattern:?}: expected a plain text"
            )));
        }
        Some((rest, ending)) => (rest, Some(ending)),
        None => (pattern, None),
    };
    while let Some(open) = rest.find('{') {
        if open > 0 {
            parts.push(ReadPart::Literal(&rest[..open]));
        } else if matches!(parts.last(), Some(part) if !matches!(part, ReadPart::Literal(_))) {
            return Err(TextError::Pattern(format!(
                "two parts without a text between them in {pattern:?}"
            )));
        }
        let Some(close) = rest[open..].find('}') else {
            return Err(TextError::Pattern(format!("\"{{\" without \"}}\" in {pattern:?}")));
        };
        parts.push(match &rest[open + 1..open + close] {
            "model" => ReadPart::Model,
            "firmware" => ReadPart::Firmware,
            "*" => ReadPart::Anything,
            other => {
                return Err(TextError::Pattern(format!(
                    "{{{other}}} is not {{model}}, {{firmware}} or {{*}}"
                )));
            }
        });
        rest = &rest[open + close + 1..];
    }
    if !rest.is_empty() {
        parts.push(ReadPart::Literal(rest));
    }
    parts.extend(ending.map(ReadPart::Ending));
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_cut_into_parts() {
        use ReadPart::{Firmware, Literal, Model};
        assert_eq!(
            read_parts("digium_{model}_{firmware}"),
            Ok(vec![Literal("digium_"), Model, Literal("_"), Firmware])
        );
        assert_eq!(
            read_parts("HT{model}[ x]"),
            Ok(vec![Literal("HT"), Model, ReadPart::Ending(" x")])
        );
        assert!(read_parts("{model}[{firmware}]").is_err());
        assert!(read_parts("{model}{firmware}").is_err());
        assert!(read_parts("{modell}").is_err());
    }
}
