//! What lives from load to unload: the policy in force, the counters, the phones seen.
//!
//! Packet threads only ever touch [`Lanes`] and [`Seen`]; everything else belongs to Kea's main
//! thread (and to the listener threads of libdhcp_ha, which is why it has a lock).

use std::collections::BTreeSet;
use std::env;
use std::hash::RandomState;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use offhook_core::{Mistakes, check};

use crate::behind::Behind;
use crate::budget::Budgets;
use crate::counters::{Count, Counts};
use crate::last_good::{self, Kept as Copy};
use crate::makers::Makers;
use crate::parameters::{OnMistake, Origin, Parameters};
use crate::phones::Seen;
use crate::snapshot::{Keys, Snapshot};
use crate::standing::{Reminder, Standing, State};
use crate::thread_slots::Lanes;
use crate::workbench::{Outcome, Question, Workbench};
use crate::{KEA_VERSION, VERSION, message};

pub(crate) struct Hook {
    pub(crate) parameters: Arc<Parameters>,
    pub(crate) host: Host,
    pub(crate) loaded: SystemTime,
    /// What the configuration requested could not be used.
    pub(crate) refused: bool,
    pub(crate) lanes: Lanes,
    pub(crate) seen: Seen,
    pub(crate) budgets: Budgets,
    pub(crate) workbench: Workbench,
    pub(crate) makers: Makers,
    /// Whether clients are put into classes; the shim says.
    classes_in_use: AtomicBool,
    /// For the keys of notes.
    pub(crate) keyed: RandomState,
    control: Mutex<Control>,
    faults: AtomicU64,
    applied: AtomicU64,
    said_that_it_forgets: AtomicBool,
    pub(crate) said_packed: AtomicBool,
    reminder: Reminder,
    /// Libraries that Kea calls after this one and that may change what phones are sent.
    behind: Mutex<Vec<Behind>>,
}

struct Control {
    in_force: Arc<Snapshot>,
    standing: Standing,
    /// Where the copy of the last good policy is, once Kea has said where its leases are.
    copy: Option<PathBuf>,
    /// Built and waiting for Kea's packet threads to be stopped.
    prepared: Option<Arc<Snapshot>>,
}

impl Hook {
    pub(crate) fn new(read: Read, host: Host, seen: Seen, standing: Standing) -> Hook {
        let Read { parameters, snapshot } = read;
        tracing::info!(
            target: message::LOADED,
            "offhook {VERSION} for Kea {KEA_VERSION}: {} vendors, {} systems",
            snapshot.engine.tables().vendors.len(),
            snapshot.engine.tables().systems.len()
        );
        log_policy(&snapshot);
        Hook {
            parameters: Arc::new(parameters),
            host,
            loaded: SystemTime::now(),
            refused: standing.state != State::Active,
            lanes: Lanes::new(&snapshot),
            seen,
            budgets: Budgets::new(),
            workbench: Workbench::default(),
            makers: Makers::default(),
            classes_in_use: AtomicBool::new(true),
            keyed: RandomState::new(),
            control: Mutex::new(Control {
                in_force: snapshot,
                standing,
                copy: None,
                prepared: None,
            }),
            faults: AtomicU64::new(0),
            applied: AtomicU64::new(0),
            said_that_it_forgets: AtomicBool::new(false),
            said_packed: AtomicBool::new(false),
            reminder: Reminder::never(),
            behind: Mutex::default(),
        }
    }

    /// Kea's configuration is whole, and names its lease file ("" if it has none). True: the copy of the
    /// last good policy has been found beside it and waits for [`Hook::apply`].
    pub(crate) fn configured(&self, lease_file: &str) -> bool {
        if self.host.check_only {
            return false;
        }
        let place = last_good::place(lease_file, env::var_os("KEA_DHCP_DATA_DIR"));
        let state = {
            let mut control = self.control();
            control.copy = Some(place.clone());
            control.standing.state
        };
        if state != State::Passive || self.parameters.on_mistake != OnMistake::LastGood {
            return false;
        }
        match self.recover(&place) {
            Ok(snapshot) => {
                self.prepare(snapshot);
                true
            }
            Err(why) => {
                tracing::warn!(
                    target: message::COPY_UNUSABLE,
                    "there is no usable copy of the last good policy at {}: {why}",
                    place.display()
                );
                false
            }
        }
    }

    /// The policy of the copy.
    fn recover(&self, place: &std::path::Path) -> Result<Snapshot, String> {
        let Copy { digest, policy } = last_good::read(place)?;
        let snapshot = self
            .build(Origin::LastGood(place.to_owned(), policy))
            .map_err(|mistakes| mistakes.to_string())?;
        match snapshot.engine.digest() == digest {
            true => Ok(snapshot),
            false => Err("it is damaged: its digest is not its policy's".to_owned()),
        }
    }

    /// A policy has come into force, or stays: keeps a copy of it for the next start, or says what is
    /// wrong with the one that was requested. Packets may be answered meanwhile.
    pub(crate) fn settle(&self) {
        let (standing, copy, snapshot) = {
            let control = self.control();
            (control.standing.clone(), control.copy.clone(), Arc::clone(&control.in_force))
        };
        if standing.state != State::Active {
            tracing::error!(target: message::POLICY_REFUSED, "{}", standing.sentence());
            self.reminder.after(seconds(SystemTime::now()));
            return;
        }
        self.reminder.stop();
        let Some(place) = copy else { return };
        let kept =
            Copy { digest: snapshot.engine.digest().to_owned(), policy: snapshot.text.clone() };
        if let Err(why) = last_good::write(&place, &kept) {
            tracing::warn!(
                target: message::COPY_UNUSABLE,
                "no copy of the policy can be kept at {}: {why}. A start with a mistake in the \
                 policy will have none to go on with",
                place.display()
            );
        }
    }

    /// A library that Kea calls after this one may change the options that phones are sent.
    pub(crate) fn library_behind(&self, name: &str, codes: &[u8]) {
        let behind = Behind { name: name.to_owned(), codes: codes.to_vec() };
        tracing::warn!(
            target: message::LIBRARY_BEHIND,
            "{}. Name libdhcp_offhook.so last in \"hooks-libraries\"",
            behind.sentence()
        );
        self.lock_behind().push(behind);
    }

    pub(crate) fn behind(&self) -> Vec<Behind> {
        self.lock_behind().clone()
    }

    fn lock_behind(&self) -> MutexGuard<'_, Vec<Behind>> {
        // What a poisoned lock guards is whole: one entry more or less.
        self.behind.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// As long as the policy that was requested is not in force, the log says so every hour.
    pub(crate) fn remind(&self, now: u64) {
        if self.reminder.is_due(now) {
            let sentence = self.control().standing.sentence();
            tracing::error!(target: message::POLICY_REFUSED, "{sentence}");
        }
    }

    pub(crate) fn standing(&self) -> Standing {
        self.control().standing.clone()
    }

    pub(crate) fn sets_classes(&self) -> bool {
        self.classes_in_use.load(Ordering::Relaxed)
    }

    pub(crate) fn classes_are_in_use(&self, in_use: bool) {
        if self.classes_in_use.swap(in_use, Ordering::Relaxed) && !in_use {
            let prefix = &self.parameters.class_prefix;
            tracing::info!(
                target: message::CLASSES_UNUSED,
                "clients are not put into the classes {prefix} and {prefix}_<vendor>: nothing in \
                 Kea's configuration or in the policy mentions them"
            );
        }
    }

    pub(crate) fn in_force(&self) -> Arc<Snapshot> {
        Arc::clone(&self.control().in_force)
    }

    pub(crate) fn prepared(&self) -> Option<Arc<Snapshot>> {
        self.control().prepared.clone()
    }

    /// Builds a policy without touching the one in force.
    fn build(&self, origin: Origin) -> Result<Snapshot, Mistakes> {
        Snapshot::build(origin, &self.parameters, self.host.core(), Keys::Read)
    }

    /// The same for a command, on a thread of its own.
    pub(crate) fn make(&self, origin: Origin, keys: Keys, patience: Duration) -> Outcome {
        let question = Question::new(&origin, keys);
        let (parameters, host) = (Arc::clone(&self.parameters), self.host.core());
        self.workbench
            .ask(question, patience, move || Snapshot::build(origin, &parameters, host, keys))
    }

    /// Lays a policy ready for [`Hook::apply`].
    pub(crate) fn prepare(&self, snapshot: Snapshot) {
        self.control().prepared = Some(Arc::new(snapshot));
    }

    /// Puts the prepared policy in force. No packet is being answered meanwhile. False: there is none.
    pub(crate) fn apply(&self) -> bool {
        let mut control = self.control();
        let Some(snapshot) = control.prepared.take() else { return false };
        self.lanes.replace(&snapshot);
        self.makers.forget();
        log_policy(&snapshot);
        control.standing = match snapshot.origin {
            Origin::LastGood(..) => {
                let mistakes = std::mem::take(&mut control.standing.mistakes);
                Standing { state: State::LastGood, mistakes }
            }
            _ => Standing::active(),
        };
        let before = std::mem::replace(&mut control.in_force, snapshot);
        self.workbench.dispose(before);
        self.applied.fetch_add(1, Ordering::Relaxed);
        true
    }

    pub(crate) fn discard(&self) {
        self.control().prepared = None;
    }

    /// Everything counted since load.
    pub(crate) fn counts(&self) -> Counts {
        let mut counts = self.lanes.counts();
        counts.add(Count::Faults, self.faults.load(Ordering::Relaxed));
        counts.add(Count::PoliciesApplied, self.applied.load(Ordering::Relaxed));
        counts
    }

    /// A fault in offhook; the caller has logged it or is about to.
    pub(crate) fn count_fault(&self) {
        self.faults.fetch_add(1, Ordering::Relaxed);
    }

    /// The table of phones seen is full. Said once: it would be said at every packet otherwise.
    pub(crate) fn forgets(&self) {
        if !self.said_that_it_forgets.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                target: message::PHONES_FORGOTTEN,
                "more phones than the {} that are remembered, or more than {} MiB about them: the oldest are \
                 forgotten from now on",
                self.seen.phones.most(),
                self.seen.phones.most_bytes() >> 20
            );
        }
    }

    fn control(&self) -> MutexGuard<'_, Control> {
        // A panic between two assignments cannot happen; what a poisoned lock guards is whole.
        self.control.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a load works by.
pub(crate) struct Read {
    pub(crate) parameters: Parameters,
    pub(crate) snapshot: Arc<Snapshot>,
}

/// The Kea around us.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Host {
    /// `KEA_HOOKS_VERSION`.
    pub(crate) hooks_version: u32,
    pub(crate) longest_option: Option<usize>,
    /// Kea only checks its configuration (`kea-dhcp4 -T`): nothing is to be written.
    pub(crate) check_only: bool,
}

impl Host {
    pub(crate) fn core(self) -> offhook_core::Host {
        let name = concat!("Kea ", env!("OFFHOOK_KEA_VERSION"));
        offhook_core::Host { name, longest_option: self.longest_option }
    }
}

/// The most mistakes, or doubts, of one policy that are written one by one.
pub(crate) const MOST_LINES: usize = 100;

/// Every mistake of a policy that was to be put in force, each in a line of its own.
pub(crate) fn log_mistakes(mistakes: &Mistakes) {
    for mistake in mistakes.0.iter().take(MOST_LINES) {
        tracing::error!(target: message::POLICY_MISTAKE, "{mistake}");
    }
    if let Some(more) = mistakes.0.len().checked_sub(MOST_LINES).filter(|more| *more > 0) {
        tracing::error!(target: message::POLICY_MISTAKE, "{more} more: run offhook check");
    }
}

fn log_policy(snapshot: &Snapshot) {
    if snapshot.origin == Origin::Nowhere {
        return;
    }
    // No phone has been seen yet, so far as this policy is concerned: those that it names.
    let doubts = check::of_makers_seen(&snapshot.doubts, &BTreeSet::new());
    for doubt in doubts.iter().take(MOST_LINES) {
        tracing::info!(target: message::POLICY_DOUBT, "{doubt}");
    }
    if let Some(more) = doubts.len().checked_sub(MOST_LINES).filter(|more| *more > 0) {
        tracing::info!(target: message::POLICY_DOUBT, "{more} more: run offhook check");
    }
    if let Some(why) = snapshot.catalogue.unusable() {
        tracing::warn!(target: message::CATALOGUE_UNUSABLE, "{why}");
    }
    let policy = snapshot.engine.policy();
    tracing::info!(
        target: message::POLICY_IN_FORCE,
        "policy {} from {}: {} sites, {} devices",
        snapshot.engine.digest(),
        snapshot.origin,
        policy.sites.len(),
        policy.devices.len()
    );
}

/// Seconds since 1970.
pub(crate) fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
