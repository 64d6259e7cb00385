//! The fleet as OpenMetrics. Names and units follow Prometheus' conventions; what is a fact and not a number
//! is a label of a metric that is 1 (`..._info`), which readers of the older text form take too.

use std::collections::BTreeMap;
use std::fmt;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::Fleet;
use crate::phone::Phone;
use crate::sources::Server;

type Labels = Vec<(&'static str, String)>;
type Gauges = Family<Labels, Gauge>;

/// What Kea's hook can be in.
const STATES: [&str; 3] = ["active", "last-good", "passive"];

/// The text, which ends with `# EOF`.
///
/// # Errors
/// It cannot be encoded.
pub fn text(fleet: &Fleet) -> Result<String, fmt::Error> {
    let mut registry = Registry::with_prefix("offhook");
    for_servers(&fleet.servers, &mut registry);
    for_phones(&fleet.phones(), &mut registry);
    let mut text = String::new();
    encode(&mut text, &registry)?;
    Ok(text)
}

fn gauges(registry: &mut Registry, name: &str, help: &str) -> Gauges {
    let family = Gauges::default();
    registry.register(name, help, family.clone());
    family
}

fn for_servers(servers: &[Server], registry: &mut Registry) {
    let info = gauges(registry, "server_info", "DHCP servers, and the release of offhook in them");
    let policy = gauges(registry, "policy_info", "The policy in force, by its digest");
    let since = gauges(
        registry,
        "policy_loaded_timestamp_seconds",
        "When the policy in force was loaded, in seconds since 1970",
    );
    let state = gauges(registry, "state", "1 for the state that the hook is in");
    let mistakes = gauges(registry, "policy_mistakes", "Mistakes in the policy that was requested");
    let competing = gauges(
        registry,
        "competing_options",
        "Options of the server that phones may follow instead of the policy",
    );
    let remembered = gauges(registry, "remembered_phones", "Phones in the hook's table");
    let most = gauges(registry, "remembered_phones_limit", "Phones that the hook's table can hold");
    let set = |family: &Gauges, labels: Labels, value: i64| {
        family.get_or_create(&labels).set(value);
    };
    let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    let mut counters: BTreeMap<&str, Family<Labels, Counter>> = BTreeMap::new();
    for server in servers {
        let here = || vec![("server", server.name.clone())];
        let with = |more: &[(&'static str, &Option<String>)]| {
            let mut labels = here();
            let texts =
                more.iter().map(|(name, text)| (*name, (*text).clone().unwrap_or_default()));
            labels.extend(texts);
            labels
        };
        let kind = Some(server.kind.to_owned());
        let labels =
            with(&[("kind", &kind), ("version", &server.version), ("kea", &server.release)]);
        set(&info, labels, 1);
        if server.policy.is_some() {
            set(&policy, with(&[("digest", &server.policy)]), 1);
        }
        if let Some(time) = server.since {
            set(&since, here(), time);
        }
        if let Some(now) = &server.state {
            for known in STATES {
                let name = Some(known.to_owned());
                set(&state, with(&[("state", &name)]), i64::from(now == known));
            }
            set(&mistakes, here(), count(server.mistakes.len()));
        }
        for found in &server.competing_options {
            let code = found.code.map(|code| code.to_string());
            let labels = with(&[("vendor", &found.vendor), ("code", &code)]);
            competing.get_or_create(&labels).inc();
        }
        let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        if let (Some(now), Some(limit)) = (server.remembered, server.most_remembered) {
            set(&remembered, here(), number(now));
            set(&most, here(), number(limit));
        }
        for (name, value) in &server.counters {
            counters.entry(name).or_default().get_or_create(&here()).inc_by(*value);
        }
    }
    for (name, family) in counters {
        let help = format!("Of the hook since it was loaded: {}", name.replace('-', " "));
        registry.register(metric_name(name), help, family);
    }
}

/// `leases-annotated` is not a name that Prometheus takes.
fn metric_name(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    name.chars().map(plain).collect()
}

fn for_phones(phones: &[Phone], registry: &mut Registry) {
    let known = gauges(registry, "phones", "Phones that a DHCP server has leases or answers of");
    let unknown =
        gauges(registry, "unrecognised_devices", "Devices that look like phones of no known maker");
    let told =
        gauges(registry, "phones_without_url", "Phones that were not sent where their files are");
    let drift = gauges(
        registry,
        "drift_phones",
        "Phones that dnsmasq answered otherwise than the policy says",
    );
    let last = gauges(
        registry,
        "last_phone_timestamp_seconds",
        "When a phone of the site was last answered by DHCP, in seconds since 1970",
    );
    let mut seen: BTreeMap<(String, String), i64> = BTreeMap::new();
    for phone in phones {
        let Some(server) = &phone.server else { continue };
        let site = phone.site.clone().unwrap_or_default();
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let Some(vendor) = &phone.vendor else {
            unknown.get_or_create(&vec![("server", server.clone())]).inc();
            continue;
        };
        known
            .get_or_create(&vec![
                ("server", server.clone()),
                ("site", site.clone()),
                ("vendor", vendor.clone()),
                ("model", text(&phone.model)),
            ])
            .inc();
        let place =
            vec![("server", server.clone()), ("site", site.clone()), ("vendor", vendor.clone())];
        if phone.told_known {
            let without = told.get_or_create(&place);
            if phone.told.is_empty() {
                without.inc();
            }
        }
        if phone.drift.is_some() {
            drift.get_or_create(&place).inc();
        }
        if let Some(time) = phone.last_seen {
            let latest = seen.entry((server.clone(), site)).or_insert(time);
            *latest = (*latest).max(time);
        }
    }
    for ((server, site), time) in seen {
        last.get_or_create(&vec![("server", server), ("site", site)]).set(time);
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use serde_json::json;

    use super::*;
    use crate::log::time::Clock;
    use crate::sources::kea;

    #[test]
    fn names_labels_and_the_end() {
        let mut fleet = Fleet::new(Clock::at(1_795_867_200, TimeZone::UTC));
        let fields = json!(["hw-address", "vendor", "model", "site", "last-seen"]);
        let rows = kea::Rows::new(&fields);
        for (mac, model) in [("1", "T46S"), ("2", "T46S"), ("3", "\"\n\\")] {
            let row = json!(format!("00:15:65:00:00:0{mac}\tyealink\t{model}\there\t1795867000"));
            fleet.add(rows.phone(&row, "k").unwrap());
        }
        let status = json!({ "version": "0.1.0", "kea": { "compiled-for": "2.2.0" }, "state": "last-good",
            "policy": { "digest": "abc", "age": 200 }, "mistakes": ["x"],
            "competing-options": [{ "vendor": "snom", "code": 43, "text": "t" }],
            "phones": { "remembered": 3, "most": 10 },
            "counters": { "leases-annotated": 7, "faults": 0 } });
        fleet.servers.push(kea::server(&status, "k", 1_795_867_200));
        let text = text(&fleet).unwrap();
        for line in [
            "offhook_phones{server=\"k\",site=\"here\",vendor=\"yealink\",model=\"T46S\"} 2",
            "offhook_state{server=\"k\",state=\"last-good\"} 1",
            "offhook_state{server=\"k\",state=\"active\"} 0",
            "offhook_policy_info{server=\"k\",digest=\"abc\"} 1",
            "offhook_policy_loaded_timestamp_seconds{server=\"k\"} 1795867000",
            "offhook_competing_options{server=\"k\",vendor=\"snom\",code=\"43\"} 1",
            "offhook_leases_annotated_total{server=\"k\"} 7",
            "offhook_faults_total{server=\"k\"} 0",
            "offhook_last_phone_timestamp_seconds{server=\"k\",site=\"here\"} 1795867000",
            "offhook_phones_without_url{server=\"k\",site=\"here\",vendor=\"yealink\"} 3",
        ] {
            assert!(text.lines().any(|found| found == line), "expected {line}\nfound\n{text}");
        }
        assert!(text.ends_with("# EOF\n"));
        // No text of a phone ends its label or its line.
        assert!(
            text.lines().all(|line| line.starts_with('#') || line.starts_with("offhook_")),
            "{text}"
        );
    }
}
