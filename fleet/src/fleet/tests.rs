use jiff::tz::TimeZone;
use serde_json::json;

use super::*;
use crate::phone::Stage;
use crate::sources::kea;

const NOW: i64 = 1_795_867_200;

fn fleet() -> Fleet {
    let mut fleet = Fleet::new(Clock::at(NOW, TimeZone::UTC));
    let fields =
        json!(["hw-address", "vendor", "ip-address", "last-seen", "first-seen", "answers"]);
    let rows = kea::Rows::new(&fields);
    for (last, vendor) in [(1, "yealink"), (2, "snom"), (3, "polycom"), (4, "fanvil")] {
        let row = json!(format!(
            "00:15:65:00:00:0{last}\t{vendor}\t10.7.0.{last}\t{}\t{}\t1\t66=http://h/",
            NOW - 100,
            NOW - 200
        ));
        fleet.add(rows.phone(&row, "k").unwrap());
    }
    fleet
}

fn read(fleet: &mut Fleet, of: Of, text: &str) -> Tally {
    let patterns = Patterns::new(of, &[]).unwrap();
    fleet.read_log("log", of, &mut text.as_bytes(), &patterns).unwrap()
}

fn stages(fleet: &Fleet) -> Vec<Stage> {
    fleet.phones().iter().map(|phone| phone.stage).collect()
}

#[test]
fn each_phone_is_as_far_as_the_logs_show() {
    let mut fleet = fleet();
    assert_eq!(stages(&fleet), [Stage::Told; 4]);
    let tally = read(
        &mut fleet,
        Of::Web,
        "2026-11-28T11:59:00+00:00 10.7.0.1 001565000001 200 9 \"GET 001565000001.cfg\" \"Y\"\n\
         2026-11-28T11:59:00+00:00 10.7.0.2 - 200 9 \"GET common.xml\" \"S\"\n\
         2026-11-28T11:59:00+00:00 10.7.0.3 001565000003 404 9 \"GET 001565000003.cfg\" \"P\"\n\
         2026-11-28T11:59:00+00:00 10.7.0.3 001565000003 404 9 \"GET 001565000003.cfg\" \"P\"\n\
         2026-11-28T11:59:00+00:00 10.9.9.9 - 403 9 \"GET -\" \"curl\"\nnot a line\n",
    );
    assert_eq!(tally, Tally { lines: 6, matched: 5, strangers: 1 });
    assert_eq!(
        stages(&fleet),
        [Stage::Fetched, Stage::Fetched, Stage::FetchFailed, Stage::NotFetched]
    );
    assert_eq!(fleet.phones()[2].fetches[0].times, 2);
    fleet.listed(Mac::parse("001565000002").unwrap(), "snom", "D735", &["1002".to_owned()]);
    fleet.listed(Mac::parse("0015650000ff").unwrap(), "snom", "", &["1099".to_owned()]);
    read(
        &mut fleet,
        Of::Sip,
        "x offhook-register 401 user=1001 via=SIP/2.0/UDP 10.7.0.1:5060;branch=z9hG4bK1\n\
         x offhook-register 403 user=1001 via=SIP/2.0/UDP 10.7.0.1:5060;branch=z9hG4bK1\n\
         x offhook-register 200 user=1002 via=SIP/2.0/UDP 10.0.0.254:5060;branch=z9hG4bK1\n\
         x offhook-register 200 user=1001 via=SIP/2.0/UDP 10.7.0.1:5060;branch=z9hG4bK1\n\
         x offhook-register 403 user=1001 via=SIP/2.0/UDP 10.7.0.1:5060;branch=z9hG4bK1\n",
    );
    assert_eq!(
        stages(&fleet),
        [Stage::Refused, Stage::Registered, Stage::FetchFailed, Stage::NotFetched, Stage::NotSeen],
        "the last answer counts, and the list says whose user it is"
    );
}

#[test]
fn what_several_sources_say_is_put_together() {
    let mut fleet = fleet();
    let lease = json!({ "hw-address": "00:15:65:00:00:01", "ip-address": "10.7.0.1", "cltt": NOW - 50,
        "user-context": { "offhook": { "vendor": "yealink", "model": "T46S", "policy": "abc" } } });
    fleet.add(kea::lease(&lease, "k", NOW).unwrap());
    let phone = &fleet.phones()[0];
    assert_eq!((phone.model.as_deref(), phone.policy.as_deref()), (Some("T46S"), Some("abc")));
    assert_eq!((phone.told.len(), phone.last_seen), (1, Some(NOW - 50)));
}

#[test]
fn a_phone_that_asks_for_names_at_random_has_a_bound() {
    let mut fleet = fleet();
    let line =
        |n: u32| format!("2026-11-28T11:59:00+00:00 10.7.0.1 - 404 9 \"GET {n}.cfg\" \"Y\"\n");
    read(&mut fleet, Of::Web, &(0..1000).map(line).collect::<String>());
    assert_eq!(fleet.phones()[0].fetches.len(), MOST_KINDS);
}
