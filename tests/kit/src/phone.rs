//! Clients behind a relay: the phone, the laptop and whatever else requests an address.
//!
//! The relay is a UDP socket on an address of 127/8 that Kea answers to (giaddr), so neither root
//! nor a broadcast is needed. Transactions are numbered from one start: the same questions in the
//! same order are the same bytes.

use crate::kea::Kea;
use crate::packet::{ACK, Answer, DISCOVER, INFORM, OFFER, Question, REQUEST, unhex};
use crate::socket::bind;
use std::cell::Cell;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddrV4, UdpSocket};
use std::time::{Duration, Instant};

const SECOND: Duration = Duration::from_secs(1);
const NO_ADDRESS: Ipv4Addr = Ipv4Addr::UNSPECIFIED;

/// What a client says of itself in every packet.
#[derive(Debug, Clone)]
pub struct Phone {
    pub mac: [u8; 6],
    pub options: Vec<(u8, Vec<u8>)>,
    pub tail: Option<Vec<u8>>,
}

impl Phone {
    pub fn new(mac: &str) -> Phone {
        let mac = unhex(mac).try_into().unwrap_or_else(|_| panic!("not a MAC: {mac}"));
        Phone { mac, options: Vec::new(), tail: None }
    }

    /// Clients that are not phones, some with signs that look like a phone's.
    pub fn laptops() -> [Phone; 5] {
        [
            Phone::stranger(1),
            Phone::stranger(2)
                .class("MSFT 5.0")
                .wants(&[1, 3, 6, 15, 31, 33, 43, 44, 66, 67, 121, 120]),
            Phone::new("3c:22:fb:01:02:03")
                .wants(&[1, 121, 3, 6, 15, 119, 252])
                .option(12, "laptop"),
            Phone::stranger(4)
                .class("PXEClient:Arch:00007:UNDI:003016")
                .wants(&[1, 3, 43, 60, 66, 67]),
            Phone::stranger(5).class("ms-uc-client").option(77, "office").option(61, b"\x01abcdef"),
        ]
    }

    /// Some other client, told apart by its number; its MAC is locally administered, so no maker's.
    pub fn stranger(number: u32) -> Phone {
        let [a, b, c, d] = number.to_be_bytes();
        Phone { mac: [2, 0, a, b, c, d], options: Vec::new(), tail: None }
    }

    pub fn option(mut self, code: u8, value: impl AsRef<[u8]>) -> Phone {
        self.options.push((code, value.as_ref().to_vec()));
        self
    }

    /// Option 60.
    pub fn class(self, text: impl AsRef<[u8]>) -> Phone {
        self.option(60, text)
    }

    /// Option 55.
    pub fn wants(self, codes: &[u8]) -> Phone {
        self.option(55, codes)
    }

    pub fn mac_text(&self) -> String {
        let parts: Vec<_> = self.mac.iter().map(|byte| format!("{byte:02x}")).collect();
        parts.join(":")
    }
}

pub struct Relay {
    socket: UdpSocket,
    pub address: Ipv4Addr,
    server: SocketAddrV4,
    client_port: u16,
    /// How long an answer may take.
    pub patience: Duration,
    /// The server may send an option twice.
    pub repeats: bool,
    next: Cell<u32>,
}

impl Relay {
    /// A relay in Kea's first subnet.
    pub fn of(kea: &Kea) -> Relay {
        Relay::at(kea, Ipv4Addr::new(127, 1, 2, 3))
    }

    pub fn at(kea: &Kea, address: Ipv4Addr) -> Relay {
        let client_port = kea.client_port();
        let socket = if address == kea.first_relay() {
            kea.first_socket()
        } else {
            bind(address, client_port)
        };
        let server = SocketAddrV4::new(Ipv4Addr::LOCALHOST, kea.port());
        let patience = Duration::from_secs(5);
        Relay {
            socket,
            address,
            server,
            client_port,
            patience,
            repeats: false,
            next: Cell::new(0x0f00_0000),
        }
    }

    /// A relay with a socket of its own, asking `server`, whose answers come back to that socket.
    pub fn towards_any(socket: UdpSocket, address: Ipv4Addr, server: SocketAddrV4) -> Relay {
        let client_port = server.port();
        let patience = Duration::from_secs(5);
        Relay {
            socket,
            address,
            server,
            client_port,
            patience,
            repeats: false,
            next: Cell::new(0x0f00_0000),
        }
    }

    /// The same relay, from now on asking another server that answers the same client port.
    pub fn towards(mut self, kea: &Kea) -> Relay {
        assert_eq!(self.client_port, kea.client_port(), "expected a server for the same clients");
        self.server.set_port(kea.port());
        self
    }

    pub fn question(&self, phone: &Phone, kind: u8) -> Question {
        self.next.set(self.next.get() + 1);
        let mut options = vec![(53, vec![kind])];
        options.extend(phone.options.iter().cloned());
        Question {
            xid: self.next.get(),
            flags: 0,
            ciaddr: NO_ADDRESS,
            giaddr: self.address,
            mac: phone.mac,
            options,
            tail: phone.tail.clone(),
        }
    }

    pub fn send(&self, question: &Question) {
        self.socket.send_to(&question.write(), self.server).expect("the packet is sent");
    }

    /// The answer to this question, or none within `patience`.
    pub fn ask(&self, question: &Question) -> Option<Answer> {
        self.send(question);
        self.hear(&self.socket, question.xid)
    }

    /// The same where the answer comes to another socket than the relay's.
    pub fn ask_from(&self, question: &Question, socket: &UdpSocket) -> Option<Answer> {
        socket.send_to(&question.write(), self.server).expect("the packet is sent");
        self.hear(socket, question.xid)
    }

    /// Asks again every second, as phones do, where a server may be busy with itself (HA).
    #[track_caller]
    pub fn insist(&self, question: &Question) -> Answer {
        let end = Instant::now() + Duration::from_secs(20);
        while Instant::now() < end {
            self.send(question);
            let heard = self.hear_until(&self.socket, question.xid, Instant::now() + SECOND);
            if let Some(answer) = heard {
                return answer;
            }
        }
        panic!("expected an answer to one of twenty questions, found none");
    }

    /// Sends all questions, a few dozen at a time, and hands back the answers in their order;
    /// `patience` counts from the last sign of life.
    pub fn ask_all(&self, questions: &[Question]) -> Vec<Option<Answer>> {
        let mut answers = vec![None; questions.len()];
        let mut start = 0;
        while start < questions.len() {
            let batch = batch(&questions[start..]);
            batch.iter().for_each(|question| self.send(question));
            let mut missing = batch.len();
            while missing > 0 {
                let end = Instant::now() + self.patience;
                let Some(raw) = self.receive(&self.socket, end) else { break };
                let xid = &raw[4..8];
                if let Some(at) =
                    batch.iter().position(|question| question.xid.to_be_bytes() == xid)
                {
                    let read = if self.repeats { Answer::read_alone } else { Answer::read };
                    answers[start + at] = Some(read(&raw));
                    missing -= 1;
                }
            }
            start += batch.len();
        }
        answers
    }

    fn hear(&self, socket: &UdpSocket, xid: u32) -> Option<Answer> {
        self.hear_until(socket, xid, Instant::now() + self.patience)
    }

    fn hear_until(&self, socket: &UdpSocket, xid: u32, end: Instant) -> Option<Answer> {
        loop {
            let raw = self.receive(socket, end)?;
            if raw[4..8] == xid.to_be_bytes() {
                return Some(Answer::read(&raw));
            }
        }
    }

    /// The next packet that is long enough to have a transaction number.
    fn receive(&self, socket: &UdpSocket, end: Instant) -> Option<Vec<u8>> {
        let mut buffer = [0; 4096];
        loop {
            let left = end.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())?;
            socket.set_read_timeout(Some(left)).expect("a read timeout");
            match socket.recv(&mut buffer) {
                Ok(len) if len >= 8 => return Some(buffer[..len].to_vec()),
                Ok(_) => {}
                Err(error) => match error.kind() {
                    ErrorKind::WouldBlock | ErrorKind::TimedOut => return None,
                    // A machine that was held for a moment ends the wait so, without any signal.
                    ErrorKind::Interrupted => {}
                    _ => panic!("relay {}: {error}", self.address),
                },
            }
        }
    }

    #[track_caller]
    fn must(&self, phone: &Phone, question: &Question, kind: u8) -> Answer {
        let answer = self.ask(question);
        expect(answer, phone, kind, self.patience)
    }

    /// DISCOVER, and the OFFER to it.
    #[track_caller]
    pub fn discover(&self, phone: &Phone) -> Answer {
        self.must(phone, &self.question(phone, DISCOVER), OFFER)
    }

    pub fn request_for(&self, phone: &Phone, offer: &Answer) -> Question {
        let mut question = self.question(phone, REQUEST);
        question.options.push((50, offer.yiaddr().octets().to_vec()));
        question.options.push((54, offer.server().octets().to_vec()));
        question
    }

    /// REQUEST for what was offered, and the ACK to it.
    #[track_caller]
    pub fn request(&self, phone: &Phone, offer: &Answer) -> Answer {
        self.must(phone, &self.request_for(phone, offer), ACK)
    }

    /// The four-way exchange: OFFER and ACK.
    #[track_caller]
    pub fn boot(&self, phone: &Phone) -> (Answer, Answer) {
        let offer = self.discover(phone);
        let ack = self.request(phone, &offer);
        assert_eq!(ack.yiaddr(), offer.yiaddr(), "expected the ACK for the address offered");
        (offer, ack)
    }

    /// The same of many clients, a few dozen at a time: their ACKs.
    #[track_caller]
    pub fn boot_all(&self, phones: &[Phone]) -> Vec<Answer> {
        let all = |questions: Vec<Question>, kind: u8| -> Vec<Answer> {
            let answers = phones.iter().zip(self.ask_all(&questions));
            answers.map(|(phone, answer)| expect(answer, phone, kind, self.patience)).collect()
        };
        let discover = phones.iter().map(|phone| self.question(phone, DISCOVER)).collect();
        let offers = all(discover, OFFER);
        let requests =
            phones.iter().zip(&offers).map(|(phone, offer)| self.request_for(phone, offer));
        let acks = all(requests.collect(), ACK);
        for (ack, offer) in acks.iter().zip(&offers) {
            assert_eq!(ack.yiaddr(), offer.yiaddr(), "expected the ACK for the address offered");
        }
        acks
    }

    /// REQUEST by which a client that has a lease requests more time, and the ACK to it.
    #[track_caller]
    pub fn renew(&self, phone: &Phone, address: Ipv4Addr) -> Answer {
        let mut question = self.question(phone, REQUEST);
        question.ciaddr = address;
        self.must(phone, &question, ACK)
    }

    /// INFORM by a client that has its address, and the ACK to it, which goes to the client itself.
    #[track_caller]
    pub fn inform(&self, phone: &Phone, address: Ipv4Addr) -> Answer {
        let (question, socket) = self.inform_from(phone, address);
        self.send(&question);
        expect(self.hear(&socket, question.xid), phone, ACK, self.patience)
    }

    fn inform_from(&self, phone: &Phone, address: Ipv4Addr) -> (Question, UdpSocket) {
        let mut question = self.question(phone, INFORM);
        question.ciaddr = address;
        (question, bind(address, self.client_port))
    }
}

#[track_caller]
fn expect(answer: Option<Answer>, phone: &Phone, kind: u8, patience: Duration) -> Answer {
    let answer = answer.unwrap_or_else(|| {
        panic!("expected an answer for {} within {patience:?}, found none", phone.mac_text())
    });
    assert_eq!(
        answer.message_type(),
        kind,
        "expected message type {kind} for {}",
        phone.mac_text()
    );
    answer
}

/// The first questions that may be under way at once: one client asks one thing at a time, since
/// Kea drops what it asks meanwhile.
fn batch(questions: &[Question]) -> &[Question] {
    let most = questions.len().min(50);
    let twice = |at: &usize| questions[..*at].iter().any(|other| other.mac == questions[*at].mac);
    &questions[..(1..most).find(twice).unwrap_or(most)]
}
