//! What a phone is sent: its plan's options with those of the very device.

use crate::edit::{Edit, Planned};
use crate::encode::Form;
use crate::plan::{Plan, PlanOption};
use crate::policy::devices::{Device, DeviceOption};
use crate::value::{Existing, Send};

/// A change to the answers of the phones of one plan.
#[derive(Debug, Clone, Copy)]
pub struct PlannedEdit<'p> {
    /// The change; its value may still depend on the packet.
    pub edit: Edit<Planned<'p>>,
    /// Only for phones that list the option in option 55.
    pub requested: bool,
    /// Where in the policy it is written; for the catalogue's: what it is for.
    pub place: &'p str,
}

impl<'p> PlannedEdit<'p> {
    /// An option of the plan.
    #[inline]
    pub(super) fn of_plan(option: &'p PlanOption) -> PlannedEdit<'p> {
        let value = option.form.as_ref().map(|form| match form {
            Form::Fixed(bytes) => Planned::Fixed { bytes, ready: option.ready },
            Form::Live(program) => Planned::Live(&program.0),
        });
        PlannedEdit {
            edit: Edit {
                code: option.code,
                value,
                keep_existing: option.existing == Existing::Keep,
            },
            requested: option.send == Send::Requested,
            place: &option.place,
        }
    }
}

impl<'d> DeviceOption<'d> {
    /// The change that it is under a plan, whose general words hold where the device has none of its own.
    pub fn under(&self, plan: &Plan) -> PlannedEdit<'d> {
        let value = match (self.remove, self.live) {
            (true, _) => None,
            (false, true) => Some(Planned::Live(self.value)),
            (false, false) => Some(Planned::Fixed { bytes: self.value, ready: None }),
        };
        let send = match self.send {
            Send::Unset => plan.send.unwrap_or(Send::Always),
            own => own,
        };
        let existing = match self.existing {
            Existing::Unset => plan.existing.unwrap_or(Existing::Replace),
            own => own,
        };
        PlannedEdit {
            edit: Edit { code: self.code, value, keep_existing: existing == Existing::Keep },
            requested: send == Send::Requested,
            place: "devices",
        }
    }
}

/// A plan's changes with a device's own, which win, sorted by code.
pub fn planned<'p>(
    plan: &'p Plan,
    device: Option<Device<'p>>,
) -> impl Iterator<Item = PlannedEdit<'p>> {
    let mut general = plan.options.iter().peekable();
    let mut own = device.into_iter().flat_map(|device| device.options()).peekable();
    std::iter::from_fn(move || match (general.peek(), own.peek()) {
        (Some(option), Some(device)) if option.code < device.code => {
            general.next().map(PlannedEdit::of_plan)
        }
        (Some(option), Some(device)) => {
            if option.code == device.code {
                general.next();
            }
            own.next().map(|own| own.under(plan))
        }
        (Some(_), None) => general.next().map(PlannedEdit::of_plan),
        (None, _) => own.next().map(|own| own.under(plan)),
    })
}
