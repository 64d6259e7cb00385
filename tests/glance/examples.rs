//! The files in examples/metrics, as the programs read them that they are for.

use crate::metrics::{examples, promtool};
use crate::peers::folder::Folder;
use crate::peers::process;
use crate::peers::product::command_line;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;

fn dashboard() -> Value {
    let text = fs::read_to_string(examples().join("grafana.json")).expect("the dashboard");
    serde_json::from_str(&text).expect("JSON")
}

fn panels(dashboard: &Value) -> &[Value] {
    dashboard["panels"].as_array().expect("panels")
}

#[test]
fn the_rules_and_every_query_of_the_dashboard_are_promql() {
    promtool(&["check", "rules", &examples().join("alerts.yml").display().to_string()], b"");
    let dashboard = dashboard();
    let folder = Folder::new();
    let mut rules = "groups:\n- name: dashboard\n  rules:\n".to_owned();
    for panel in panels(&dashboard) {
        for target in panel["targets"].as_array().expect("targets") {
            // JSON's texts are YAML's too.
            rules += &format!("  - record: panel_{}\n    expr: {}\n", panel["id"], target["expr"]);
        }
    }
    let file = folder.write("dashboard.yml", rules);
    promtool(&["check", "rules", &file.display().to_string()], b"");
}

fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_object().expect("an object").keys().map(String::as_str).collect()
}

/// What an object has, and no more than it may have.
fn has(what: &str, value: &Value, needs: &[&str], may: &[&str]) {
    let found = keys(value);
    for key in needs {
        assert!(found.contains(key), "{what}: expected {key:?}, found {found:?}");
    }
    for key in found {
        assert!(
            needs.contains(&key) || may.contains(&key),
            "{what}: {key:?} is not of Grafana's schema"
        );
    }
}

/// Against Grafana's own schema of a dashboard's classic model, as far as ours uses it:
/// grafana/grafana@00139e84396b, kinds/dashboard/dashboard_kind.cue (a dashboard, `#Panel`, `#GridPos`, `#VariableModel`).
/// Grafana itself is not in Debian.
#[test]
fn the_dashboard_is_of_grafanas_schema() {
    let dashboard = dashboard();
    has(
        "the dashboard",
        &dashboard,
        &["title", "uid", "schemaVersion", "panels", "templating", "time"],
        &[
            "version",
            "editable",
            "tags",
            "refresh",
            "description",
            "timezone",
            "links",
            "annotations",
        ],
    );
    let uid = dashboard["uid"].as_str().expect("a text");
    assert!((8..=40).contains(&uid.len()), "{uid}");
    assert!(dashboard["id"].is_null(), "the number is the server's own");
    assert!(dashboard["schemaVersion"].as_u64().is_some_and(|version| version >= 36));
    has("time", &dashboard["time"], &["from", "to"], &[]);
    let variables = dashboard["templating"]["list"].as_array().expect("a list");
    for variable in variables {
        has("a variable", variable, &["name", "type"], &["query", "label", "hide", "description"]);
        let kinds =
            ["query", "adhoc", "constant", "datasource", "interval", "textbox", "custom", "system"];
        assert!(kinds.contains(&variable["type"].as_str().expect("a text")), "{variable}");
    }
    let names: BTreeSet<&str> =
        variables.iter().map(|variable| variable["name"].as_str().expect("a name")).collect();
    let (mut numbers, mut taken) = (BTreeSet::new(), BTreeSet::new());
    for panel in panels(&dashboard) {
        let title = panel["title"].as_str().expect("a title");
        has(
            title,
            panel,
            &["id", "type", "title", "gridPos", "targets", "fieldConfig", "datasource"],
            &["options", "description", "transformations"],
        );
        assert!(numbers.insert(panel["id"].as_u64().expect("a number")), "{title}: its id twice");
        // Grafana's own panels that it is shipped with.
        let kinds = ["stat", "timeseries", "bargauge", "table", "gauge", "piechart"];
        assert!(kinds.contains(&panel["type"].as_str().expect("a type")), "{title}");
        has(title, &panel["gridPos"], &["x", "y", "w", "h"], &[]);
        let [x, y, w, h] =
            ["x", "y", "w", "h"].map(|key| panel["gridPos"][key].as_u64().expect("a number"));
        assert!(w > 0 && h > 0 && x + w <= 24, "{title}: beyond Grafana's 24 columns");
        for cell in (x..x + w).flat_map(|x| (y..y + h).map(move |y| (x, y))) {
            assert!(taken.insert(cell), "{title}: over another panel at {cell:?}");
        }
        has(title, &panel["fieldConfig"], &["defaults", "overrides"], &[]);
        has(title, &panel["datasource"], &["type", "uid"], &[]);
        let uid = panel["datasource"]["uid"].as_str().expect("a text");
        let variable = uid.strip_prefix("${").and_then(|uid| uid.strip_suffix('}'));
        assert!(variable.is_some_and(|name| names.contains(name)), "{title}: {uid}");
        let mut letters = BTreeSet::new();
        for target in panel["targets"].as_array().expect("targets") {
            has(title, target, &["refId", "expr"], &["legendFormat", "instant", "range", "format"]);
            assert!(
                letters.insert(target["refId"].as_str().expect("a text")),
                "{title}: its refId twice"
            );
        }
        assert!(!letters.is_empty(), "{title}: no query");
    }
}

#[test]
fn systemd_reads_the_units() {
    if !process::installed("systemd-analyze") {
        eprintln!("systemd-analyze is not installed: not tried");
        return;
    }
    let folder = Folder::new();
    let mut command = process::command("systemd-analyze");
    command.arg("verify");
    let mut count = 0;
    for entry in fs::read_dir(examples()).expect("the examples").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if [".service", ".socket", ".timer"].iter().any(|end| name.ends_with(end)) {
            let unit = fs::read_to_string(entry.path()).expect("a unit");
            // It looks whether the program is there.
            let unit = unit.replace("/usr/bin/offhook ", &format!("{} ", command_line().display()));
            command.arg(folder.write(&name, unit));
            count += 1;
        }
    }
    assert!(count >= 4, "{count}");
    let output = process::run(&mut command);
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    // What it does not know it only mentions.
    let own: Vec<&str> = said.lines().filter(|line| line.contains("offhook")).collect();
    assert!(output.status.success() && own.is_empty(), "{said}");
}
