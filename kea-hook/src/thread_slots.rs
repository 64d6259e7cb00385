//! One lane per packet thread: what a thread needs while it answers, where no other thread waits.
//!
//! A lane holds its own reference to the policy in force, its counters and its scratch memory, behind
//! a lock that only the thread that applies a policy or adds up the counters takes besides. So a packet
//! costs no lock that is ever contended, and nothing is counted on a cache line that is shared.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use offhook_core::Edits;
use offhook_core::recognise::Finding;

use crate::counters::Counts;
use crate::snapshot::Snapshot;

/// Kea makes its packet threads anew at every change of configuration, so lanes are given out in a
/// circle. Two threads that meet in one lane wait for each other for a microsecond.
const LANES: usize = 64;

/// What a thread works with.
#[derive(Debug)]
pub(crate) struct Lane {
    pub(crate) snapshot: Arc<Snapshot>,
    pub(crate) counts: Counts,
    pub(crate) edits: Edits,
    /// The same answer as people may see it.
    pub(crate) shown: Edits,
    pub(crate) memo: Memo,
}

/// Who sent the packet that this thread met last. A packet stays with its thread from receipt to
/// answer (unless Kea parks it), and who sent it depends on its bytes alone, so that looking once is
/// enough. The bytes are compared, all of them: two packets can never be taken for one.
#[derive(Debug)]
pub(crate) struct Memo {
    wire: Vec<u8>,
    finding: Finding,
}

impl Memo {
    fn empty() -> Memo {
        Memo { wire: Vec::new(), finding: Finding::Unknown }
    }

    /// Who sent this packet; `find` is asked at the first time, and remembered for the next.
    pub(crate) fn finding(&mut self, wire: &[u8], find: impl FnOnce() -> Finding) -> Finding {
        if self.wire != wire {
            let finding = find();
            self.wire.clear();
            self.wire.extend_from_slice(wire);
            self.finding = finding;
        }
        self.finding
    }

    /// The same where there will be no next time.
    pub(crate) fn recall(&self, wire: &[u8]) -> Option<Finding> {
        (self.wire == wire).then_some(self.finding)
    }
}

/// On cache lines of its own.
#[repr(align(128))]
struct Apart(Mutex<Lane>);

pub(crate) struct Lanes(Box<[Apart]>);

thread_local! {
    /// Which lane this thread takes; `usize::MAX` until it has one. It needs no destructor: one would
    /// keep the library mapped after Kea has closed it.
    static LANE: Cell<usize> = const { Cell::new(usize::MAX) };
}

static NEXT: AtomicUsize = AtomicUsize::new(0);

impl Lanes {
    pub(crate) fn new(snapshot: &Arc<Snapshot>) -> Lanes {
        let lane = || {
            Apart(Mutex::new(Lane {
                snapshot: Arc::clone(snapshot),
                counts: Counts::default(),
                edits: Edits::default(),
                shown: Edits::default(),
                memo: Memo::empty(),
            }))
        };
        Lanes((0..LANES).map(|_| lane()).collect())
    }

    /// This thread's lane.
    pub(crate) fn own(&self) -> MutexGuard<'_, Lane> {
        let mut index = LANE.get();
        if index == usize::MAX {
            index = NEXT.fetch_add(1, Ordering::Relaxed) % LANES;
            LANE.set(index);
        }
        lock(&self.0[index % LANES])
    }

    /// Puts another policy in force, for every thread.
    pub(crate) fn replace(&self, snapshot: &Arc<Snapshot>) {
        for lane in &self.0 {
            let mut lane = lock(lane);
            lane.snapshot = Arc::clone(snapshot);
            // Another policy may recognise another phone in the same bytes.
            lane.memo = Memo::empty();
        }
    }

    /// The counters of all threads together.
    pub(crate) fn counts(&self) -> Counts {
        let mut sum = Counts::default();
        for lane in &self.0 {
            sum.add_all(&lock(lane).counts);
        }
        sum
    }
}

/// A panic while the lane was held has left nothing half done that the next packet would read: edits
/// are cleared before they are used, and a memo is kept in one go or not at all.
fn lock(lane: &Apart) -> MutexGuard<'_, Lane> {
    lane.0.lock().unwrap_or_else(PoisonError::into_inner)
}
