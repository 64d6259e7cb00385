//! Doubts about the sites themselves: who never reaches one, and what cannot be matched when it counts.

use super::found::Found;
use super::shadowed::Earlier;
use crate::engine::Engine;
use crate::policy::Answer;

/// A site whose clients all belong to an earlier one.
pub(super) fn shadowed(engine: &Engine, found: &mut Found) {
    let sites = &engine.policy().sites;
    let mut earlier = Earlier::new(sites);
    for (index, site) in sites.iter().enumerate() {
        let covering = earlier.covering(&site.matching);
        earlier.add(index);
        if let Some(earlier) = covering.and_then(|index| sites.get(index)) {
            found.add(
                &format!("sites[{index}]"),
                format!(
                    "{:?} is never reached: all its clients are at {:?}, which comes first",
                    site.name, earlier.name
                ),
            );
        }
        let answers =
            std::iter::once(&site.scope.layer).any(|layer| layer.answer == Some(Answer::Phones));
        if answers && !site.matching.client_classes.is_empty() {
            found.add(
                &format!("sites[{index}].answer"),
                "client classes are not known yet when it is decided whether to answer: here the \
                 general \"answer\" holds"
                    .to_owned(),
            );
        }
    }
}

/// Kea makes these client classes out of option 60, and writes characters in them as `%20` since 3.3.
pub(super) fn classes_by_vendor_class(engine: &Engine, found: &mut Found) {
    for (index, site) in engine.policy().sites.iter().enumerate() {
        let classes = &site.matching.client_classes;
        if let Some(name) = classes.iter().find(|name| name.starts_with("VENDOR_CLASS_")) {
            found.add(
                &format!("sites[{index}].match.client-classes"),
                format!(
                    "Kea names {name:?} by the client's option 60, and from 3.3 on it spells some \
                     characters in such names otherwise (a blank as %20): use a client class of \
                     your own, or give both spellings"
                ),
            );
        }
    }
}
