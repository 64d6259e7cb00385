//! Where a CSV list begins, and what separates its cells; and what is wrong with its form as a whole. No message
//! repeats a cell, which may be a secret.

use offhook_catalogue::error::Mistake;

use super::columns;

/// A list from its first row on.
#[derive(Clone, Copy)]
pub(super) struct Beginning<'t> {
    pub(super) separator: u8,
    pub(super) text: &'t str,
    /// Lines before it.
    pub(super) skipped: u64,
}

/// What people separate cells by, with its name in messages.
const SEPARATORS: [(char, &str); 6] = [
    (',', "commas"),
    (';', "semicolons"),
    ('\t', "tabs"),
    ('|', "\"|\""),
    (':', "colons"),
    (' ', "blanks"),
];

impl<'t> Beginning<'t> {
    /// By the first row that is not empty, or by a line `sep=;` before it.
    pub fn new(text: &'t str) -> Beginning<'t> {
        let (mut text, mut skipped) = (text, 0);
        let empty = |line: &str| {
            line.chars().all(|c| c.is_whitespace() || matches!(c, ',' | ';' | '|' | '"'))
        };
        while let Some((_, rest)) = text.split_once('\n').filter(|(first, _)| empty(first)) {
            (text, skipped) = (rest, skipped + 1);
        }
        if empty(text) {
            skipped = 0;
        }
        let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
        let bare = first.trim_end_matches('\r').trim_matches('"');
        if let Some((name, sign)) = bare.split_at_checked(4)
            && name.eq_ignore_ascii_case("sep=")
            && let [separator @ (b',' | b';' | b'\t' | b'|')] = *sign.as_bytes()
        {
            return Beginning { separator, text: rest, skipped: skipped + 1 };
        }
        let count = |sign: char| first.matches(sign).count();
        let most = [(',', b','), (';', b';'), ('\t', b'\t')];
        // A comma, where none is there more often.
        let best = most.into_iter().rev().max_by_key(|(sign, _)| count(*sign));
        Beginning { separator: best.map_or(b',', |(_, byte)| byte), text, skipped }
    }

    fn row(&self, line: u64) -> String {
        format!("row {}", line + self.skipped)
    }

    /// The first row names no column.
    pub fn no_names(&self) -> Mistake {
        let hint = self.hint().map(|hint| format!(": {hint}")).unwrap_or_default();
        let known = columns::known().join(", ");
        let text = format!("the first row must name the columns{hint}; known here: {known}");
        Mistake::new(self.row(1), text)
    }

    /// Where the names are, if they are not where they belong.
    fn hint(&self) -> Option<String> {
        let mut lines = self.text.lines().filter(|line| !line.trim().is_empty()).take(5);
        let first = lines.next().unwrap_or_default();
        if first.trim_start().starts_with('<') {
            return Some("this is a page of HTML or XML".to_owned());
        }
        let by = |line: &str, sign: char| columns::named(line.split(sign)) > 1;
        let mut others = SEPARATORS.iter().filter(|(sign, _)| !self.is(*sign));
        if let Some((_, name)) = others.find(|(sign, _)| by(first, *sign)) {
            return Some(format!(
                "they are separated by {name} here, and must be by commas, semicolons or tabs, or as a row \
                 before them says (sep=;)"
            ));
        }
        let later = lines.any(|line| SEPARATORS.iter().any(|(sign, _)| by(line, *sign)));
        later.then(|| "a row below names them; take out what is above it".to_owned())
    }

    fn is(&self, sign: char) -> bool {
        u32::from(sign) == u32::from(self.separator)
    }

    /// What the reader of CSV itself complains of.
    pub fn broken(&self, error: &csv::Error) -> Mistake {
        let line = error.position().map_or(1, csv::Position::line);
        let text = match error.kind() {
            csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
                let at = usize::try_from(line).unwrap_or(usize::MAX).saturating_sub(1);
                let row = self.text.lines().nth(at).unwrap_or_default();
                let mut others = SEPARATORS.iter().take(4).filter(|(sign, _)| !self.is(*sign));
                let fits = |sign: char| row.split(sign).count() as u64 == *expected_len;
                let hint = others.find(|(sign, _)| *len == 1 && fits(*sign));
                let hint = hint.map(|(_, name)| {
                    format!(": it is separated by {name}, and the first row is not")
                });
                let hint = hint.unwrap_or_default();
                format!("expected {expected_len} columns as in the first row, found {len}{hint}")
            }
            csv::ErrorKind::Utf8 { .. } => "expected UTF-8".to_owned(),
            _ => "not CSV".to_owned(),
        };
        Mistake::new(self.row(line), text)
    }
}
