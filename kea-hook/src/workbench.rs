//! Where a command's policy is read and compiled: on a thread of its own. A policy of 2,000 sites takes seconds, and Kea
//! runs commands on the thread that receives packets. The command waits a moment for the result, and a short policy
//! is ready by then; otherwise it says so, and the same command gets the result when it is repeated.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use offhook_core::Mistakes;

use crate::parameters::Origin;
use crate::snapshot::{Keys, Snapshot};

/// A result that waits for the command longer than this is thrown away: the folder of vendors may have changed.
const KEPT: Duration = Duration::from_secs(60);

type Made = Result<Snapshot, Mistakes>;

/// What a policy is made of. Two equal ones have the same result.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Question {
    origin: Origin,
    keys: Keys,
    /// Of the policy's file: device, inode, length, and when it was changed.
    file: Option<[i64; 7]>,
}

impl Question {
    pub(crate) fn new(origin: &Origin, keys: Keys) -> Question {
        let file = match origin {
            Origin::File(path) => identity(path),
            _ => None,
        };
        Question { origin: origin.clone(), keys, file }
    }
}

fn identity(path: &Path) -> Option<[i64; 7]> {
    let of = fs::metadata(path).ok()?;
    let number = |number: u64| number.cast_signed();
    Some([
        number(of.dev()),
        number(of.ino()),
        number(of.size()),
        of.mtime(),
        of.mtime_nsec(),
        of.ctime(),
        of.ctime_nsec(),
    ])
}

/// What has become of a question.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// Boxed: compared with the others it is large.
    Made(Box<Made>),
    /// It is not ready: how long it has been worked on.
    Unfinished(Duration),
    /// Another policy is not ready yet.
    Occupied(Duration),
    /// The system gives no thread.
    NoThread(io::Error),
}

/// Makes one policy at a time, and throws away what is no longer needed: that takes long too.
#[derive(Debug, Default)]
pub(crate) struct Workbench(Mutex<Bench>);

#[derive(Debug, Default)]
struct Bench {
    job: Option<Job>,
    /// Threads must have ended before the library is unloaded.
    threads: Vec<JoinHandle<()>>,
}

#[derive(Debug)]
struct Job {
    question: Question,
    begun: Instant,
    result: Receiver<(Instant, thread::Result<Made>)>,
}

impl Workbench {
    /// The result, if it is ready within `patience`. A panic of the work is passed on to the caller.
    pub(crate) fn ask(
        &self,
        question: Question,
        patience: Duration,
        work: impl FnOnce() -> Made + Send + 'static,
    ) -> Outcome {
        let until = Instant::now() + patience;
        let mut bench = self.bench();
        if let Some(job) = bench.job.take() {
            match (job.wait(until), job.question == question) {
                (None, same) => {
                    let since = job.begun.elapsed();
                    bench.job = Some(job);
                    return if same {
                        Outcome::Unfinished(since)
                    } else {
                        Outcome::Occupied(since)
                    };
                }
                (Some((when, made)), true) if when.elapsed() < KEPT => return outcome(made),
                // No command requested it in time.
                (Some((_, made)), _) => bench.dispose(made),
            }
        }
        let begun = Instant::now();
        let (sender, result) = sync_channel(1);
        let started = bench.start(move || {
            let made = catch_unwind(AssertUnwindSafe(work));
            // It fails only where the hook is being unloaded.
            let _unloaded = sender.send((Instant::now(), made));
        });
        if let Err(error) = started {
            return Outcome::NoThread(error);
        }
        let job = Job { question, begun, result };
        match job.wait(until) {
            Some((_, made)) => outcome(made),
            None => {
                bench.job = Some(job);
                Outcome::Unfinished(begun.elapsed())
            }
        }
    }

    /// Drops it on a thread of its own.
    pub(crate) fn dispose<T: Send + 'static>(&self, unneeded: T) {
        self.bench().dispose(unneeded);
    }

    fn bench(&self) -> MutexGuard<'_, Bench> {
        // What a poisoned lock guards is whole: a job or none.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn outcome(made: thread::Result<Made>) -> Outcome {
    Outcome::Made(Box::new(made.unwrap_or_else(|panic| resume_unwind(panic))))
}

impl Job {
    fn wait(&self, until: Instant) -> Option<(Instant, thread::Result<Made>)> {
        match self.result.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(result) => Some(result),
            Err(RecvTimeoutError::Timeout) => None,
            // The thread always sends something; a mistake is better than waiting for ever.
            Err(RecvTimeoutError::Disconnected) => {
                let text = "its compilation ended without a result: expected one, found none";
                Some((self.begun, Ok(Err(Mistakes::one("", text)))))
            }
        }
    }
}

impl Bench {
    fn start(&mut self, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
        self.threads.retain(|thread| !thread.is_finished());
        let named = thread::Builder::new().name("offhook".to_owned());
        self.threads.push(named.spawn(work)?);
        Ok(())
    }

    fn dispose<T: Send + 'static>(&mut self, unneeded: T) {
        // Without a thread it is dropped here.
        let _error = self.start(move || drop(unneeded));
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        for thread in self.threads.drain(..) {
            // A panic was sent as the result; there is nothing more to say of it.
            let _ended = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    const SOON: Duration = Duration::from_millis(1);
    const LONG: Duration = Duration::from_secs(60);

    fn question(text: &str) -> Question {
        Question::new(&Origin::Command(text.to_owned()), Keys::Unread)
    }

    fn made(text: &str) -> Made {
        Err(Mistakes::one("", text))
    }

    #[test]
    fn what_is_ready_soon_is_the_answer() {
        let bench = Workbench::default();
        let Outcome::Made(found) = bench.ask(question("a"), LONG, || made("a")) else { panic!() };
        assert_eq!(found.unwrap_err().to_string(), made("a").unwrap_err().to_string());
    }

    #[test]
    fn what_takes_long_is_the_answer_to_the_same_question_later() {
        let bench = Workbench::default();
        let (go, wait) = channel::<()>();
        let work = move || {
            wait.recv().unwrap();
            made("long")
        };
        assert!(matches!(bench.ask(question("a"), SOON, work), Outcome::Unfinished(_)));
        assert!(matches!(bench.ask(question("b"), SOON, || made("b")), Outcome::Occupied(_)));
        assert!(matches!(bench.ask(question("a"), SOON, || made("2")), Outcome::Unfinished(_)));
        go.send(()).unwrap();
        let Outcome::Made(found) = bench.ask(question("a"), LONG, || made("3")) else { panic!() };
        assert!(found.unwrap_err().to_string().contains("long"));
        let Outcome::Made(found) = bench.ask(question("a"), LONG, || made("4")) else { panic!() };
        assert!(found.unwrap_err().to_string().contains('4'), "each result is one answer");
    }

    #[test]
    fn a_result_that_nobody_came_back_for_gives_way() {
        let bench = Workbench::default();
        let (go, wait) = channel::<()>();
        let work = move || {
            wait.recv().unwrap();
            made("a")
        };
        assert!(matches!(bench.ask(question("a"), SOON, work), Outcome::Unfinished(_)));
        go.send(()).unwrap();
        let Outcome::Made(found) = bench.ask(question("b"), LONG, || made("b")) else { panic!() };
        assert!(found.unwrap_err().to_string().contains('b'));
    }

    #[test]
    fn a_panic_is_the_caller_s() {
        let bench = Workbench::default();
        let asked = catch_unwind(AssertUnwindSafe(|| {
            bench.ask(question("a"), LONG, || panic!("provoked"))
        }));
        assert!(asked.is_err());
        assert!(matches!(bench.ask(question("a"), LONG, || made("a")), Outcome::Made(_)));
    }

    #[test]
    fn another_file_is_another_question() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("policy.json");
        let asked = || Question::new(&Origin::File(path.clone()), Keys::Read);
        fs::write(&path, "{}").unwrap();
        let before = asked();
        assert_eq!(before, asked());
        fs::write(folder.path().join("new"), "{}").unwrap();
        fs::rename(folder.path().join("new"), &path).unwrap();
        assert_ne!(before, asked());
    }
}
