//! What lives from load to unload: the policy in force, the counters, the phones seen.
//!
//! Packet threads only ever touch [`Lanes`] and [`Phones`]; everything else belongs to Kea's main
//! thread (and to the listener threads of libdhcp_ha, which is why it has a lock).

use std::hash::RandomState;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use offhook_core::{Host, Mistakes, check};

use crate::counters::{Count, Counts};
use crate::lanes::Lanes;
use crate::parameters::{Origin, Parameters};
use crate::phones::{self, Phones};
use crate::snapshot::Snapshot;
use crate::{KEA_VERSION, VERSION, message};

pub(crate) struct Hook {
    pub(crate) parameters: Parameters,
    pub(crate) host: Host,
    /// `KEA_HOOKS_VERSION`.
    pub(crate) hooks_version: u32,
    pub(crate) loaded: SystemTime,
    pub(crate) lanes: Lanes,
    pub(crate) phones: Phones,
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
    /// says nothing more.
    pub(crate) fn load(
        json: &str,
        hooks_version: u32,
        longest_option: Option<usize>,
    ) -> Result<Hook, Refused> {
        let parameters = Parameters::read(json).map_err(|wrong| {
            tracing::error!(target: message::LOAD_REFUSED, "{wrong}");
            Refused
        })?;
        let host = Host { name: concat!("Kea ", env!("OFFHOOK_KEA_VERSION")), longest_option };
        let built = Snapshot::build(parameters.origin.clone(), &parameters, host);
        let snapshot = Arc::new(built.map_err(|mistakes| {
            log_mistakes(&mistakes);
            Refused
        })?);
        tracing::info!(
            target: message::LOADED,
            "offhook {VERSION} for Kea {KEA_VERSION}: {} vendors, {} systems",
            snapshot.engine.tables().vendors.len(),
            snapshot.engine.tables().systems.len()
        );
        log_policy(&snapshot);
        Ok(Hook {
            parameters,
            host,
            hooks_version,
            loaded: SystemTime::now(),
            lanes: Lanes::new(&snapshot),
            phones: Phones::new(phones::MOST),
            keyed: RandomState::new(),
            control: Mutex::new(Control { in_force: snapshot, prepared: None }),
            faults: AtomicU64::new(0),
            applied: AtomicU64::new(0),
            said_that_it_forgets: AtomicBool::new(false),
        })
    }

    pub(crate) fn in_force(&self) -> Arc<Snapshot> {
        Arc::clone(&self.control().in_force)
    }

    pub(crate) fn prepared(&self) -> Option<Arc<Snapshot>> {
        self.control().prepared.clone()
    }

    /// Builds a policy without touching the one in force.
    pub(crate) fn build(&self, origin: Origin) -> Result<Snapshot, Mistakes> {
        Snapshot::build(origin, &self.parameters, self.host)
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
                self.phones.most()
            );
        }
    }

    fn control(&self) -> MutexGuard<'_, Control> {
        // A panic between two assignments cannot happen; what a poisoned lock guards is whole.
        self.control.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The input was wrong, and every mistake has been logged.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refused;

fn log_mistakes(mistakes: &Mistakes) {
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
