//! docs/figures/growth.svg: a curve for each table's first column, both axes logarithmic.

use serde_json::Value;

use crate::page::{TABLES, Table, capital, points, short};

const ACROSS: usize = 2;
const WIDTH: f64 = 400.0;
const HEIGHT: f64 = 220.0;
/// The room around a curve for its numbers.
const EDGE: f64 = 48.0;

pub fn draw(all: &[Value]) -> String {
    let charts: Vec<String> =
        TABLES.iter().filter_map(|table| chart(&points(all, table), table)).collect();
    let rows = charts.len().div_ceil(ACROSS);
    let mut body = String::new();
    for (number, chart) in charts.iter().enumerate() {
        let (x, y) = ((number % ACROSS) as f64 * WIDTH, (number / ACROSS) as f64 * HEIGHT);
        body += &format!("<g transform=\"translate({x} {y})\">\n{chart}</g>\n");
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" font-family=\"sans-serif\" font-size=\"11\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n{body}</svg>\n",
        WIDTH * ACROSS as f64,
        HEIGHT * rows as f64
    )
}

fn chart(points: &[Value], table: &Table) -> Option<String> {
    let (key, unit) = table.columns.first()?;
    let pairs: Vec<(f64, f64)> = points
        .iter()
        .filter_map(|point| Some((point["count"].as_f64()?, point[key].as_f64()?)))
        .collect();
    let (first, last) = (pairs.first()?.0, pairs.last()?.0);
    // Whole decades, so that a flat curve looks flat.
    let least = pairs.iter().map(|pair| pair.1).fold(f64::INFINITY, f64::min).log10().floor();
    let most = pairs.iter().map(|pair| pair.1).fold(0.0, f64::max).log10().ceil().max(least + 1.0);
    let place = |(count, value): &(f64, f64)| {
        let x = (count.log10() - first.log10()) / (last.log10() - first.log10()).max(f64::EPSILON);
        let y = (value.log10() - least) / (most - least);
        (EDGE + x * (WIDTH - 2.0 * EDGE), HEIGHT - EDGE - y * (HEIGHT - 2.0 * EDGE))
    };
    let mut body =
        words(8.0, 18.0, "start", &format!("{} by {}: {unit}", capital(table.what), table.by));
    for decade in 0..=(most - least) as i32 {
        let value = 10f64.powf(least + f64::from(decade));
        let (_, y) = place(&(first, value));
        body += &format!(
            "<line x1=\"{EDGE}\" x2=\"{:.0}\" y1=\"{y:.0}\" y2=\"{y:.0}\" stroke=\"#ddd\"/>\n",
            WIDTH - EDGE
        );
        body += &words(EDGE - 4.0, y + 4.0, "end", &short(value));
    }
    let line: Vec<String> =
        pairs.iter().map(&place).map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
    body += &format!(
        "<polyline points=\"{}\" fill=\"none\" stroke=\"#2a6f97\" stroke-width=\"2\"/>\n",
        line.join(" ")
    );
    for pair in &pairs {
        let (x, y) = place(pair);
        body += &format!("<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\" fill=\"#2a6f97\"/>\n");
        body += &words(x, y - 7.0, "middle", &short(pair.1));
        body += &words(x, HEIGHT - EDGE + 16.0, "middle", &count(pair.0));
    }
    Some(body)
}

fn count(number: f64) -> String {
    match number {
        n if n >= 1e6 => format!("{} M", n / 1e6),
        n if n >= 1e3 => format!("{} k", n / 1e3),
        n => n.to_string(),
    }
}

fn words(x: f64, y: f64, anchor: &str, text: &str) -> String {
    format!(
        "<text x=\"{x:.0}\" y=\"{y:.0}\" text-anchor=\"{anchor}\" fill=\"#222\">{text}</text>\n"
    )
}
