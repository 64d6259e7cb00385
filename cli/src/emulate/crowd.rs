//! Phones that stay (`--wait`): each boots on a thread of its own, then waits for its NOTIFY beside the others.

use std::sync::{Mutex, PoisonError};

use offhook_emulate::phone::Phone;
use offhook_emulate::report::{Outcome, Report};
use offhook_emulate::steps;

use super::Arguments;
use crate::input::{self, Failure, wrong};

/// A thread's stack: TLS in a build without optimisation needs some.
const STACK: usize = 1 << 20;
/// More phones have more threads than this program should.
const MOST: u32 = 5_000;

pub(super) fn run(
    arguments: &Arguments,
    phones: &[Phone],
    count: Option<u32>,
) -> Result<(), Failure> {
    let count = count.unwrap_or_else(|| u32::try_from(phones.len()).unwrap_or(MOST));
    if count > MOST {
        return Err(wrong(format!(
            "--count: expected at most {MOST} phones that wait, found {count}"
        )));
    }
    if phones.is_empty() {
        return Err(wrong("--vendor: expected at least one"));
    }
    let makers = u32::try_from(phones.len()).unwrap_or(1);
    let journey = arguments.journey()?;
    // All use one relay's socket, which hears one phone at a time.
    let relay = Mutex::new(());
    let reports: Mutex<Vec<Report>> = Mutex::new(Vec::new());
    let play = |number: u32| -> Result<(), Failure> {
        let Some(phone) = phones.get((number % makers) as usize) else { return Ok(()) };
        // The first of each maker is the one that is played alone.
        let phone = match number / makers {
            0 => phone.clone(),
            again => phone.numbered(again),
        };
        let mut turn = Some(relay.lock().unwrap_or_else(PoisonError::into_inner));
        let report = journey.go(&phone, &mut |step| {
            if step.name == steps::URL {
                turn = None;
            }
        });
        drop(turn);
        if arguments.json {
            input::line(serde_json::to_string(&report).map_err(wrong)?)?;
        }
        reports.lock().unwrap_or_else(PoisonError::into_inner).push(report);
        Ok(())
    };
    let play = &play;
    std::thread::scope(|scope| -> Result<(), Failure> {
        let start = |number| {
            let thread = std::thread::Builder::new().stack_size(STACK);
            thread.spawn_scoped(scope, move || play(number))
        };
        let threads: Vec<_> = (0..count).map(start).collect::<Result<_, _>>()?;
        threads.into_iter().try_for_each(|thread| thread.join().unwrap_or(Ok(())))
    })?;
    let reports = reports.into_inner().unwrap_or_else(PoisonError::into_inner);
    let failed = reports.iter().filter(|report| !report.passed()).count();
    if !arguments.json {
        let notified = |report: &&Report| {
            report.step(steps::NOTIFY).is_some_and(|step| step.outcome == Outcome::Passed)
        };
        for report in reports.iter().filter(|report| !report.passed()) {
            let step = report.steps.iter().find(|step| step.outcome == Outcome::Failed);
            let step = step.map(ToString::to_string).unwrap_or_default();
            input::line(format!("{} {}: {step}", report.vendor, report.hw_address))?;
        }
        input::line(format!(
            "{} phones: {} were notified, {failed} with a step that failed",
            reports.len(),
            reports.iter().filter(notified).count()
        ))?;
    }
    match failed {
        0 => Ok(()),
        _ => Err(Failure::Found),
    }
}
