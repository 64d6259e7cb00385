//! A list of phones, in whatever it is written.

use crate::list::{Format, PhoneList, Reading, check_whole, gathered};
use crate::{csv_list, encoding, json_list};

impl Reading<'_> {
    /// Reads a list. Wrong entries are in its mistakes; the rest is there. No mistake repeats a cell: any of
    /// them may hold a password that slipped into another column.
    pub fn read(&self, bytes: &[u8]) -> PhoneList {
        let text = match encoding::decode(bytes) {
            Ok(text) => text,
            Err(mistake) => {
                return PhoneList { mistakes: vec![mistake], ..PhoneList::default() };
            }
        };
        let json = behind_comments(&text).starts_with(['[', '{']);
        let format = self.format.unwrap_or(if json { Format::Json } else { Format::Csv });
        let mut list = match format {
            Format::Json => json_list::read(&text, self),
            Format::Csv => csv_list::read(&text, self),
        };
        check_whole(&mut list);
        list.mistakes = gathered(std::mem::take(&mut list.mistakes));
        list
    }
}

/// What follows the blanks and comments at the beginning: JSON may have them.
fn behind_comments(text: &str) -> &str {
    let mut rest = text.trim_start();
    loop {
        let end = match rest {
            _ if rest.starts_with(['#']) || rest.starts_with("//") => rest.find('\n'),
            _ if rest.starts_with("/*") => rest.find("*/").map(|at| at + 2),
            _ => return rest,
        };
        let Some(end) = end else { return "" };
        rest = rest.get(end..).unwrap_or_default().trim_start();
    }
}
