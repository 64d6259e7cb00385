//! A fleet's power-up: many phones from DHCPDISCOVER to DHCPACK, at a rate or as fast as the server
//! answers, through one relay.
//!
//! One thread and one socket: whatever waits here would be measured as the server's time.

use std::collections::VecDeque;
use std::io;
use std::net::{Ipv4Addr, UdpSocket};
use std::time::{Duration, Instant};

use offhook_core::Mac;
use serde::Serialize;

use crate::boot::question;
use crate::exchange::{Exchange, Patience, transaction};
use crate::packet::{ACK, Answer, DISCOVER, NAK, OFFER, REQUEST};
use crate::phone::Phone;
use crate::reading;

/// Which phones, how many, how fast.
#[derive(Debug)]
pub struct Fleet {
    /// One of each maker; the fleet takes them in turn, this one first.
    pub first: Phone,
    pub others: Vec<Phone>,
    pub count: u32,
    /// Phones that are switched on each second; none: as fast as they are answered.
    pub rate: Option<f64>,
    /// The most that wait for an answer at a time.
    pub at_once: usize,
}

/// What became of them.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Summary {
    pub phones: u32,
    pub makers: usize,
    /// Have an address.
    pub booted: u32,
    /// Got no answer, or were refused.
    pub lost: u32,
    /// Of those that booted, how many were told where their files are and understood it.
    pub understood_url: u32,
    /// Packets that had to be sent again.
    pub sent_again: u32,
    pub seconds: f64,
    pub phones_per_second: f64,
    /// Milliseconds from the first DHCPDISCOVER to the DHCPACK.
    pub median: f64,
    pub p90: f64,
    pub p99: f64,
    pub slowest: f64,
    /// Hardware addresses of the first that were lost.
    pub first_lost: Vec<String>,
}

/// Of how many lost phones the addresses are kept.
const NAMED: usize = 20;
/// How long nothing may be sent or read before deadlines are looked at.
const TICK: Duration = Duration::from_millis(1);

#[derive(Clone, Copy)]
struct Waiting {
    since: Instant,
    tries: u32,
    /// What was offered, once something was.
    offer: Option<(Ipv4Addr, Ipv4Addr)>,
}

struct Run<'f> {
    fleet: &'f Fleet,
    exchange: &'f Exchange,
    socket: &'f UdpSocket,
    /// The first phone's transaction; the others follow it.
    base: u32,
    waiting: Vec<Option<Waiting>>,
    /// In the order of their ends: phone, tries at that time, end.
    deadlines: VecDeque<(u32, u32, bool, Instant)>,
    in_flight: usize,
    took: Vec<Duration>,
    understood: u32,
    sent_again: u32,
    lost: Vec<u32>,
}

impl Fleet {
    fn makers(&self) -> usize {
        1 + self.others.len()
    }

    /// Switches them on; `progress` hears how many are done, whatever became of them.
    pub fn power_up(
        &self,
        exchange: &Exchange,
        progress: &mut dyn FnMut(u32),
    ) -> io::Result<Summary> {
        let socket = exchange.socket();
        socket.set_nonblocking(false)?;
        socket.set_read_timeout(Some(TICK))?;
        let count = usize::try_from(self.count).map_err(io::Error::other)?;
        let mut run = Run {
            fleet: self,
            exchange,
            socket,
            base: transaction(),
            waiting: vec![None; count],
            deadlines: VecDeque::new(),
            in_flight: 0,
            took: Vec::with_capacity(count),
            understood: 0,
            sent_again: 0,
            lost: Vec::new(),
        };
        let start = Instant::now();
        run.all(start, progress)?;
        Ok(run.summary(start.elapsed()))
    }
}

impl Run<'_> {
    fn all(&mut self, start: Instant, progress: &mut dyn FnMut(u32)) -> io::Result<()> {
        let (mut next, mut waited) = (0u32, true);
        let mut buffer = vec![0; 2048];
        loop {
            let due = match self.fleet.rate {
                None => self.fleet.count,
                // Only whole phones can be switched on.
                Some(rate) => (start.elapsed().as_secs_f64() * rate) as u32,
            };
            // One at a time between two looks at the socket, or answers would pile up there.
            if next < due.min(self.fleet.count) && self.in_flight < self.fleet.at_once {
                self.switch_on(next)?;
                next += 1;
            }
            // Only who has nothing to send waits for the socket.
            let waits = self.in_flight >= self.fleet.at_once || next >= due.min(self.fleet.count);
            if waits != waited {
                self.socket.set_nonblocking(!waits)?;
                waited = waits;
            }
            match self.socket.recv(&mut buffer) {
                Ok(length) => {
                    let datagram = buffer.get(..length).unwrap_or_default();
                    if self.hear(datagram)? {
                        progress(self.done());
                    }
                }
                Err(error) => match error.kind() {
                    io::ErrorKind::WouldBlock
                    | io::ErrorKind::TimedOut
                    | io::ErrorKind::Interrupted
                    | io::ErrorKind::ConnectionRefused => {}
                    _ => return Err(error),
                },
            }
            self.end_waiting(progress)?;
            if self.done() >= self.fleet.count {
                return Ok(());
            }
        }
    }

    fn done(&self) -> u32 {
        u32::try_from(self.took.len() + self.lost.len()).unwrap_or(u32::MAX)
    }

    /// The phone of a number: makers in turn, each with addresses of its own.
    fn phone(&self, number: u32) -> (&Phone, Mac) {
        let makers = u32::try_from(self.fleet.makers()).unwrap_or(u32::MAX);
        let place = usize::try_from(number % makers).unwrap_or(0).checked_sub(1);
        let maker = place.and_then(|place| self.fleet.others.get(place));
        let maker = maker.unwrap_or(&self.fleet.first);
        // Makers without a range of their own share one, so every number is taken once there.
        let number = if maker.has_own_range() { number / makers } else { number };
        (maker, maker.mac_of(number))
    }

    fn switch_on(&mut self, number: u32) -> io::Result<()> {
        let waiting = Waiting { since: Instant::now(), tries: 1, offer: None };
        self.in_flight += 1;
        self.send(number, waiting)
    }

    /// Sends what this phone has to say now, and waits for the answer.
    fn send(&mut self, number: u32, waiting: Waiting) -> io::Result<()> {
        let (phone, mac) = self.phone(number);
        let mut asked = question(phone, self.exchange, DISCOVER);
        asked.mac = mac;
        asked.xid = self.base.wrapping_add(number);
        if let Some((address, server)) = waiting.offer {
            asked.kind = REQUEST;
            asked.options.push((50, address.octets().to_vec()));
            asked.options.push((54, server.octets().to_vec()));
        }
        self.exchange.send(&asked)?;
        let end = Instant::now() + self.exchange.patience.each;
        self.deadlines.push_back((number, waiting.tries, waiting.offer.is_some(), end));
        if let Some(slot) = self.slot(number) {
            *slot = Some(waiting);
        }
        Ok(())
    }

    fn slot(&mut self, number: u32) -> Option<&mut Option<Waiting>> {
        self.waiting.get_mut(usize::try_from(number).ok()?)
    }

    /// True if a phone is done.
    fn hear(&mut self, datagram: &[u8]) -> io::Result<bool> {
        let Some(xid) = datagram.get(4..8).and_then(|bytes| bytes.first_chunk::<4>()) else {
            return Ok(false);
        };
        let xid = u32::from_be_bytes(*xid);
        let number = xid.wrapping_sub(self.base);
        let Some(waiting) = self.slot(number).and_then(|slot| *slot) else { return Ok(false) };
        let (phone, mac) = self.phone(number);
        let Ok(answer) = Answer::read(datagram, xid, mac) else { return Ok(false) };
        match (answer.kind, waiting.offer, answer.server()) {
            (OFFER, None, Some(server)) => {
                let offer = Some((answer.yiaddr, server));
                self.send(number, Waiting { tries: 1, offer, ..waiting })?;
                Ok(false)
            }
            (ACK, Some(_), _) => {
                let places = reading::read(phone, &answer).places;
                self.took.push(waiting.since.elapsed());
                self.understood += u32::from(!places.is_empty());
                self.end(number);
                Ok(true)
            }
            (NAK, Some(_), _) => {
                self.lost.push(number);
                self.end(number);
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    fn end(&mut self, number: u32) {
        if let Some(slot) = self.slot(number) {
            *slot = None;
            self.in_flight -= 1;
        }
    }

    /// Asks again where nothing came in time, and gives up after the last try.
    fn end_waiting(&mut self, progress: &mut dyn FnMut(u32)) -> io::Result<()> {
        let Patience { tries: most, .. } = self.exchange.patience;
        while let Some((number, tries, offered, end)) = self.deadlines.front().copied() {
            let waiting = self.slot(number).and_then(|slot| *slot);
            let stands = waiting.filter(|w| w.tries == tries && w.offer.is_some() == offered);
            match stands {
                Some(_) if Instant::now() < end => return Ok(()),
                Some(waiting) if tries < most => {
                    self.deadlines.pop_front();
                    self.sent_again += 1;
                    self.send(number, Waiting { tries: tries + 1, ..waiting })?;
                }
                Some(_) => {
                    self.deadlines.pop_front();
                    self.lost.push(number);
                    self.end(number);
                    progress(self.done());
                }
                None => {
                    self.deadlines.pop_front();
                }
            }
        }
        Ok(())
    }

    fn summary(mut self, elapsed: Duration) -> Summary {
        self.took.sort_unstable();
        let lost = u32::try_from(self.lost.len()).unwrap_or(u32::MAX);
        let booted = u32::try_from(self.took.len()).unwrap_or(u32::MAX);
        let first = self.lost.iter().take(NAMED);
        Summary {
            phones: self.fleet.count,
            makers: self.fleet.makers(),
            booted,
            lost,
            understood_url: self.understood,
            sent_again: self.sent_again,
            seconds: elapsed.as_secs_f64(),
            phones_per_second: f64::from(booted) / elapsed.as_secs_f64(),
            median: percentile(&self.took, 50),
            p90: percentile(&self.took, 90),
            p99: percentile(&self.took, 99),
            slowest: percentile(&self.took, 100),
            first_lost: first.map(|number| self.phone(*number).1.to_string()).collect(),
        }
    }
}

/// The time within which so many of a hundred were done, in milliseconds; 0 of none.
fn percentile(sorted: &[Duration], of_hundred: usize) -> f64 {
    let place = (sorted.len() * of_hundred).div_ceil(100).saturating_sub(1);
    sorted.get(place).map_or(0.0, |time| time.as_secs_f64() * 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_times_that_somebody_took() {
        let times: Vec<Duration> = (1..=200).map(Duration::from_millis).collect();
        let of = |hundred| percentile(&times, hundred);
        assert_eq!([of(50), of(90), of(99), of(100)], [100.0, 180.0, 198.0, 200.0]);
        assert_eq!(percentile(&times[..1], 50), 1.0);
        assert_eq!(percentile(&[], 50), 0.0);
    }
}
