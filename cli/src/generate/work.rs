//! What must be done: which files the phones of a list want, and which of them are there already.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use indicatif::ProgressBar;
use offhook_core::error::Mistake;
use offhook_phone_files::{Phone, PhoneList, Placed, Rendered, Renderer};

use super::manifest::{Entry, Manifest};
use super::tree::{Found, Staged, Tree};
use crate::input::Failure;

/// A file that is wanted.
pub struct Job {
    pub placed: Placed,
    /// Position of a phone in the list that has it.
    pub phone: usize,
    pub todo: Todo,
    secrets: Vec<(u32, u32)>,
}

/// What is to be done about it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Todo {
    /// It is there as it must be, and known to be.
    Nothing,
    /// It must be rendered to be known.
    Render,
    /// It is there as it must be; only the manifest does not know yet.
    Note { size: u64, written: i128 },
    /// It was written aside.
    Publish(Staged),
    /// Its phone has a value that cannot be written in it.
    Refused,
}

/// With what the wish is compared.
pub struct Compared<'c> {
    pub renderer: &'c Renderer<'c>,
    pub tree: &'c Tree,
    pub manifest: &'c Manifest,
    /// Takes over files of other programs in the places of offhook's.
    pub adopt: bool,
}

#[derive(Default)]
pub struct Work {
    pub jobs: Vec<Job>,
    pub mistakes: Vec<Mistake>,
    /// Found only by rendering.
    pub mistakes_of_values: Vec<Mistake>,
}

impl PartialEq for Staged {
    fn eq(&self, other: &Staged) -> bool {
        (self.size, self.written) == (other.size, other.written)
    }
}

impl Job {
    /// What the manifest must know of it from now on.
    pub fn entry(&mut self) -> Option<Entry> {
        let (size, written) = match self.todo {
            Todo::Publish(staged) => (staged.size, staged.written),
            Todo::Note { size, written } => (size, written),
            Todo::Nothing | Todo::Render | Todo::Refused => return None,
        };
        let secrets = std::mem::take(&mut self.secrets);
        Some(Entry { fingerprint: self.placed.fingerprint, size, written, secrets })
    }
}

impl Work {
    /// Finds out what is wanted.
    pub fn find(list: &PhoneList, renderer: &Renderer<'_>) -> Work {
        let mut work = Work::default();
        let mut wanted: HashMap<String, usize> = HashMap::with_capacity(2 * list.phones.len());
        for (index, phone) in list.phones.iter().enumerate() {
            let places = match renderer.places(phone) {
                Ok(places) => places,
                Err(mistakes) => {
                    work.mistakes.extend(mistakes.0);
                    continue;
                }
            };
            for placed in places {
                let next = work.jobs.len();
                let at = *wanted.entry(placed.path.clone()).or_insert(next);
                match work.jobs.get(at) {
                    None => work.jobs.push(Job {
                        todo: Todo::Render,
                        placed,
                        phone: index,
                        secrets: Vec::new(),
                    }),
                    Some(other) if other.placed.fingerprint == placed.fingerprint => {}
                    Some(other) => {
                        let other_phone = list.phones.get(other.phone);
                        let mistake = two_contents(renderer, phone, &placed, other_phone, other);
                        work.mistakes.extend(mistake);
                    }
                }
            }
        }
        work
    }

    /// Compares it with what is there.
    pub fn compare(&mut self, list: &PhoneList, compared: &Compared<'_>) {
        for job in &mut self.jobs {
            let path = &job.placed.path;
            let known = compared.manifest.0.get(path);
            let found = compared.tree.look(path);
            match (found, known) {
                (Found::Nothing, _) => {}
                (Found::Other, _) => {
                    job.todo = Todo::Refused;
                    let text = "a folder or a link is in the way: offhook follows no links below the \
                                tree's root; move it away";
                    self.mistakes.push(Mistake::new(path.clone(), text));
                }
                (Found::File { .. }, Some(known)) => {
                    if is_as_noted(found, known, &job.placed) {
                        job.todo = Todo::Nothing;
                    }
                }
                (Found::File { .. }, None) if compared.adopt => {}
                (Found::File { .. }, None) => {
                    // Another program's file. If its content is the same, it may stay; it is never
                    // ours to remove.
                    let Some(phone) = list.phones.get(job.phone) else { continue };
                    let rendered = compared.renderer.render(phone, &job.placed);
                    let there = compared.tree.read(path);
                    let same = matches!((rendered, there), (Ok(new), Ok(old)) if new.bytes == old);
                    if same {
                        job.todo = Todo::Nothing;
                    } else {
                        job.todo = Todo::Refused;
                        let text = "there is a file here that offhook did not write: move it away, \
                                    or say --adopt";
                        self.mistakes.push(Mistake::new(path.clone(), text));
                    }
                }
            }
        }
    }

    /// The positions of the files that must be rendered.
    pub fn due(&self) -> Vec<usize> {
        let due = self.jobs.iter().enumerate().filter(|(_, job)| job.todo == Todo::Render);
        due.map(|(index, _)| index).collect()
    }

    /// What was written aside, and where it belongs.
    pub fn staged(&self) -> impl Iterator<Item = (Staged, &str)> {
        self.jobs.iter().filter_map(|job| match job.todo {
            Todo::Publish(staged) => Some((staged, job.placed.path.as_str())),
            _ => None,
        })
    }

    pub fn refused(&self) -> usize {
        self.jobs.iter().filter(|job| job.todo == Todo::Refused).count()
    }

    /// Renders what is due, on all processors, and writes aside what differs from what is there.
    pub fn stage(
        &mut self,
        due: &[usize],
        list: &PhoneList,
        renderer: &Renderer<'_>,
        tree: &Tree,
        bar: &ProgressBar,
    ) -> Result<(), Failure> {
        let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
        let failure: Mutex<Option<Failure>> = Mutex::new(None);
        let jobs = &self.jobs;
        let one = |job: &Job, number: usize| -> Result<Outcome, Failure> {
            let Some(phone) = list.phones.get(job.phone) else { return Ok(Outcome::default()) };
            match renderer.render(phone, &job.placed) {
                Ok(rendered) => Ok(Outcome {
                    todo: stage_if_new(&rendered, &job.placed.path, number, tree)?,
                    secrets: rendered.secrets,
                    mistake: None,
                }),
                Err(mistake) => Ok(Outcome { mistake: Some(mistake), ..Outcome::default() }),
            }
        };
        let worker = || {
            let mut done: Vec<(usize, Outcome)> = Vec::new();
            while !stop.load(Ordering::Relaxed) {
                let at = next.fetch_add(1, Ordering::Relaxed);
                let Some(&index) = due.get(at) else { break };
                let Some(job) = jobs.get(index) else { break };
                match one(job, index) {
                    Ok(result) => done.push((index, result)),
                    Err(error) => {
                        stop.store(true, Ordering::Relaxed);
                        let mut failure =
                            failure.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                        failure.get_or_insert(error);
                    }
                }
                if at % 64 == 0 {
                    bar.set_position(at as u64);
                }
            }
            done
        };
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let mut done: Vec<(usize, Outcome)> = std::thread::scope(|scope| {
            let workers: Vec<_> = (0..threads).map(|_| scope.spawn(worker)).collect();
            workers.into_iter().filter_map(|worker| worker.join().ok()).flatten().collect()
        });
        if let Some(failure) =
            failure.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner)
        {
            return Err(failure);
        }
        done.sort_by_key(|(index, _)| *index);
        for (index, outcome) in done {
            let Some(job) = self.jobs.get_mut(index) else { continue };
            (job.todo, job.secrets) = (outcome.todo, outcome.secrets);
            if let Some(mistake) = outcome.mistake {
                self.refuse(mistake);
            }
        }
        Ok(())
    }

    /// Notes a mistake that rendering found; one of a template only once.
    pub fn refuse(&mut self, mistake: Mistake) {
        if mistake.file.is_none() || !self.mistakes_of_values.contains(&mistake) {
            self.mistakes_of_values.push(mistake);
        }
    }
}

/// The outcome for one file.
struct Outcome {
    todo: Todo,
    secrets: Vec<(u32, u32)>,
    mistake: Option<Mistake>,
}

impl Default for Outcome {
    fn default() -> Outcome {
        Outcome { todo: Todo::Refused, secrets: Vec::new(), mistake: None }
    }
}

/// Whether a file is what the manifest says, and that is what is wanted.
fn is_as_noted(found: Found, known: &Entry, placed: &Placed) -> bool {
    let noted = Found::File { size: known.size, written: known.written, as_wanted: true };
    found == noted && known.fingerprint == placed.fingerprint
}

fn stage_if_new(
    rendered: &Rendered,
    path: &str,
    number: usize,
    tree: &Tree,
) -> Result<Todo, Failure> {
    if let Found::File { size, written, as_wanted: true } = tree.look(path)
        && size == rendered.bytes.len() as u64
        && tree.read(path).is_ok_and(|there| there == rendered.bytes)
    {
        return Ok(Todo::Note { size, written });
    }
    tree.stage(number, &rendered.bytes).map(Todo::Publish)
}

/// Two phones want a file of one name. That is as it should be if its content is the same.
fn two_contents(
    renderer: &Renderer<'_>,
    phone: &Phone,
    placed: &Placed,
    other_phone: Option<&Phone>,
    other: &Job,
) -> Option<Mistake> {
    let content = |phone: &Phone, placed: &Placed| renderer.render(phone, placed).ok();
    let other_phone = other_phone?;
    if content(phone, placed)? == content(other_phone, &other.placed)? {
        return None;
    }
    let text = format!(
        "the file {} would have to hold one thing for this phone and another for that of {}: give \
         sites or vendors folders of their own, with {{{{site}}}} or {{{{vendor}}}} in the URL of \
         the system \"files\"",
        placed.path, other_phone.row
    );
    Some(Mistake::new(phone.row.to_string(), text))
}
