//! The makers of the phones seen, kept for a moment: each of ten commands at once would look for them again.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long an answer may be old, if no phone has come or gone.
const FRESH: Duration = Duration::from_secs(1);

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Makers(Mutex<Option<Kept>>);

#[derive(Debug)]
struct Kept {
    at: Instant,
    phones: usize,
    ids: Arc<BTreeSet<String>>,
}

impl Makers {
    /// What is kept, or what `look` finds; `phones` is the number of phones now.
    pub(crate) fn get(
        &self,
        phones: usize,
        look: impl FnOnce() -> BTreeSet<String>,
    ) -> Arc<BTreeSet<String>> {
        // One value, replaced as a whole.
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(Kept { at, phones: then, ids }) = &*kept
            && *then == phones
            && at.elapsed() < FRESH
        {
            return Arc::clone(ids);
        }
        let ids = Arc::new(look());
        *kept = Some(Kept { at: Instant::now(), phones, ids: Arc::clone(&ids) });
        ids
    }

    /// Another policy may come with another catalogue.
    pub(crate) fn forget(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_looked_for_once_until_a_phone_comes_or_the_policy_changes() {
        let (makers, looked) = (Makers::default(), std::cell::Cell::new(0));
        let look = |phones| {
            let ids = makers.get(phones, || {
                looked.set(looked.get() + 1);
                BTreeSet::from(["yealink".to_owned()])
            });
            assert_eq!(ids.len(), 1);
            looked.get()
        };
        assert_eq!((look(5), look(6)), (1, 2));
        makers.forget();
        assert_eq!(look(6), 3);
        let before = looked.get();
        // Within a second at the second time, but on a machine that stands still.
        assert!(look(6) <= before + 1);
    }
}
