//! `offhook emulate --count N`: a fleet's power-up, with progress and a summary.

use indicatif::{ProgressBar, ProgressStyle};
use offhook_emulate::fleet::{Fleet, Summary};
use offhook_emulate::phone::Phone;

use super::Arguments;
use crate::input::{self, Failure, wrong};

pub(super) fn run(arguments: &Arguments, phones: Vec<Phone>, count: u32) -> Result<(), Failure> {
    let mut phones = phones.into_iter();
    let first = phones.next().ok_or_else(|| wrong("--vendor: expected at least one"))?;
    if arguments.rate.is_some_and(|rate| !rate.is_finite() || rate <= 0.0) {
        return Err(wrong("--rate: expected phones each second, more than 0"));
    }
    let fleet = Fleet {
        first,
        others: phones.collect(),
        count,
        rate: arguments.rate,
        at_once: arguments.at_once.max(1),
    };
    let exchange = arguments.exchange(arguments.relay.as_deref())?;
    // Drawn on standard error, and only on a terminal.
    let bar = ProgressBar::new(u64::from(count));
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} phones {elapsed}") {
        bar.set_style(style);
    }
    let summary = fleet.power_up(&exchange, &mut |done| bar.set_position(u64::from(done)));
    bar.finish_and_clear();
    let summary = summary.map_err(wrong)?;
    match arguments.json {
        true => input::json(&summary)?,
        false => print(&summary)?,
    }
    match summary.lost {
        0 => Ok(()),
        _ => Err(Failure::Found),
    }
}

fn print(summary: &Summary) -> Result<(), Failure> {
    let Summary { phones, makers, booted, lost, understood_url, sent_again, refused, .. } = summary;
    input::line(format!(
        "{phones} phones of {makers} makers: {booted} have an address, {lost} are lost; {sent_again} \
         packets were sent again, {refused} offers were taken back"
    ))?;
    input::line(format!(
        "{understood_url} were sent the address of their files, and understood it"
    ))?;
    input::line(format!(
        "{:.2} s, {:.0} phones a second; DHCPDISCOVER to DHCPACK in ms: median {:.1}, 90 % {:.1}, 99 % \
         {:.1}, slowest {:.1}",
        summary.seconds,
        summary.phones_per_second,
        summary.median,
        summary.p90,
        summary.p99,
        summary.slowest
    ))?;
    if !summary.first_lost.is_empty() {
        input::line(format!("lost, among others: {}", summary.first_lost.join(", ")))?;
    }
    Ok(())
}
