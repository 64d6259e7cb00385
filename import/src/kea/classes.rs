//! Kea's client classes.

use std::collections::HashMap;

use super::Reader;
use super::expressions::{Members, condition};
use super::options::{Object, flag, objects, text, texts};
use crate::model::{Cond, Expr};

/// The conditions of the classes so far.
#[derive(Debug, Default)]
pub struct Classes {
    known: HashMap<String, Cond>,
    /// By reservations: which addresses are put into a class.
    reserved: HashMap<String, Vec<Cond>>,
    /// All addresses that have a reservation.
    hosts: Vec<Cond>,
}

impl Members for Classes {
    fn member(&self, name: &str) -> Option<Cond> {
        match name {
            "ALL" => Some(Cond::EVERY),
            "KNOWN" => Some(Cond::Any(self.hosts.clone())),
            "UNKNOWN" => Some(Cond::Any(self.hosts.clone()).negated()),
            _ => match (name.strip_prefix("VENDOR_CLASS_"), self.known.get(name)) {
                (_, Some(cond)) => Some(cond.clone()),
                (Some(class), None) => Some(Cond::Same(Expr::Option(60), Expr::text(class))),
                (None, None) => None,
            },
        }
    }
}

impl Classes {
    /// An address with a reservation, and the classes that it is put into.
    pub fn host(&mut self, mac: [u8; 6], host: &Object) {
        let cond = Cond::Mac(mac.map(Some));
        self.hosts.push(cond.clone());
        for class in texts(host, "client-classes") {
            self.reserved.entry(class.to_owned()).or_default().push(cond.clone());
        }
    }
}

/// A class whose options are still to be read.
pub struct Class<'t> {
    pub object: &'t Object,
    pub when: Cond,
    /// It counts only where a subnet, pool or network names it.
    pub required: Option<String>,
}

impl Reader {
    /// The classes in their order; those that cannot be judged are noted.
    pub(super) fn classes<'t>(&mut self, dhcp4: &'t Object) -> Vec<Class<'t>> {
        let mut classes = Vec::new();
        for (line, object) in objects(dhcp4, "client-classes") {
            let name = text(object, "name").unwrap_or_default().to_owned();
            let when = match (text(object, "test"), text(object, "template-test")) {
                (_, Some(_)) => {
                    Err("\"template-test\" makes classes while the server runs".to_owned())
                }
                (Some(test), None) if !test.trim().is_empty() => {
                    condition(test, &self.names, &self.classes)
                }
                _ => Ok(self.without_test(&name)),
            };
            let when = match when {
                Ok(when) => when,
                Err(text) => {
                    self.note(
                        line,
                        format!("whom the class {name:?} means cannot be judged here: {text}"),
                        "say in the policy whom it means (vendors, sites or devices)",
                    );
                    self.lost(object, line, "class");
                    continue;
                }
            };
            if when == Cond::NONE {
                let reason =
                    format!("no test and no reservation puts a client into the class {name:?}");
                self.note(
                    line,
                    reason,
                    "say in the policy whom it means (vendors, sites or devices)",
                );
            }
            self.classes.known.insert(name.clone(), when.clone());
            let required = ["only-if-required", "only-in-additional-list"];
            let required =
                required.iter().any(|key| flag(object, key) == Some(true)).then_some(name);
            classes.push(Class { object, when, required });
        }
        classes
    }

    fn without_test(&self, name: &str) -> Cond {
        match name.strip_prefix("VENDOR_CLASS_") {
            Some(class) => Cond::Same(Expr::Option(60), Expr::text(class)),
            None => Cond::Any(self.classes.reserved.get(name).cloned().unwrap_or_default()),
        }
    }
}
