//! The page where people see it: a real browser opens it from a file, filters, sorts, and prints no error.

use crate::peers::browser::Browser;
use crate::peers::folder::Folder;
use crate::peers::process;
use crate::peers::product::command_line;
use crate::report::one_of_each;
use std::path::PathBuf;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(60);
const READY: &str = "document.documentElement?.dataset.ready !== undefined";

/// The cells of the rows in sight, one column.
fn column(browser: &mut Browser, number: u32) -> Vec<String> {
    let expression = format!(
        "[...document.querySelectorAll('#body .row')].map((row) => row.children[{number}].textContent)"
    );
    serde_json::from_value(browser.value(&expression)).expect("texts")
}

fn click(browser: &mut Browser, selector: &str) {
    browser.value(&format!("document.querySelector({selector:?}).click()"));
}

#[test]
fn a_browser_filters_sorts_and_reports_no_error() {
    let site = one_of_each();
    let folder = Folder::new();
    let file = folder.join("report.html");
    // The page shows the names under which its sources were given.
    let link = |there: PathBuf, here: &str| {
        std::os::unix::fs::symlink(there, folder.join(here)).expect("a link");
    };
    link(site.kea.socket(), "kea4-ctrl-socket");
    link(site.web_log(), "offhook.log");
    link(site.registrar.log_file(), "kamailio.log");
    let mut command = process::command(command_line());
    command.current_dir(folder.path()).args([
        "report",
        "--kea",
        "kea4-ctrl-socket",
        "--out",
        "report.html",
    ]);
    command.args(["--web-log", "offhook.log", "--sip-log", "kamailio.log"]);
    command.arg("--policy").arg(site.web.policy());
    process::run_well(command.arg("--phones").arg(site.web.folder.join("phones.csv")));
    let mut browser = Browser::open(&file, 1400, 1000, false);
    browser.wait_until(READY, PATIENCE);
    assert_eq!(browser.value("document.getElementById('count').textContent"), "6 of 6");
    // Sorted by stage at first; then by hardware address, forwards and backwards.
    assert_eq!(column(&mut browser, 2).last().map(String::as_str), Some("registered"));
    click(&mut browser, "#head .row button, #head button");
    let forwards = column(&mut browser, 0);
    assert!(forwards.is_sorted() && forwards.len() == 6, "{forwards:?}");
    click(&mut browser, "#head button");
    let backwards = column(&mut browser, 0);
    assert!(backwards.iter().rev().is_sorted(), "{backwards:?}");
    assert_eq!(
        browser.value("document.querySelector('#head span').getAttribute('aria-sort')"),
        "descending"
    );
    // A search, a maker, a stage.
    let search = |browser: &mut Browser, text: &str| {
        browser.value(&format!(
            "{{ const s = document.getElementById('search'); s.value = {text:?}; \
             s.dispatchEvent(new Event('input')); }}"
        ));
    };
    search(&mut browser, "snom d735");
    assert_eq!(column(&mut browser, 0), ["00:04:13:00:00:02"]);
    assert_eq!(column(&mut browser, 8), ["403 1002"]);
    search(&mut browser, "1001");
    assert_eq!(column(&mut browser, 1), ["yealink"], "by the user that registered");
    click(&mut browser, "#clear");
    assert_eq!(column(&mut browser, 0).len(), 6);
    browser.value(
        "{ const s = document.getElementById('vendor'); \
         s.value = [...s.options].find((o) => o.text.startsWith('yealink')).value; \
         s.dispatchEvent(new Event('change')); }",
    );
    assert_eq!(column(&mut browser, 1), ["yealink", "yealink"]);
    // The other Yealink phone has a host name that would be a script. Its row opens, and it stays a text.
    search(&mut browser, "alert(1)");
    assert_eq!(column(&mut browser, 0), ["00:15:65:00:00:05"]);
    click(&mut browser, "#body .row");
    let detail = browser.value("document.getElementById('detail').textContent");
    let detail = detail.as_str().expect("a text");
    assert!(detail.contains("host name </script><script>alert(1)</script>"), "{detail}");
    assert!(detail.contains("sent option 66: http://127.0.0.1:"), "{detail}");
    assert_eq!(browser.value("document.scripts.length"), 2);
    click(&mut browser, "#clear");
    // Pictures: one bar for each stage, and the times of boots.
    click(&mut browser, "#stages .bar");
    assert!(column(&mut browser, 0).len() < 6, "a bar filters");
    click(&mut browser, "#clear");
    assert_ne!(browser.value("document.querySelectorAll('#when rect').length"), 0);
    // Printing shows every row.
    browser.value("window.dispatchEvent(new Event('beforeprint'))");
    assert_eq!(column(&mut browser, 0).len(), 6);
    assert_eq!(browser.errors, Vec::<String>::new());
    if let Some(path) = std::env::var_os("OFFHOOK_SCREENSHOT") {
        std::fs::write(path, browser.picture()).expect("the picture");
    }
}

#[test]
fn a_telephone_shows_it_in_the_dark_without_scrolling_sideways() {
    let site = one_of_each();
    let folder = Folder::new();
    let file = folder.join("report.html");
    process::run_well(site.report(&["--out"]).arg(&file));
    let mut browser = Browser::open(&file, 390, 800, true);
    browser.wait_until(READY, PATIENCE);
    let wide = browser.value("document.documentElement.scrollWidth <= window.innerWidth");
    assert_eq!(wide, true, "{:?}", browser.value("document.documentElement.scrollWidth"));
    let back = browser.value("getComputedStyle(document.body).backgroundColor");
    assert_eq!(back, "rgb(20, 23, 26)", "dark, where the telephone is set so");
    assert_eq!(browser.errors, Vec::<String>::new());
}
