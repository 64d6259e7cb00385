//! What lives from load to unload: the policy in force, the counters, the phones seen.
//!
//! Packet threads only ever touch [`Lanes`] and [`Seen`]; everything else belongs to Kea's main
//! thread (and to the listener threads of libdhcp_ha, which is why it has a lock).

use std::hash::RandomState;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use offhook_core::{Mistakes, check};

use crate::counters::{Count, Counts};
use crate::parameters::{Origin, Parameters};
use crate::phones::Seen;
use crate::snapshot::Snapshot;
use crate::thread_slots::Lanes;
use crate::{KEA_VERSION, VERSION, message};

pub(crate) struct Hook {
    pub(crate) parameters: Parameters,
    pub(crate) host: Host,
    pub(crate) loaded: SystemTime,
    /// What the configuration asked for could not be used, so what was in force before goes on.
    pub(crate) goes_on: bool,
    pub(crate) lanes: Lanes,
    pub(crate) seen: Seen,
    /// Whether clients are put into classes; the shim says.
    classes_in_use: AtomicBool,
    /// For the keys of notes.
    pub(crate) keyed: RandomState,
    control: Mutex<Control>,
    faults: AtomicU64,
    applied: AtomicU64,
    said_that_it_forgets: AtomicBool,
}

struct Control {
    in_force: Arc<Snapshot>,
    /// Built and waiting for Kea's packet threads to stand still.
    prepared: Option<Arc<Snapshot>>,
}

impl Hook {
    /// Reads the parameters and the policy that they name. Every mistake is logged; the error itself
    /// says nothing more. If the process has had the library in use before, Kea depends on this load,
    /// and a mistake does not refuse: see [`Kept`].
    pub(crate) fn load(json: &str, host: Host) -> Result<Hook, Refused> {
        let kept = kept().take();
        let (read, seen) = match (read(json, host), kept) {
            (Ok(read), Some(kept)) => (read, kept.seen),
            (Ok(read), None) => (read, Seen::new()),
            (Err(Refused), Some(kept)) => {
                tracing::error!(
                    target: message::POLICY_KEPT,
                    "the new parameters or their policy cannot be used (see above): what was in \
                     force stays in force"
                );
                return Ok(Hook::new(kept.read, host, kept.seen, true));
            }
            (Err(Refused), None) => return Err(Refused),
        };
        Ok(Hook::new(read, host, seen, false))
    }

    fn new(read: Read, host: Host, seen: Seen, goes_on: bool) -> Hook {
        let Read { parameters, snapshot } = read;
        tracing::info!(
            target: message::LOADED,
            "offhook {VERSION} for Kea {KEA_VERSION}: {} vendors, {} systems",
            snapshot.engine.tables().vendors.len(),
            snapshot.engine.tables().systems.len()
        );
        log_policy(&snapshot);
        Hook {
            parameters,
            host,
            loaded: SystemTime::now(),
            goes_on,
            lanes: Lanes::new(&snapshot),
            seen,
            classes_in_use: AtomicBool::new(true),
            keyed: RandomState::new(),
            control: Mutex::new(Control { in_force: snapshot, prepared: None }),
            faults: AtomicU64::new(0),
            applied: AtomicU64::new(0),
            said_that_it_forgets: AtomicBool::new(false),
        }
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

    /// The end of this load; what the next one may need is kept.
    pub(crate) fn unload(self) {
        let snapshot = self.in_force();
        let read = Read { parameters: self.parameters, snapshot };
        *kept() = Some(Kept { read, seen: self.seen });
    }

    pub(crate) fn in_force(&self) -> Arc<Snapshot> {
        Arc::clone(&self.control().in_force)
    }

    pub(crate) fn prepared(&self) -> Option<Arc<Snapshot>> {
        self.control().prepared.clone()
    }

    /// Builds a policy without touching the one in force.
    pub(crate) fn build(&self, origin: Origin) -> Result<Snapshot, Mistakes> {
        Snapshot::build(origin, &self.parameters, self.host.core())
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
        log_policy(&snapshot);
        control.in_force = snapshot;
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

    /// A fault of ours; whoever calls has logged it or is about to.
    pub(crate) fn count_fault(&self) {
        self.faults.fetch_add(1, Ordering::Relaxed);
    }

    /// The table of phones seen is full. Said once: it would be said at every packet otherwise.
    pub(crate) fn forgets(&self) {
        if !self.said_that_it_forgets.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                target: message::PHONES_FORGOTTEN,
                "more phones than the {} that are remembered: the oldest are forgotten from now on",
                self.seen.phones.most()
            );
        }
    }

    fn control(&self) -> MutexGuard<'_, Control> {
        // A panic between two assignments cannot happen; what a poisoned lock guards is whole.
        self.control.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a load works by.
struct Read {
    parameters: Parameters,
    snapshot: Arc<Snapshot>,
}

/// What outlives an unload, until the next load takes it. At a change of configuration Kea closes its
/// sockets (2.2) or lets go of its leases (3.0) before it loads its libraries anew, and a library that
/// refuses then leaves a server that answers nobody. So what was in force must still be there. The
/// library stays mapped for it (`-z nodelete`, build.rs). This is no place for configuration.
struct Kept {
    read: Read,
    /// Who was seen: a change of configuration is no reason to forget it.
    seen: Seen,
}

static KEPT: Mutex<Option<Kept>> = Mutex::new(None);

fn kept() -> MutexGuard<'static, Option<Kept>> {
    // What a poisoned lock guards is whole: it is only ever replaced.
    KEPT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The Kea around us.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Host {
    /// `KEA_HOOKS_VERSION`.
    pub(crate) hooks_version: u32,
    pub(crate) longest_option: Option<usize>,
}

impl Host {
    fn core(self) -> offhook_core::Host {
        let name = concat!("Kea ", env!("OFFHOOK_KEA_VERSION"));
        offhook_core::Host { name, longest_option: self.longest_option }
    }
}

fn read(json: &str, host: Host) -> Result<Read, Refused> {
    let parameters = Parameters::read(json).map_err(|wrong| {
        tracing::error!(target: message::LOAD_REFUSED, "{wrong}");
        Refused
    })?;
    match Snapshot::build(parameters.origin.clone(), &parameters, host.core()) {
        Ok(snapshot) => Ok(Read { parameters, snapshot: Arc::new(snapshot) }),
        Err(mistakes) => {
            log_mistakes(&mistakes);
            let count = mistakes.0.len();
            let noun = if count == 1 { "mistake" } else { "mistakes" };
            tracing::error!(
                target: message::LOAD_REFUSED,
                "{count} {noun} in the policy or the vendors directory (see above)"
            );
            Err(Refused)
        }
    }
}

/// The input was wrong, and every mistake has been logged.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refused;

/// Every mistake of a policy that was to be put in force, each in a line of its own.
pub(crate) fn log_mistakes(mistakes: &Mistakes) {
    for mistake in &mistakes.0 {
        tracing::error!(target: message::POLICY_MISTAKE, "{mistake}");
    }
}

fn log_policy(snapshot: &Snapshot) {
    if crate::log::enabled(tracing::Level::INFO) {
        for doubt in check::doubts(&snapshot.engine) {
            tracing::info!(target: message::POLICY_DOUBT, "{doubt}");
        }
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
