//! Policies come and go while packets arrive.

use crate::peers::kea::{Footprint, Kea, Setup, Version};
use crate::peers::packet::{Answer, DISCOVER};
use crate::peers::phone::{Phone, Relay};
use crate::peers::process::wait_for;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

const THREADS: u8 = 10;
const RELOADS: usize = 200;

const FIVE_MISTAKES: &str = r#"{
    "systems": [{ "system": "pascom", "phonesystem": "acme" }, { "system": "nobody" }],
    "answer": "nobody",
    "voice-vlan": { "id": 5000 },
    "sites": [{ "name": "a", "match": { "networks": ["10.7.0.0/33"] } }] }"#;

fn policy(number: usize) -> String {
    format!(
        r#"{{ "systems": [{{ "system": "files", "url": "https://provision.example.com/{number}/" }}] }}"#
    )
}

/// The number of the policy that an answer was given by; none if it is not whole.
fn policy_of(answer: &Answer) -> Option<usize> {
    let url = answer.option(66).map(String::from_utf8_lossy)?;
    if answer.option(160) != answer.option(66) {
        return None;
    }
    url.strip_prefix("https://provision.example.com/")?.strip_suffix('/')?.parse().ok()
}

fn polycom(number: u8) -> Phone {
    Phone::new(&format!("00:04:f2:00:00:{number:02x}")).class("Polycom-VVX410")
}

/// Whether the library works by what its configuration says.
fn configuration(kea: &Kea) -> String {
    let status = kea.command("phone-status-get", None).ok();
    status["configuration"].as_str().expect("a text").to_owned()
}

fn told(kea: &Kea) -> Option<usize> {
    policy_of(&Relay::of(kea).discover(&polycom(0)))
}

#[test]
fn five_mistakes_are_refused_with_five_places() {
    let kea = Setup::new().offhook_file(&policy(1)).start();
    kea.setup.folder.write("policy.json", FIVE_MISTAKES);
    let at_command = kea.command("phone-policy-reload", None).refused();
    let at_start = Setup::new().offhook_file(FIVE_MISTAKES).start().log();
    for text in [at_command, at_start] {
        for place in [
            "systems[0]: \"server\"",
            "systems[1].system",
            "answer",
            "voice-vlan.id",
            "sites[0].match.networks[0]",
        ] {
            assert!(text.contains(place), "expected a mistake at {place}, found\n{text}");
        }
    }
    assert_eq!(told(&kea), Some(1), "expected the policy in force to stay");
}

#[test]
fn a_broken_file_leaves_what_was_in_force() {
    let kea = Setup::new().offhook_file(&policy(1)).start();
    for broken in ["", "{", "[]", "{ \"systems\": 7 }", "\u{0}", FIVE_MISTAKES] {
        kea.setup.folder.write("policy.json", broken);
        let logged = kea.log_lines("OFFHOOK_POLICY_MISTAKE").len();
        let text = kea.command("phone-policy-reload", None).refused();
        assert!(
            text.contains("policy.json"),
            "expected the file's name in the refusal, found {text}"
        );
        assert_eq!(told(&kea), Some(1), "after phone-policy-reload of {broken:?}");
        let at_command = kea.log_lines("OFFHOOK_POLICY_MISTAKE").len();
        assert!(at_command > logged, "expected the mistake of {broken:?} in the log");
        // Kea has closed the old library by then and would serve no client if the new one refused to
        // load.
        let told_before = kea.log_lines("OFFHOOK_POLICY_MISTAKE").len();
        kea.reload().ok();
        assert_eq!(told(&kea), Some(1), "after config-reload of {broken:?}");
        let told_now = kea.log_lines("OFFHOOK_POLICY_MISTAKE").len();
        assert!(told_now > told_before, "expected the mistake of {broken:?} in the log");
        assert_eq!(configuration(&kea), "refused", "after config-reload of {broken:?}");
    }
    std::fs::remove_file(kea.setup.folder.join("policy.json")).expect("the file goes");
    kea.command("phone-policy-reload", None).refused();
    assert_eq!(told(&kea), Some(1), "after the file went");
    kea.setup.folder.write("policy.json", policy(2));
    kea.command("phone-policy-reload", None).ok();
    assert_eq!(told(&kea), Some(2));
    kea.setup.folder.write("policy.json", policy(3));
    kea.reload().ok();
    assert_eq!(told(&kea), Some(3));
    assert_eq!(configuration(&kea), "used");
    let seen = kea.command("phone-list", None).ok();
    assert_eq!(seen["count"], 1, "expected the phones seen to outlive a reload, found {seen}");
}

#[test]
fn wrong_parameters_at_a_reload_leave_what_was_in_force() {
    let mut kea = Setup::new().offhook_file(&policy(1)).start();
    let good = kea.setup.dhcp4["hooks-libraries"].clone();
    let mut none = good.clone();
    let mut unknown = good.clone();
    let mut twice = good.clone();
    let libraries = |value: &mut serde_json::Value| value.as_array_mut().expect("a list").len();
    let ours = libraries(&mut none) - 1;
    none[ours].as_object_mut().expect("a map").remove("parameters");
    unknown[ours]["parameters"]["polcy"] = serde_json::json!(1);
    twice.as_array_mut().expect("a list").push(good[ours].clone());
    for (name, wrong) in [("none", none), ("unknown", unknown), ("twice", twice)] {
        kea.setup.dhcp4["hooks-libraries"] = wrong;
        let before = kea.log_lines("OFFHOOK_LOAD_REFUSED").len();
        kea.reload().ok();
        assert_eq!(told(&kea), Some(1), "after a reload with parameters: {name}");
        assert!(kea.log_lines("OFFHOOK_LOAD_REFUSED").len() > before, "expected a line: {name}");
    }
    kea.setup.dhcp4["hooks-libraries"] = good;
    kea.setup.folder.write("policy.json", policy(2));
    kea.reload().ok();
    assert_eq!((told(&kea), configuration(&kea).as_str()), (Some(2), "used"));
}

#[test]
fn a_configuration_that_kea_refuses_leaves_what_was_in_force() {
    let mut kea = Setup::new().offhook_file(&policy(1)).start();
    kea.setup.folder.write("policy.json", policy(2));
    kea.setup.dhcp4["nonsense"] = serde_json::json!(true);
    let text = kea.reload().refused();
    assert!(text.contains("nonsense"), "expected Kea to name the key, found {text}");
    assert_eq!(told(&kea), Some(1), "expected the policy as it was before the attempt");
}

#[test]
fn a_hangup_signal_reads_the_policy_again() {
    let kea = Setup::new().offhook_file(&policy(1)).start();
    assert_eq!(told(&kea), Some(1));
    kea.setup.folder.write("policy.json", policy(2));
    kea.signal("HUP");
    let mut relay = Relay::of(&kea);
    relay.patience = Duration::from_millis(200);
    wait_for("the new policy after SIGHUP", Duration::from_secs(10), || {
        let answer = relay.ask(&relay.question(&polycom(0), DISCOVER))?;
        (policy_of(&answer) == Some(2)).then_some(())
    });
}

/// Lets ten threads ask without a pause while `reload` runs `RELOADS` times with a new policy each;
/// returns how many answers they had. `tries`: how often a client asks before it counts as
/// unanswered.
fn under_fire(kea: &Kea, tries: usize, reload: impl Fn(usize)) -> usize {
    let over = AtomicBool::new(false);
    let answered = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for number in 0..THREADS {
            let mut relay = Relay::at(kea, Ipv4Addr::new(127, 1, 3, number + 1));
            relay.patience = Duration::from_secs(10) / u32::try_from(tries).expect("few tries");
            let (over, answered) = (&over, &answered);
            scope.spawn(move || {
                let phone = polycom(number);
                while !over.load(Ordering::Relaxed) {
                    let ask = || relay.ask(&relay.question(&phone, DISCOVER));
                    let answer = (0..tries).find_map(|_| ask());
                    let answer =
                        answer.unwrap_or_else(|| panic!("thread {number} found no answer"));
                    assert!(
                        policy_of(&answer).is_some(),
                        "expected an answer by one policy, found {:?}",
                        answer.options
                    );
                    answered.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        // A panic here must still let the threads end.
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            (0..RELOADS).for_each(&reload);
        }));
        over.store(true, Ordering::Relaxed);
        if let Err(panic) = result {
            std::panic::resume_unwind(panic);
        }
    });
    answered.into_inner()
}

/// What Kea holds once the last command's connection is closed, which it does when it gets to it.
fn at_rest(kea: &Kea) -> Footprint {
    let (mut last, mut alike) = (kea.footprint(), 0);
    wait_for("the same open files five times in a row", Duration::from_secs(10), || {
        let now = kea.footprint();
        let same = now.files == last.files && now.threads == last.threads;
        alike = if same { alike + 1 } else { 0 };
        last = now;
        std::thread::sleep(Duration::from_millis(20));
        (alike >= 5).then(|| last.clone())
    })
}

/// Nothing may stay behind; what a warmed-up heap adds meanwhile is far below what one policy a
/// reload would cost.
#[track_caller]
fn expect_no_growth(before: &Footprint, after: &Footprint) {
    assert_eq!(after.threads, before.threads, "expected as many threads as before");
    assert_eq!(after.files, before.files, "expected as many open files as before");
    // One of Kea's own loggers may have found something to say; one of offhook's for each reload must not appear.
    assert!(
        after.loggers <= before.loggers + 5,
        "expected hardly a logger more, found {} before and {} after",
        before.loggers,
        after.loggers
    );
    let grown = after.resident_kib.saturating_sub(before.resident_kib);
    // A sanitizer's allocator keeps what was freed (scripts/sanitize).
    let sanitized = std::env::var_os("OFFHOOK_SANITIZED").is_some();
    assert!(
        sanitized || grown < 3 * 1024,
        "expected memory to stay, found {before:?} before and {after:?} after"
    );
}

#[test]
fn ten_threads_are_answered_while_the_policy_is_read_200_times() {
    let kea = Setup::new().offhook_file(&policy(0)).start();
    let reload = |number: usize| {
        kea.setup.folder.write("policy.json", policy(number));
        kea.command("phone-policy-reload", None).ok();
    };
    (0..30).for_each(reload);
    told(&kea);
    let before = at_rest(&kea);
    // Not one packet may be lost: the server's sockets stay open.
    let answered = under_fire(&kea, 1, |number| {
        reload(number);
        std::thread::sleep(Duration::from_millis(2));
    });
    assert!(answered > RELOADS, "expected answers all the while, found {answered}");
    assert_eq!(told(&kea), Some(RELOADS - 1));
    expect_no_growth(&before, &at_rest(&kea));
}

#[test]
fn ten_threads_are_answered_while_kea_is_reconfigured_200_times() {
    let kea = Setup::new().offhook_file(&policy(0)).start();
    let reload = |number: usize| {
        kea.setup.folder.write("policy.json", policy(number));
        kea.command("config-reload", None).ok();
    };
    (0..30).for_each(reload);
    told(&kea);
    let before = at_rest(&kea);
    // Kea closes its sockets at a reconfiguration, so a client may have to ask again, as all do.
    let answered = under_fire(&kea, 400, |number| {
        reload(number);
        std::thread::sleep(Duration::from_millis(3));
    });
    assert!(answered > RELOADS, "expected answers all the while, found {answered}");
    assert_eq!(told(&kea), Some(RELOADS - 1), "Kea {:?}", Version::installed());
    expect_no_growth(&before, &at_rest(&kea));
}
