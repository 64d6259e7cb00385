//! From the parameters in Kea's configuration to a [`Hook`], and what is kept from one load to the next.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use offhook_core::Mistakes;

use crate::hook::{Hook, Host, Read, log_mistakes};
use crate::message;
use crate::parameters::{OnMistake, Origin, Parameters};
use crate::phones::Seen;
use crate::snapshot::{Keys, Snapshot};
use crate::standing::{Standing, State};

impl Hook {
    /// Reads the parameters and the policy that they name, and logs every mistake. With a mistake the
    /// hook goes on with what was in force in this process before ([`Kept`]), else with nothing until
    /// [`Hook::configured`] finds a copy of the last good policy.
    ///
    /// # Errors
    /// There is a mistake, nothing was in force before, and Kea only checks its configuration or
    /// `on-mistake` is `refuse`.
    pub(crate) fn load(json: &str, host: Host) -> Result<Hook, Refused> {
        let kept = kept().take();
        let mistakes = match read(json, host) {
            Ok(read) => {
                let seen = kept.map_or_else(Seen::new, |kept| kept.seen);
                return Ok(Hook::new(read, host, seen, Standing::active()));
            }
            Err(mistakes) => mistakes,
        };
        match kept {
            Some(Kept { read, seen, state: State::Active | State::LastGood }) => {
                tracing::error!(
                    target: message::POLICY_KEPT,
                    "the new parameters or their policy cannot be used (see above): what was in \
                     force stays in force"
                );
                let standing = Standing { state: State::LastGood, mistakes };
                Ok(Hook::new(read, host, seen, standing))
            }
            kept => {
                let parameters = Parameters::salvage(json);
                let refuse = host.check_only || parameters.on_mistake == OnMistake::Refuse;
                if refuse && kept.is_none() {
                    return Err(Refused);
                }
                let seen = kept.map_or_else(Seen::new, |kept| kept.seen);
                let standing = Standing { state: State::Passive, mistakes };
                Ok(Hook::new(Read::nothing(parameters, host)?, host, seen, standing))
            }
        }
    }

    /// What a load with these parameters would say is wrong; nothing is logged or changed.
    pub(crate) fn mistakes_of(&self, json: &str) -> Vec<String> {
        judge(json, self.host).err().map(|wrong| wrong.texts()).unwrap_or_default()
    }

    /// The end of this load; what the next one may need is kept.
    pub(crate) fn unload(self) {
        let (snapshot, state) = (self.in_force(), self.standing().state);
        let read = Read { parameters: Arc::unwrap_or_clone(self.parameters), snapshot };
        *kept() = Some(Kept { read, seen: self.seen, state });
    }
}

impl Read {
    /// No policy: phones are recognised, and sent nothing.
    fn nothing(parameters: Parameters, host: Host) -> Result<Read, Refused> {
        // The vendors directory may be what is wrong.
        let plain = Parameters { vendors_directory: None, ..parameters.clone() };
        match Snapshot::build(Origin::Nowhere, &plain, host.core(), Keys::Read) {
            Ok(snapshot) => Ok(Read { parameters, snapshot: Arc::new(snapshot) }),
            Err(mistakes) => {
                log_mistakes(&mistakes);
                Err(Refused)
            }
        }
    }
}

/// What outlives an unload, until the next load takes it. At a change of configuration Kea closes its
/// sockets (2.2) or lets go of its leases (3.0) before it loads its libraries anew, and a library that
/// refuses then leaves a server that answers no client. So what was in force must still be there. The
/// library stays mapped for it (`-z nodelete`, build.rs). This is not a place for configuration.
struct Kept {
    read: Read,
    /// Who was seen: a change of configuration is not a reason to forget it.
    seen: Seen,
    state: State,
}

static KEPT: Mutex<Option<Kept>> = Mutex::new(None);

fn kept() -> MutexGuard<'static, Option<Kept>> {
    // What a poisoned lock guards is whole: it is only ever replaced.
    KEPT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Why parameters, or the policy that they name, cannot be used.
enum Wrong {
    Parameters(String),
    Policy(Mistakes),
}

impl Wrong {
    fn texts(&self) -> Vec<String> {
        match self {
            Wrong::Parameters(text) => vec![text.clone()],
            Wrong::Policy(mistakes) => mistakes.0.iter().map(ToString::to_string).collect(),
        }
    }
}

fn judge(json: &str, host: Host) -> Result<Read, Wrong> {
    let parameters = Parameters::read(json).map_err(Wrong::Parameters)?;
    let snapshot = Snapshot::build(parameters.origin.clone(), &parameters, host.core(), Keys::Read);
    let snapshot = Arc::new(snapshot.map_err(Wrong::Policy)?);
    Ok(Read { parameters, snapshot })
}

/// As [`judge`]; mistakes are logged.
fn read(json: &str, host: Host) -> Result<Read, Vec<String>> {
    judge(json, host).map_err(|wrong| {
        match &wrong {
            Wrong::Parameters(text) => tracing::error!(target: message::LOAD_REFUSED, "{text}"),
            Wrong::Policy(mistakes) => {
                log_mistakes(mistakes);
                let count = mistakes.0.len();
                let noun = if count == 1 { "mistake" } else { "mistakes" };
                tracing::error!(
                    target: message::LOAD_REFUSED,
                    "{count} {noun} in the policy or the vendors directory (see above)"
                );
            }
        }
        wrong.texts()
    })
}

/// The input was wrong, and every mistake has been logged.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refused;
