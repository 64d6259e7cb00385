//! The run itself: who is switched on, who waits for what, who is asked again.
//!
//! One thread and one socket: whatever waits here would be measured as the server's time. So answers are
//! glanced at, and read whole when all is over.

use std::collections::VecDeque;
use std::io;
use std::net::{Ipv4Addr, UdpSocket};
use std::time::{Duration, Instant};

use offhook_catalogue::MessageType;

use super::Fleet;
use super::summary::Outcome;
use crate::boot::question;
use crate::exchange::{Exchange, Patience, transaction};
use crate::packet::Answer;
use crate::reading;

/// How long nothing may be sent or read before deadlines are looked at.
pub(super) const TICK: Duration = Duration::from_millis(1);

#[derive(Clone, Copy, PartialEq)]
struct Waiting {
    since: Instant,
    tries: u32,
    /// How often a server took an offer back.
    refusals: u32,
    /// What was offered, once something was.
    offer: Option<(Ipv4Addr, Ipv4Addr)>,
}

pub(super) struct Run<'f> {
    fleet: &'f Fleet,
    exchange: &'f Exchange,
    socket: &'f UdpSocket,
    /// The first phone's transaction; the others follow it.
    base: u32,
    waiting: Vec<Option<Waiting>>,
    /// In the order of their ends: phone, what it waited for at that time, end.
    deadlines: VecDeque<(u32, Waiting, Instant)>,
    in_flight: usize,
    /// The phones' last answers, to be read when the clock has stopped.
    answers: Vec<(u32, Box<[u8]>)>,
    outcome: Outcome,
}

impl<'f> Run<'f> {
    pub(super) fn new(
        fleet: &'f Fleet,
        exchange: &'f Exchange,
        socket: &'f UdpSocket,
        count: usize,
    ) -> Run<'f> {
        Run {
            fleet,
            exchange,
            socket,
            base: transaction(),
            waiting: vec![None; count],
            deadlines: VecDeque::new(),
            in_flight: 0,
            answers: Vec::with_capacity(count),
            outcome: Outcome { took: Vec::with_capacity(count), ..Outcome::default() },
        }
    }

    pub(super) fn all(&mut self, start: Instant, progress: &mut dyn FnMut(u32)) -> io::Result<()> {
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

    /// Their outcomes, once [`Run::all`] is over.
    pub(super) fn outcome(self) -> Outcome {
        let understands = |(number, datagram): &&(u32, Box<[u8]>)| {
            let (phone, mac) = self.fleet.phone(*number);
            Answer::read(datagram, self.base.wrapping_add(*number), mac)
                .is_ok_and(|answer| !reading::read(phone, &answer).places.is_empty())
        };
        let understood = self.answers.iter().filter(understands).count();
        Outcome { understood: u32::try_from(understood).unwrap_or(u32::MAX), ..self.outcome }
    }

    fn done(&self) -> u32 {
        u32::try_from(self.outcome.took.len() + self.outcome.lost.len()).unwrap_or(u32::MAX)
    }

    fn switch_on(&mut self, number: u32) -> io::Result<()> {
        let waiting = Waiting { since: Instant::now(), tries: 1, refusals: 0, offer: None };
        self.in_flight += 1;
        self.send(number, waiting)
    }

    /// Sends what this phone has to say now, and waits for the answer.
    fn send(&mut self, number: u32, waiting: Waiting) -> io::Result<()> {
        let (phone, mac) = self.fleet.phone(number);
        let mut asked = question(phone, self.exchange, MessageType::Discover);
        asked.mac = mac;
        asked.xid = self.base.wrapping_add(number);
        if let Some((address, server)) = waiting.offer {
            asked.kind = MessageType::Request;
            asked.options.push((50, address.octets().to_vec()));
            asked.options.push((54, server.octets().to_vec()));
        }
        self.exchange.send(&asked)?;
        let end = Instant::now() + self.exchange.patience.each;
        self.deadlines.push_back((number, waiting, end));
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
        let (_, mac) = self.fleet.phone(number);
        let Some(answer) = Answer::glance(datagram, xid, mac) else { return Ok(false) };
        match (answer.kind, waiting.offer, answer.server) {
            (MessageType::Offer, None, Some(server)) => {
                let offer = Some((answer.yiaddr, server));
                self.send(number, Waiting { tries: 1, offer, ..waiting })?;
                Ok(false)
            }
            (MessageType::Ack, Some(_), _) => {
                self.outcome.took.push(waiting.since.elapsed());
                self.answers.push((number, datagram.into()));
                self.end(number);
                Ok(true)
            }
            // Begins anew, as RFC 2131 (3.1, step 4) wants it. A server that starts again between offer and request
            // has forgotten the offer, and may have given the address to another client.
            (MessageType::Nak, Some(_), _) => {
                self.outcome.refused += 1;
                let refusals = waiting.refusals + 1;
                if refusals < self.exchange.patience.tries {
                    self.send(number, Waiting { tries: 1, refusals, offer: None, ..waiting })?;
                    return Ok(false);
                }
                self.outcome.lost.push(number);
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
        while let Some((number, then, end)) = self.deadlines.front().copied() {
            let still = self.slot(number).and_then(|slot| *slot).filter(|now| *now == then);
            match still {
                Some(_) if Instant::now() < end => return Ok(()),
                Some(waiting) if waiting.tries < most => {
                    self.deadlines.pop_front();
                    self.outcome.sent_again += 1;
                    self.send(number, Waiting { tries: waiting.tries + 1, ..waiting })?;
                }
                Some(_) => {
                    self.deadlines.pop_front();
                    self.outcome.lost.push(number);
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
}

#[cfg(test)]
mod tests {
    use std::net::{SocketAddr, SocketAddrV4};
    use std::thread;

    use super::*;
    use crate::exchange::Way;
    use crate::phone::{Choice, Phone};

    fn local(end: u8) -> SocketAddrV4 {
        SocketAddrV4::new(Ipv4Addr::new(127, 0, 0, end), 0)
    }

    /// A server that refuses the first requests, so many of them.
    fn power_up_refused(refusals: u32, tries: u32) -> crate::fleet::Summary {
        let server = UdpSocket::bind(local(1)).unwrap();
        server.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let SocketAddr::V4(at) = server.local_addr().unwrap() else { panic!("expected IPv4") };
        let answering = thread::spawn(move || {
            let (mut buffer, mut refused) = ([0; 2048], 0);
            loop {
                let (length, from) = server.recv_from(&mut buffer).unwrap();
                let mut answer = buffer[..length].to_vec();
                let discovers = answer[242] == MessageType::Discover.number();
                let kind = match discovers {
                    true => MessageType::Offer,
                    false if refused < refusals => MessageType::Nak,
                    false => MessageType::Ack,
                };
                refused += u32::from(kind == MessageType::Nak);
                answer[0] = 2;
                answer[16..20].copy_from_slice(&[10, 0, 0, 9]);
                answer.truncate(240);
                answer.extend([53, 1, kind.number(), 54, 4, 127, 0, 0, 1, 255]);
                server.send_to(&answer, from).unwrap();
                if kind == MessageType::Ack || refused == tries {
                    return;
                }
            }
        });
        let way = Way::Relay { relay: local(2), server: at };
        let exchange =
            Exchange::new(way, Patience { each: Duration::from_secs(5), tries }).unwrap();
        let tables = offhook_core::builtin::built_in();
        let first = Phone::new(tables, "polycom", &Choice::default()).unwrap();
        let fleet = Fleet { first, others: Vec::new(), count: 1, rate: None, at_once: 1 };
        let summary = fleet.power_up(&exchange, &mut |_| {}).unwrap();
        answering.join().unwrap();
        summary
    }

    #[test]
    fn a_refused_phone_begins_anew_until_its_tries_end() {
        let summary = power_up_refused(2, 3);
        assert_eq!((summary.booted, summary.lost, summary.refused), (1, 0, 2));
        assert_eq!(summary.sent_again, 0);
        let summary = power_up_refused(3, 3);
        assert_eq!((summary.booted, summary.lost, summary.refused), (0, 1, 3));
    }
}
