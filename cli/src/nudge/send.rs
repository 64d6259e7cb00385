use std::collections::HashMap;
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use offhook_core::Mac;
use offhook_emulate::digest::Credentials;
use offhook_fleet::Fleet;
use offhook_fleet::log::pattern::{Of, Patterns};

use super::message::{Answer, Notify};
use super::plan::Target;
use super::watch::Watch;
use super::{Arguments, Outcome};
use crate::input::{self, Failure, wrong};
use crate::sources::bar;

/// RFC 3261's T1 and T2: how a request over UDP is sent again.
const T1: Duration = Duration::from_millis(500);
const T2: Duration = Duration::from_secs(4);
/// How often the log is looked at.
const TICK: Duration = Duration::from_millis(100);
/// No answer to a NOTIFY is larger.
const LARGEST: usize = 16 * 1024;

/// What waits for an answer.
struct Waiting {
    notify: Notify,
    sent: Instant,
    again: Instant,
    wait: Duration,
    end: Instant,
}

/// Watches for fetches.
pub struct Fetches<'f> {
    fleet: &'f Fleet,
    log: Option<(Watch, Patterns)>,
    within: Duration,
    /// When each phone was notified.
    pub since: HashMap<Mac, Instant>,
}

impl<'f> Fetches<'f> {
    pub fn new(arguments: &Arguments, fleet: &'f Fleet) -> Result<Fetches<'f>, Failure> {
        let log = match &arguments.web_log {
            None => None,
            Some(path) => {
                let own = arguments.pattern.iter().map(|path| input::text_of(path));
                let own: Vec<String> = own.collect::<Result<_, _>>()?;
                let patterns = Patterns::new(Of::Web, &own).map_err(wrong)?;
                Some((Watch::new(path)?, patterns))
            }
        };
        let within = seconds("--within", arguments.within)?;
        Ok(Fetches { fleet, log, within, since: HashMap::new() })
    }

    /// Marks the phones that have fetched.
    pub fn look(&mut self, targets: &mut [Target]) -> Result<(), Failure> {
        let Some((watch, patterns)) = &mut self.log else { return Ok(()) };
        let mut fetched: Vec<Mac> = Vec::new();
        watch.lines(&mut |line| {
            let entry = patterns.read(line, &self.fleet.clock);
            let got =
                entry.filter(|entry| (200..300).contains(&entry.status) || entry.status == 304);
            fetched.extend(got.and_then(|entry| self.fleet.owner(&entry)));
        })?;
        for mac in fetched {
            let Some(since) = self.since.get(&mac) else { continue };
            let of_phone = targets.iter_mut().find(|target| target.mac == mac);
            if let Some(target) = of_phone
                && !matches!(target.outcome, Outcome::Fetched { .. } | Outcome::NoEvent)
            {
                target.outcome = Outcome::Fetched { seconds: since.elapsed().as_secs_f64() };
            }
        }
        Ok(())
    }

    /// Whether a phone that has accepted may still fetch.
    pub fn hopes(&self, targets: &[Target]) -> bool {
        self.log.is_some()
            && targets.iter().any(|target| {
                let since = self.since.get(&target.mac);
                target.outcome == Outcome::Accepted
                    && since.is_some_and(|since| since.elapsed() < self.within)
            })
    }
}

pub fn seconds(flag: &str, number: f64) -> Result<Duration, Failure> {
    let found = Duration::try_from_secs_f64(number).ok().filter(|time| !time.is_zero());
    found.ok_or_else(|| wrong(format!("{flag}: expected seconds, found {number}")))
}

/// Sends to all of them, so many each minute.
pub fn send(
    arguments: &Arguments,
    login: Option<&Credentials>,
    fleet: &Fleet,
    targets: &mut [Target],
) -> Result<(), Failure> {
    let patience = seconds("--timeout", arguments.timeout)?;
    let source = arguments.source()?;
    let socket = UdpSocket::bind(source)
        .map_err(|error| wrong(format!("--from: cannot send from {source}: {error}")))?;
    let port = socket.local_addr()?.port();
    let mut fetches = Fetches::new(arguments, fleet)?;
    let gap = Duration::from_secs(60) / arguments.per_minute;
    let mut order: Vec<usize> =
        (0..targets.len()).filter(|at| targets[*at].event.is_some()).rev().collect();
    let mut waiting: HashMap<usize, Waiting> = HashMap::new();
    let mut next = Instant::now();
    let mut looked = Instant::now();
    let bar = bar("phones notified");
    while !order.is_empty() || !waiting.is_empty() || fetches.hopes(targets) {
        let now = Instant::now();
        if now >= next
            && let Some(at) = order.pop()
        {
            next = (next + gap).max(now.checked_sub(gap).unwrap_or(now));
            let target = &targets[at];
            let event = target.event.as_deref().unwrap_or_default();
            let from = SocketAddr::new(own_address(source, target.to)?, port);
            let notify = Notify::new(target.to, from, event);
            fetches.since.insert(target.mac, now);
            transmit(&socket, &notify);
            let (wait, end) = (T1, now + patience);
            waiting.insert(at, Waiting { notify, sent: now, again: now + wait, wait, end });
            bar.inc(1);
        }
        hear(&socket, &mut waiting, targets, login)?;
        again(&socket, &mut waiting, targets);
        if looked.elapsed() >= TICK {
            looked = Instant::now();
            fetches.look(targets)?;
        }
    }
    bar.finish_and_clear();
    Ok(())
}

/// The address by which this host reaches the phone. Asks the kernel; sends nothing.
fn own_address(source: SocketAddr, to: SocketAddr) -> io::Result<std::net::IpAddr> {
    if !source.ip().is_unspecified() {
        return Ok(source.ip());
    }
    let probe = UdpSocket::bind((source.ip(), 0))?;
    match probe.connect(to) {
        Ok(()) => Ok(probe.local_addr()?.ip()),
        // No route: then no answer either.
        Err(_) => Ok(source.ip()),
    }
}

/// A packet that cannot leave is one that gets no answer.
fn transmit(socket: &UdpSocket, notify: &Notify) {
    let _ = socket.send_to(notify.text().as_bytes(), notify.to);
}

/// Takes in the answers that come within a moment.
fn hear(
    socket: &UdpSocket,
    waiting: &mut HashMap<usize, Waiting>,
    targets: &mut [Target],
    login: Option<&Credentials>,
) -> Result<(), Failure> {
    let mut buffer = vec![0; LARGEST];
    socket.set_read_timeout(Some(Duration::from_millis(2)))?;
    let (length, from) = match socket.recv_from(&mut buffer) {
        Ok(received) => received,
        Err(error) => match error.kind() {
            io::ErrorKind::WouldBlock
            | io::ErrorKind::TimedOut
            | io::ErrorKind::Interrupted
            | io::ErrorKind::ConnectionRefused => return Ok(()),
            _ => return Err(error.into()),
        },
    };
    let Some(answer) = Answer::read(buffer.get(..length).unwrap_or_default()) else {
        return Ok(());
    };
    let found = waiting.iter().find(|(_, waiting)| {
        // Only the phone that was notified may answer.
        answer.is_to(&waiting.notify) && from.ip() == waiting.notify.to.ip()
    });
    let Some(at) = found.map(|(at, _)| *at).filter(|_| answer.status >= 200) else { return Ok(()) };
    let Some(mut waits) = waiting.remove(&at) else { return Ok(()) };
    let fetched = matches!(targets[at].outcome, Outcome::Fetched { .. });
    let outcome = match answer.status {
        200..=299 => Outcome::Accepted,
        401 | 407 => {
            let first = waits.notify.is_first();
            if first && login.is_some_and(|login| waits.notify.authorize(&answer, login)) {
                transmit(socket, &waits.notify);
                (waits.wait, waits.again) = (T1, Instant::now() + T1);
                waits.end = Instant::now() + (waits.end - waits.sent);
                waiting.insert(at, waits);
                return Ok(());
            }
            Outcome::Challenged { status: answer.status }
        }
        status => Outcome::Refused { status },
    };
    if !fetched {
        targets[at].outcome = outcome;
    }
    Ok(())
}

/// Sends again what has no answer yet, and gives up in time.
fn again(socket: &UdpSocket, waiting: &mut HashMap<usize, Waiting>, targets: &mut [Target]) {
    let now = Instant::now();
    waiting.retain(|at, waits| {
        if now >= waits.end {
            if !matches!(targets[*at].outcome, Outcome::Fetched { .. }) {
                targets[*at].outcome = Outcome::NoAnswer;
            }
            return false;
        }
        if now >= waits.again {
            transmit(socket, &waits.notify);
            waits.wait = (waits.wait * 2).min(T2);
            waits.again = now + waits.wait;
        }
        true
    });
}
