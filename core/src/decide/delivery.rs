//! What a phone is sent: its plan's options with those of the very device.

use crate::plan::{Plan, PlanOption};
use crate::policy::devices::{Device, DeviceOption};
use crate::value::{Existing, Send};

impl DeviceOption<'_> {
    /// When it is sent, under a plan that says so in general.
    pub fn send_under(&self, plan: &Plan) -> Send {
        match self.send {
            Send::Unset => plan.send.unwrap_or(Send::Always),
            own => own,
        }
    }

    /// What happens to the server's own option of this code, likewise.
    pub fn existing_under(&self, plan: &Plan) -> Existing {
        match self.existing {
            Existing::Unset => plan.existing.unwrap_or(Existing::Replace),
            own => own,
        }
    }
}

/// An option of an answer: the plan's, or what the policy says of this very device.
#[derive(Debug, Clone, Copy)]
pub enum Told<'p> {
    /// The plan's.
    Planned(&'p PlanOption),
    /// The device's own.
    Own(DeviceOption<'p>),
}

impl<'p> Told<'p> {
    /// The option's number.
    pub fn code(&self) -> u8 {
        match self {
            Told::Planned(option) => option.code,
            Told::Own(option) => option.code,
        }
    }
}

/// A plan's options with a device's own, which win, by code.
pub fn told<'p>(plan: &'p Plan, device: Option<Device<'p>>) -> impl Iterator<Item = Told<'p>> {
    let mut planned = plan.options.iter().peekable();
    let mut own = device.into_iter().flat_map(|device| device.options()).peekable();
    std::iter::from_fn(move || match (planned.peek(), own.peek()) {
        (Some(option), Some(device)) if option.code < device.code => {
            planned.next().map(Told::Planned)
        }
        (Some(option), Some(device)) => {
            if option.code == device.code {
                planned.next();
            }
            own.next().map(Told::Own)
        }
        (Some(_), None) => planned.next().map(Told::Planned),
        (None, _) => own.next().map(Told::Own),
    })
}
