//! docs/figures/peers.svg: what each way adds to a Kea that tells phones nothing, for each release.

use crate::page::Figures;
use crate::power_up::{CLASSES, FLEX_OPTION, OFFHOOK};

const WAYS: [(&str, &str); 3] = [
    (OFFHOOK, "offhook"),
    (CLASSES, "twenty client classes"),
    (FLEX_OPTION, "libdhcp_flex_option"),
];

/// The power-ups at a rate, which vary less than those at Kea's limit.
const AT_A_RATE: usize = 2;

/// For never seen, seen before.
const COLOURS: [&str; 2] = ["#2a6f97", "#a9d6e5"];
const LEFT: f64 = 150.0;
const WIDTH: f64 = 760.0;
const BAR: f64 = 13.0;

/// Bars, the longest at the right edge.
pub fn draw(all: &[Figures]) -> String {
    let mut most = 1.0f64;
    for figures in all {
        for case in figures.cases().into_iter().skip(AT_A_RATE).take(2) {
            most = WAYS.iter().map(|(way, _)| figures.added(case, way)).fold(most, f64::max);
        }
    }
    let scale = (WIDTH - LEFT - 60.0) / most;
    let mut body = String::new();
    let mut y = 46.0;
    for figures in all {
        body += &text(8.0, y + 4.0, "bold", &format!("Kea {}", figures.kea()));
        y += 14.0;
        let cases = figures.cases();
        for (way, label) in WAYS {
            body += &text(8.0, y + BAR + 3.0, "normal", label);
            for (case, colour) in cases.iter().skip(AT_A_RATE).take(2).zip(COLOURS) {
                let added = figures.added(*case, way).max(0.0);
                let width = added * scale;
                body += &format!(
                    "<rect x=\"{LEFT}\" y=\"{y:.0}\" width=\"{width:.1}\" height=\"{BAR}\" fill=\"{colour}\"/>\n"
                );
                body += &text(LEFT + width + 6.0, y + BAR - 2.0, "normal", &format!("{added:.1}"));
                y += BAR;
            }
            y += 6.0;
        }
        y += 16.0;
    }
    let mut legend = String::new();
    for (at, (label, colour)) in ["never seen", "seen before"].iter().zip(COLOURS).enumerate() {
        let x = LEFT + 150.0 * at as f64;
        legend +=
            &format!("<rect x=\"{x}\" y=\"22\" width=\"12\" height=\"12\" fill=\"{colour}\"/>\n");
        legend += &text(x + 18.0, 32.0, "normal", label);
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {y:.0}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n\
         {}{legend}{body}</svg>\n",
        text(
            8.0,
            14.0,
            "bold",
            "Microseconds of Kea's CPU per exchange, more than Kea alone: 5,000 phones a second boot"
        )
    )
}

fn text(x: f64, y: f64, weight: &str, words: &str) -> String {
    format!(
        "<text x=\"{x:.0}\" y=\"{y:.0}\" font-weight=\"{weight}\" fill=\"#222\">{words}</text>\n"
    )
}
