//! The outcome of a fleet, in numbers.

use std::time::Duration;

use serde::Serialize;

use super::Fleet;

/// What a run leaves behind.
#[derive(Default)]
pub(super) struct Outcome {
    /// For each phone with an address, the time that it took.
    pub took: Vec<Duration>,
    /// How many understood where their files are.
    pub understood: u32,
    /// Packets that were sent again.
    pub sent_again: u32,
    /// Offers that a server took back.
    pub refused: u32,
    /// Numbers of phones.
    pub lost: Vec<u32>,
}

/// Their outcomes.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Summary {
    /// How many phones were switched on.
    pub phones: u32,
    /// Of how many makers.
    pub makers: usize,
    /// Have an address.
    pub booted: u32,
    /// Got no answer, or were refused again and again.
    pub lost: u32,
    /// Of those that booted, how many were sent the address of their files and understood it.
    pub understood_url: u32,
    /// Packets that had to be sent again.
    pub sent_again: u32,
    /// Offers that a server took back (DHCPNAK); the phone then begins anew.
    pub refused: u32,
    /// How long it took.
    pub seconds: f64,
    /// Phones with an address, by second.
    pub phones_per_second: f64,
    /// Milliseconds from the first DHCPDISCOVER to the DHCPACK.
    pub median: f64,
    /// In milliseconds: nine of ten took no longer.
    pub p90: f64,
    /// In milliseconds: 99 of 100 took no longer.
    pub p99: f64,
    /// In milliseconds: the slowest.
    pub slowest: f64,
    /// Hardware addresses of the first that were lost.
    pub first_lost: Vec<String>,
}

/// Of how many lost phones the addresses are kept.
const NAMED: usize = 20;
impl Summary {
    pub(super) fn of(fleet: &Fleet, outcome: Outcome, elapsed: Duration) -> Summary {
        let Outcome { mut took, understood, sent_again, refused, lost: left } = outcome;
        took.sort_unstable();
        let lost = u32::try_from(left.len()).unwrap_or(u32::MAX);
        let booted = u32::try_from(took.len()).unwrap_or(u32::MAX);
        let first = left.iter().take(NAMED);
        Summary {
            phones: fleet.count,
            makers: fleet.makers(),
            booted,
            lost,
            understood_url: understood,
            sent_again,
            refused,
            seconds: elapsed.as_secs_f64(),
            phones_per_second: f64::from(booted) / elapsed.as_secs_f64(),
            median: percentile(&took, 50),
            p90: percentile(&took, 90),
            p99: percentile(&took, 99),
            slowest: percentile(&took, 100),
            first_lost: first.map(|number| fleet.phone(*number).1.to_string()).collect(),
        }
    }
}

/// The time within which so many of a hundred were done, in milliseconds; 0 of none.
fn percentile(sorted: &[Duration], of_hundred: usize) -> f64 {
    let place = (sorted.len() * of_hundred).div_ceil(100).saturating_sub(1);
    sorted.get(place).map_or(0.0, |time| time.as_secs_f64() * 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_times_that_a_phone_took() {
        let times: Vec<Duration> = (1..=200).map(Duration::from_millis).collect();
        let of = |hundred| percentile(&times, hundred);
        assert_eq!([of(50), of(90), of(99), of(100)], [100.0, 180.0, 198.0, 200.0]);
        assert_eq!(percentile(&times[..1], 50), 1.0);
        assert_eq!(percentile(&[], 50), 0.0);
    }
}
