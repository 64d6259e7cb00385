//! Hardware addresses whose clients were refused a token, and those that an operator lets move.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use foldhash::fast::RandomState;
use offhook_core::Mac;

/// A client that was refused a token, as `phone-get` shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Impostor {
    pub(crate) before: String,
    pub(crate) shown: String,
    pub(crate) differs: String,
    /// Seconds since 1970.
    pub(crate) last: u64,
    pub(crate) times: u64,
}

/// The same impostor is reported once in this time.
const QUIET: u64 = 3600;

/// Hardware addresses whose clients were refused. Bounded; what goes first is any.
#[derive(Default)]
pub(crate) struct Impostors(Mutex<HashMap<Mac, (Impostor, u64), RandomState>>);

/// Enough for an operator to read; an attacker can fill it.
const MOST: usize = 10_000;

impl Impostors {
    /// True if it is to be reported.
    pub(crate) fn saw(&self, mac: Mac, found: Impostor) -> bool {
        let mut all = lock(&self.0);
        if let Some((known, told)) = all.get_mut(&mac) {
            let news = known.shown != found.shown || found.last >= *told + QUIET;
            *told = if news { found.last } else { *told };
            *known = Impostor { times: known.times + 1, ..found };
            return news;
        }
        if all.len() >= MOST
            && let Some(other) = all.keys().next().copied()
        {
            all.remove(&other);
        }
        let told = found.last;
        all.insert(mac, (found, told));
        true
    }

    pub(crate) fn get(&self, mac: Mac) -> Option<Impostor> {
        lock(&self.0).get(&mac).map(|(impostor, _)| impostor.clone())
    }
}

/// Phones that an operator lets move (`phone-allow-move`), until each has its token.
#[derive(Default)]
pub(crate) struct Moves {
    /// Read by every packet, so that no packet takes the lock while there is none.
    count: AtomicUsize,
    allowed: Mutex<HashMap<Mac, (), RandomState>>,
}

impl Moves {
    /// False: too many are waiting.
    pub(crate) fn allow(&self, mac: Mac) -> bool {
        let mut allowed = lock(&self.allowed);
        if allowed.len() >= MOST {
            return false;
        }
        allowed.insert(mac, ());
        self.count.store(allowed.len(), Ordering::Release);
        true
    }

    pub(crate) fn waiting(&self) -> usize {
        self.count.load(Ordering::Acquire)
    }

    pub(crate) fn may(&self, mac: Mac) -> bool {
        self.waiting() > 0 && lock(&self.allowed).contains_key(&mac)
    }

    /// The phone has its lease and its token.
    pub(crate) fn done(&self, mac: Mac) {
        if self.waiting() > 0 {
            let mut allowed = lock(&self.allowed);
            allowed.remove(&mac);
            self.count.store(allowed.len(), Ordering::Release);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing in here can panic between two changes that belong together.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
