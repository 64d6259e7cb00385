//! Times as logs write them. Many have no zone and some no year: the zone is this host's, and the year is
//! the one in which the time is not in the future.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ZonedDateTime};

/// The present, and this host's time zone.
#[derive(Debug, Clone)]
pub struct Clock {
    now: ZonedDateTime,
}

/// A log that runs a little ahead is not of last year.
const AHEAD: i64 = 86_400;

impl Clock {
    /// This host's.
    #[must_use]
    pub fn of_this_host() -> Clock {
        Clock { now: ZonedDateTime::now() }
    }

    /// Another one: for tests, and for logs of a host in another zone.
    #[must_use]
    pub fn at(seconds: i64, zone: TimeZone) -> Clock {
        let now = Timestamp::from_second(seconds).unwrap_or(Timestamp::UNIX_EPOCH);
        Clock { now: now.to_zoned_datetime(zone) }
    }

    /// Seconds since 1970.
    #[must_use]
    pub fn now(&self) -> i64 {
        self.now.timestamp().as_second()
    }

    /// Reads a time that is the whole text: RFC 3339, seconds since 1970, or a date and a time.
    #[must_use]
    pub fn read(&self, text: &str) -> Option<i64> {
        let text = text.trim().trim_matches(['[', ']']);
        if let Ok(time) = text.parse::<Timestamp>() {
            return Some(time.as_second());
        }
        if text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
            let whole = text.split('.').next().unwrap_or_default();
            return whole.parse().ok().filter(|seconds| *seconds > 0);
        }
        // The web servers' common log: 28/Nov/2026:13:40:00 +0100.
        if let Ok(time) = Timestamp::strptime("%d/%b/%Y:%H:%M:%S %z", text) {
            return Some(time.as_second());
        }
        if let Ok(time) = DateTime::strptime("%Y-%m-%d %H:%M:%S", text.get(..19).unwrap_or(text)) {
            return self.here(time);
        }
        self.without_year(text)
    }

    /// `Nov 28 13:40:00`, as syslog (RFC 3164) and Asterisk write it.
    fn without_year(&self, text: &str) -> Option<i64> {
        let mut parts = text.split_whitespace();
        let (month, day, time) = (parts.next()?, parts.next()?, parts.next()?);
        let of = |year: i16| {
            let whole = format!("{year} {month} {day} {}", time.get(..8)?);
            let time = DateTime::strptime("%Y %b %d %H:%M:%S", &whole).ok()?;
            self.here(time)
        };
        let this = of(self.now.year());
        match this {
            Some(time) if time <= self.now() + AHEAD => Some(time),
            _ => of(self.now.year() - 1),
        }
    }

    /// The time that a log's line begins with.
    #[must_use]
    pub fn at_head(&self, line: &str) -> Option<i64> {
        let line = line.trim_start();
        if let Some(rest) = line.strip_prefix('[') {
            return self.read(rest.split_once(']')?.0);
        }
        let first = line.split_whitespace().next()?;
        if first.starts_with(|c: char| c.is_ascii_alphabetic()) {
            return self.without_year(line);
        }
        // journalctl -o short-iso of older systemd: +0100 instead of +01:00.
        let zone = |text: &str| Timestamp::strptime("%Y-%m-%dT%H:%M:%S%z", text).ok();
        if let Some(time) = zone(first) {
            return Some(time.as_second());
        }
        self.read(first).or_else(|| self.read(line.get(..19)?))
    }

    fn here(&self, time: DateTime) -> Option<i64> {
        let zone = self.now.time_zone().clone();
        Some(time.to_zoned_datetime(zone).ok()?.timestamp().as_second())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-28 12:00:00 UTC, in Berlin.
    fn clock() -> Clock {
        Clock::at(1_795_867_200, TimeZone::get("Europe/Berlin").unwrap())
    }

    #[test]
    fn times_as_logs_write_them() {
        let noon = 1_795_867_200;
        for text in [
            "2026-11-28T12:00:00Z",
            "2026-11-28T13:00:00+01:00",
            "1795867200.25",
            "28/Nov/2026:13:00:00 +0100",
            "2026-11-28 13:00:00",
            "2026-11-28 13:00:00.250",
            "Nov 28 13:00:00",
        ] {
            assert_eq!(clock().read(text), Some(noon), "{text}");
        }
        for line in [
            "[Nov 28 13:00:00] NOTICE[7] chan_sip.c: x",
            "[2026-11-28 13:00:00.123] NOTICE[7] x",
            "Nov 28 13:00:00 pbx kamailio[7]: x",
            "2026-11-28T13:00:00+0100 pbx kamailio[7]: x",
            "2026-11-28T12:00:00.5Z pbx x",
            "2026-11-28 13:00:00 x",
        ] {
            assert_eq!(clock().at_head(line), Some(noon), "{line}");
        }
        for line in
            ["", "0(7) WARNING: x", "warning: no time", "[", "Nov", "99999999999999999999 x"]
        {
            assert_eq!(clock().at_head(line), None, "{line}");
        }
    }

    #[test]
    fn a_time_without_a_year_is_not_in_the_future() {
        let december = clock().read("Dec 24 13:00:00").unwrap();
        assert!(december < clock().now(), "{december}");
        assert_eq!(clock().read("Nov 28 14:00:00"), Some(clock().now() + 3600), "clocks differ");
    }
}
