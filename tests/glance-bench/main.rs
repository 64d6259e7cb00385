//! What a large fleet costs: the report of 100,000 phones, and a nudge of 1,000. Prints its figures;
//! not part of the tests. Wants release builds: `make bench-glance`.

use offhook_test_kit as peers;

mod nudge;
mod report;

use peers::machine;

fn main() {
    println!("# The phones at a glance, of a large fleet\n");
    println!(
        "Machine: {}, load {} before. {}.\n",
        machine::name(),
        machine::load(),
        machine::date()
    );
    println!("By `make bench-glance` (`tests/glance-bench`).\n");
    let wanted = std::env::args().nth(1).unwrap_or_default();
    if wanted.is_empty() || wanted == "report" {
        report::measure();
    }
    if wanted.is_empty() || wanted == "nudge" {
        nudge::measure();
    }
}
