//! A phone of the list, as its author meant it.

use std::fmt;

use offhook_catalogue::VendorIx;
use offhook_catalogue::mac::Mac;
use offhook_core::fields::Values;
use offhook_core::keys::Keys;

/// Where in the list something is: a line of a CSV file, or an entry of a JSON list, from 1.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Row(pub u32);

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "row {}", self.0)
    }
}

/// One phone.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Phone {
    /// Where in the list it is.
    pub row: Row,
    /// Its hardware address.
    pub mac: Mac,
    /// Its maker.
    pub vendor: VendorIx,
    /// Empty if the list does not say.
    pub model: Box<str>,
    /// The position among the policy's sites.
    pub site: Option<u32>,
    /// Its lines, in the order of the list.
    pub lines: Vec<Line>,
    /// What holds for the phone, or for all its lines.
    pub values: Values,
    /// Keys of the maker's own, as the list has them.
    pub settings: Vec<(Box<str>, Box<str>)>,
    /// What the programmable keys do.
    pub keys: Keys,
}

/// One line (account) of a phone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Line {
    /// Where in the list it is.
    pub row: Row,
    /// Its number on the phone, from 1.
    pub number: u16,
    /// What the list says of it.
    pub values: Values,
    /// Is on several phones on purpose.
    pub shared: bool,
    /// Keys of the maker's own, for this line.
    pub settings: Vec<(Box<str>, Box<str>)>,
}
