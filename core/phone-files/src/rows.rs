//! Which rows of a list something is about, in few words however many there are.

use std::fmt;

use crate::phone::Row;

/// Rows, the first of them by number.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Rows {
    first: Vec<Row>,
    more: usize,
}

/// How many rows are named.
const SHOWN: usize = 5;

impl Rows {
    pub fn add(&mut self, row: Row) {
        if self.first.contains(&row) {
            return;
        }
        if self.first.len() < SHOWN { self.first.push(row) } else { self.more += 1 }
    }

    pub fn is_empty(&self) -> bool {
        self.first.is_empty()
    }
}

impl fmt::Display for Rows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let numbers: Vec<String> = self.first.iter().map(|row| row.0.to_string()).collect();
        let rows = if numbers.len() + self.more == 1 { "row" } else { "rows" };
        write!(f, "{rows} {}", numbers.join(", "))?;
        if self.more > 0 { write!(f, " and {} more", self.more) } else { Ok(()) }
    }
}
