//! How much one command may do. Kea runs commands on the thread that receives packets, so no client is answered
//! meanwhile; and it runs all commands that are waiting before it looks for packets again. So what commands
//! may take together in a quarter of a second is limited, and an answer that had to stop says where to go on.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A longer one follows what took longer than half of it.
const WINDOW: Duration = Duration::from_millis(250);

/// For all commands of a window together: reading arguments and compiling policies counts too.
const TIME: Duration = Duration::from_millis(60);
/// Of answers; Kea needs about 0.1 ms to read and write a kilobyte.
const BYTES: usize = 512 << 10;

/// How long the commands of a window may wait together for what is done on other threads, and each at
/// least. Nearly every policy is compiled in two milliseconds; unoptimised code needs twenty times as long.
const PATIENCE: Duration = Duration::from_millis(100 * SLOWER);
const LEAST_PATIENCE: Duration = Duration::from_millis(5 * SLOWER);
const SLOWER: u64 = if cfg!(debug_assertions) { 20 } else { 1 };

/// What each command gets at least, so that every asker comes to an end.
const LEAST_TIME: Duration = Duration::from_millis(5);
const LEAST_BYTES: usize = 16 << 10;

/// What the commands of this window have used.
#[derive(Debug)]
pub(crate) struct Budgets(Mutex<Used>);

#[derive(Debug)]
struct Used {
    since: Instant,
    time: Duration,
    bytes: usize,
}

/// One command's part. What it has used is noted when it ends.
#[derive(Debug)]
pub(crate) struct Budget<'b> {
    budgets: &'b Budgets,
    start: Instant,
    time: Duration,
    bytes: usize,
    used: usize,
}

impl Budgets {
    pub(crate) fn new() -> Budgets {
        Budgets(Mutex::new(Used { since: Instant::now(), time: Duration::ZERO, bytes: 0 }))
    }

    pub(crate) fn open(&self) -> Budget<'_> {
        let mut used = self.used();
        if used.since.elapsed() > WINDOW.max(2 * used.time) {
            *used = Used { since: Instant::now(), time: Duration::ZERO, bytes: 0 };
        }
        let time = TIME.saturating_sub(used.time).max(LEAST_TIME);
        let bytes = BYTES.saturating_sub(used.bytes).max(LEAST_BYTES);
        Budget { budgets: self, start: Instant::now(), time, bytes, used: 0 }
    }

    fn used(&self) -> MutexGuard<'_, Used> {
        // Numbers only: what a poisoned lock guards is whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Budget<'_> {
    /// Takes the bytes of one more entry of the answer.
    pub(crate) fn take(&mut self, bytes: usize) {
        self.used += bytes;
    }

    /// The part of the work that can stop early begins here. However long the part before it took, it gets
    /// the least time of a command, or asking again would never come to an end.
    pub(crate) fn begin(&mut self) {
        self.time = self.time.max(self.start.elapsed() + LEAST_TIME);
    }

    /// How long this command may wait for another thread.
    pub(crate) fn patience(&self) -> Duration {
        let used = self.budgets.used().time + self.start.elapsed();
        PATIENCE.saturating_sub(used).max(LEAST_PATIENCE)
    }

    /// The bytes that are left.
    pub(crate) fn left(&self) -> usize {
        self.bytes.saturating_sub(self.used)
    }

    pub(crate) fn is_used_up(&self) -> bool {
        self.used >= self.bytes || self.start.elapsed() >= self.time
    }
}

impl Drop for Budget<'_> {
    fn drop(&mut self) {
        let mut used = self.budgets.used();
        used.time += self.start.elapsed();
        used.bytes += self.used;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_at_once_get_little_each_and_each_gets_something() {
        let budgets = Budgets::new();
        let mut all = 0;
        for _ in 0..10 {
            let mut budget = budgets.open();
            while !budget.is_used_up() {
                budget.take(1024);
                all += 1024;
            }
            assert!(budget.used >= LEAST_BYTES);
        }
        assert!(all <= BYTES + 9 * LEAST_BYTES, "{all}");
        std::thread::sleep(WINDOW + Duration::from_millis(20));
        assert_eq!(budgets.open().left(), BYTES);
    }

    #[test]
    fn what_comes_before_counts_and_leaves_the_least_time() {
        let budgets = Budgets::new();
        let mut budget = budgets.open();
        std::thread::sleep(TIME);
        assert!(budget.is_used_up());
        budget.begin();
        let begun = Instant::now();
        while !budget.is_used_up() {
            std::thread::yield_now();
        }
        assert!(begun.elapsed() >= LEAST_TIME / 2, "{:?}", begun.elapsed());
        drop(budget);
        assert_eq!(budgets.open().time, LEAST_TIME, "the next command gets the least");
    }
}
