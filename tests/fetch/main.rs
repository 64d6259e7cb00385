//! 1,000 phones fetch their files at once from one nginx: files that `offhook generate` has written, and the same files
//! made for each request by the same templates (Jinja2 in gunicorn behind that nginx). By turns, five times each; prints
//! the table of docs/figures/fetch.md and the raw figures.
//!
//! Wants a release build: `make bench-fetch` makes it and names it by OFFHOOK_CLI.

use std::io::{Read, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Barrier;
use std::time::{Duration, Instant};

use offhook_test_kit::folder::{Folder, set_mode};
use offhook_test_kit::many::{POLICY, list};
use offhook_test_kit::port::Port;
use offhook_test_kit::process::{self, Process, wait_for};
use offhook_test_kit::{machine, product};
use serde_json::{Value, json};

const PHONES: usize = 1_000;
const RUNS: usize = 5;
const WAYS: [(&str, &str); 2] =
    [("files of offhook generate", "there"), ("a template for each request", "made")];

struct Servers {
    nginx: Process,
    gunicorn: Process,
    port: u16,
    _held: Port,
    folder: Folder,
}

/// The files of a phone of that list: two for a Yealink, one for a Polycom.
fn names(number: usize) -> Vec<String> {
    match number % 2 {
        0 => vec![format!("001565{number:06x}.boot"), format!("001565{number:06x}.cfg")],
        _ => vec![format!("0004f2{number:06x}.cfg")],
    }
}

fn start() -> Servers {
    let folder = Folder::new();
    folder.write("policy.json", POLICY);
    folder.write("list.csv", list(u32::try_from(PHONES).expect("a small number")));
    let mut generate = process::command(product::command_line());
    generate.args(["generate", "--policy", "policy.json", "--phones", "list.csv", "--out", "out"]);
    process::run_well(generate.current_dir(folder.path()));
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = |name: &str| folder.join(name).display().to_string();
    let mut gunicorn = process::command("gunicorn");
    let vendors = here.join("core/catalogue/vendors");
    gunicorn
        .args(["--workers", "2", "--backlog", "2048", "--bind"])
        .arg(format!("unix:{}", path("made.sock")));
    gunicorn.arg(format!("application:made('{}','{}')", path("list.csv"), vendors.display()));
    let gunicorn =
        gunicorn.current_dir(here.join("tests/fetch")).env("PYTHONDONTWRITEBYTECODE", "1");
    let gunicorn = Process::start("gunicorn", gunicorn, &folder.join("gunicorn.log"));
    let held = Port::new();
    let port = held.number();
    let configuration = folder.write(
        "nginx.conf",
        format!(
            "daemon off; master_process off; worker_processes 1; pid {}; error_log stderr warn;\n\
             events {{ worker_connections 4096; }}\n\
             http {{ access_log off; default_type text/plain;\n\
             client_body_temp_path {temp}; proxy_temp_path {temp}; fastcgi_temp_path {temp};\n\
             uwsgi_temp_path {temp}; scgi_temp_path {temp};\n\
             server {{ listen 127.0.0.1:{port} backlog=2048;\n\
             location /there/ {{ alias {out}/; }}\n\
             location /made/ {{ proxy_pass http://unix:{socket}:; proxy_read_timeout 120; }} }} }}\n",
            path("nginx.pid"),
            temp = folder.make("temp").display(),
            out = path("out"),
            socket = path("made.sock"),
        ),
    );
    // nginx's worker may run as another user.
    set_mode(folder.path(), 0o755);
    let mut nginx = process::command("nginx");
    nginx.arg("-e").arg("stderr").arg("-c").arg(configuration).arg("-p").arg(folder.path());
    let nginx = Process::start("nginx", &mut nginx, &folder.join("nginx.log"));
    let servers = Servers { nginx, gunicorn, port, _held: held, folder };
    wait_for("both servers answer", Duration::from_secs(20), || {
        let good = |way: &str| {
            fetch(port, way, &names(0)[0]).is_some_and(|text| text.starts_with("HTTP/1.1 200"))
        };
        WAYS.iter().all(|(_, way)| good(way)).then_some(())
    });
    servers
}

/// The whole answer; none where no connection came about.
fn fetch(port: u16, way: &str, name: &str) -> Option<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(120))).ok()?;
    write!(stream, "GET /{way}/{name} HTTP/1.0\r\nHost: provision.example.com\r\n\r\n").ok()?;
    let mut text = String::new();
    stream.read_to_string(&mut text).ok()?;
    Some(text)
}

fn body(answer: &str) -> &str {
    answer.split_once("\r\n\r\n").map_or("", |(_, body)| body)
}

/// All phones at once; how long each took for all of its files.
fn all_at_once(servers: &Servers, way: &str) -> (Vec<Duration>, Duration) {
    let barrier = Barrier::new(PHONES + 1);
    std::thread::scope(|scope| {
        let phones: Vec<_> = (0..PHONES)
            .map(|number| {
                let barrier = &barrier;
                std::thread::Builder::new()
                    .stack_size(128 << 10)
                    .spawn_scoped(scope, move || {
                        barrier.wait();
                        let start = Instant::now();
                        for name in names(number) {
                            let answer = fetch(servers.port, way, &name).expect("an answer");
                            assert!(answer.starts_with("HTTP/1.1 200"), "{way}/{name}: {answer}");
                        }
                        start.elapsed()
                    })
                    .expect("a thread")
            })
            .collect();
        barrier.wait();
        let start = Instant::now();
        let took = phones.into_iter().map(|phone| phone.join().expect("a phone")).collect();
        (took, start.elapsed())
    })
}

fn run(servers: &Servers, name: &str, way: &str) -> Value {
    let cpu = || {
        let workers = process::run(
            process::command("pgrep").args(["-P", &servers.gunicorn.id().to_string()]),
        );
        let workers = String::from_utf8(workers.stdout).expect("numbers");
        let workers = workers.lines().map(|id| id.parse().expect("a number"));
        workers
            .chain([servers.gunicorn.id(), servers.nginx.id()])
            .map(process::processor_time)
            .sum::<f64>()
    };
    let before = cpu();
    let load = machine::load();
    let (mut took, whole) = all_at_once(servers, way);
    took.sort();
    let ms = |place: usize| took[place].as_secs_f64() * 1e3;
    json!({
        "way": name, "load-before": load, "whole-ms": whole.as_secs_f64() * 1e3, "median-ms": ms(PHONES / 2),
        "p99-ms": ms(PHONES * 99 / 100), "slowest-ms": ms(PHONES - 1), "cpu-ms": (cpu() - before) * 1e3,
    })
}

fn main() {
    let servers = start();
    for number in 0..4 {
        for name in names(number) {
            let [there, made] =
                WAYS.map(|(_, way)| fetch(servers.port, way, &name).expect("an answer"));
            assert_eq!(body(&there), body(&made), "{name}: expected the same bytes from both");
        }
    }
    // The first of all pays for cold caches.
    all_at_once(&servers, "there");
    all_at_once(&servers, "made");
    let mut all = Vec::new();
    for number in 0..RUNS {
        let mut order = WAYS;
        order.rotate_left(number % WAYS.len());
        for (name, way) in order {
            let figures = run(&servers, name, way);
            eprintln!("{figures}");
            all.push(figures);
        }
    }
    println!(
        "{}, {}. {PHONES} phones at once, medians of {RUNS} runs by turns.\n",
        machine::name(),
        machine::date()
    );
    println!(
        "| | until the last has its files, ms | a phone: median, ms | 99 %, ms | servers' CPU, ms |"
    );
    println!("|---|---|---|---|---|");
    for (name, _) in WAYS {
        let of = |key: &str| {
            let runs = all.iter().filter(|run| run["way"] == name);
            machine::median(runs.map(|run| run[key].as_f64().expect("a number")).collect())
        };
        println!(
            "| {name} | {:.0} | {:.0} | {:.0} | {:.0} |",
            of("whole-ms"),
            of("median-ms"),
            of("p99-ms"),
            of("cpu-ms")
        );
    }
    println!("\nRaw:\n");
    all.iter().for_each(|figures| println!("{figures}"));
    drop(servers.folder);
}
