//! A fleet at a glance, on real servers: what `offhook report`, `offhook metrics` and `offhook nudge` make of
//! Kea, dnsmasq, nginx and Kamailio, and the report's page in a real browser.

use offhook_test_kit as peers;

/// An Asterisk as registrar, where one is installed.
mod asterisk;
/// The files in examples/metrics.
mod examples;
/// OpenMetrics, and what reads them.
mod metrics;
/// NOTIFY, and what phones do then.
mod nudge;
/// The page in a headless Chromium.
mod page;
/// The report's data.
mod report;
/// The servers of one site, and its phones.
mod site;
