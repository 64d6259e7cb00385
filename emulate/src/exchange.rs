//! How a phone's packets travel: by broadcast on an interface, or as a relay would pass them on.

use std::hash::{BuildHasher, RandomState};
use std::io;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, UdpSocket};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use offhook_catalogue::MessageType;
use socket2::{Domain, Protocol, Socket, Type};

use crate::packet::{Answer, NotOurs, Question};

/// Where the server is and how it is asked.
#[derive(Debug, Clone)]
pub enum Way {
    /// From port 68 by broadcast, on one interface. Needs the right to use that port and interface
    /// (root, or CAP_NET_BIND_SERVICE and CAP_NET_RAW).
    Broadcast {
        /// Its name, such as `eth0`.
        interface: String,
    },
    /// As a relay with this address (`giaddr`), to one server. The server answers to the relay's port.
    Relay {
        /// The relay's address and port.
        relay: SocketAddrV4,
        /// The server's address and port.
        server: SocketAddrV4,
    },
}

/// How long and how often a phone asks.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// How long an answer is waited for.
    pub each: Duration,
    /// How often a packet is sent.
    pub tries: u32,
}

/// Sockets for one way.
#[derive(Debug)]
pub struct Exchange {
    socket: UdpSocket,
    way: Way,
    /// How long and how often answers are waited for.
    pub patience: Patience,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Silence {
    /// No answer came in time.
    #[error("no answer to {tries} packets, {each:?} each{hint}")]
    Timeout {
        /// How many packets were sent.
        tries: u32,
        /// How long an answer to each was waited for.
        each: Duration,
        /// What may be the reason; empty: not known.
        hint: &'static str,
    },
    /// An answer to this phone that cannot be read; the text says why.
    #[error("the answer is not well-formed: {0}")]
    Broken(String),
    /// The interface is not switched on.
    #[error("the interface {0} is down: ip link set {0} up")]
    Down(String),
    /// The operating system refused.
    #[error("{0}")]
    Socket(#[from] io::Error),
}

/// What Linux says of an interface that does not exist (ENODEV).
const NO_DEVICE: i32 = 19;
/// And of one that is down (ENETDOWN; ENETUNREACH for a broadcast).
const DOWN: [i32; 2] = [100, 101];

/// Why the sockets cannot be had.
#[derive(Debug, thiserror::Error)]
#[error("{what}: {error}{hint}")]
pub struct NoSocket {
    what: String,
    error: io::Error,
    hint: &'static str,
}

/// Where DHCP servers listen (RFC 2131, section 4.1).
pub const SERVER_PORT: u16 = 67;
/// Where DHCP clients listen.
pub const CLIENT_PORT: u16 = 68;
/// The largest UDP datagram there is.
const LARGEST: usize = 65_535;

impl Exchange {
    /// Opens the sockets.
    ///
    /// # Errors
    /// A port or an interface cannot be had; the text says which.
    pub fn new(way: Way, patience: Patience) -> Result<Exchange, NoSocket> {
        let socket = match &way {
            Way::Relay { relay, .. } => bind(*relay),
            Way::Broadcast { interface } => broadcast(interface),
        };
        let socket = socket.map_err(|error| {
            let what = match &way {
                Way::Relay { relay, .. } => format!("cannot be a relay at {relay}"),
                Way::Broadcast { interface } => format!("cannot broadcast on {interface:?}"),
            };
            let hint = match error.kind() {
                _ if error.raw_os_error() == Some(NO_DEVICE) => {
                    ": this host has no such interface; ip link lists them"
                }
                io::ErrorKind::PermissionDenied => ": ports below 1024 and interfaces want root",
                io::ErrorKind::AddrNotAvailable => ": give an address of this host",
                _ => "",
            };
            NoSocket { what, error, hint }
        })?;
        Ok(Exchange { socket, way, patience })
    }

    /// The relay's address; unspecified by broadcast.
    pub fn giaddr(&self) -> Ipv4Addr {
        match &self.way {
            Way::Relay { relay, .. } => *relay.ip(),
            Way::Broadcast { .. } => Ipv4Addr::UNSPECIFIED,
        }
    }

    /// Whether questions and answers are broadcast.
    pub fn by_broadcast(&self) -> bool {
        matches!(self.way, Way::Broadcast { .. })
    }

    /// The interface, by broadcast.
    pub fn interface(&self) -> Option<&str> {
        match &self.way {
            Way::Broadcast { interface } => Some(interface),
            Way::Relay { .. } => None,
        }
    }

    /// The VLAN that the interface is in, if it is one for a VLAN.
    pub fn vlan(&self) -> Option<u16> {
        let state =
            std::fs::read_to_string(format!("/proc/net/vlan/{}", self.interface()?)).ok()?;
        vlan_id(&state)
    }

    pub(crate) fn socket(&self) -> &UdpSocket {
        &self.socket
    }

    /// Sends and does not wait.
    ///
    /// # Errors
    /// The operating system refused.
    pub fn send(&self, question: &Question) -> io::Result<()> {
        let to = match &self.way {
            Way::Relay { server, .. } => *server,
            Way::Broadcast { .. } => SocketAddrV4::new(Ipv4Addr::BROADCAST, SERVER_PORT),
        };
        self.socket.send_to(&question.wire(), to).map(|_| ())
    }

    /// Sends, again and again, and waits for an answer of one of these kinds.
    ///
    /// # Errors
    /// No answer came in time, or one that cannot be read.
    pub fn ask(&self, question: &Question, kinds: &[MessageType]) -> Result<Answer, Silence> {
        self.ask_hearing(&[&self.socket], question, kinds)
    }

    /// The same for an answer that goes to the phone's own address (DHCPINFORM): Kea sends it there,
    /// as RFC 2131 4.3.5 wants it, dnsmasq to the relay.
    ///
    /// # Errors
    /// No answer came in time, or one that cannot be read.
    pub fn ask_as(
        &self,
        address: Ipv4Addr,
        question: &Question,
        kinds: &[MessageType],
    ) -> Result<Answer, Silence> {
        let port = match &self.way {
            Way::Relay { relay, .. } => relay.port(),
            Way::Broadcast { .. } => return self.ask(question, kinds),
        };
        match bind(SocketAddrV4::new(address, port)) {
            Ok(own) => self.ask_hearing(&[&self.socket, &own], question, kinds),
            // Where this host does not have the address, only the relay receives.
            Err(error) => match self.ask(question, kinds) {
                Err(Silence::Timeout { .. }) => Err(error.into()),
                heard => heard,
            },
        }
    }

    fn ask_hearing(
        &self,
        sockets: &[&UdpSocket],
        question: &Question,
        kinds: &[MessageType],
    ) -> Result<Answer, Silence> {
        let Patience { each, tries } = self.patience;
        for _ in 0..tries {
            self.send(question).map_err(|error| self.refused(error))?;
            if let Some(answer) = hear(sockets, question, kinds, Instant::now() + each)? {
                return Ok(answer);
            }
        }
        let hint = match &self.way {
            Way::Broadcast { interface } => filtered(interface),
            Way::Relay { .. } => "",
        };
        Err(Silence::Timeout { tries, each, hint })
    }
}

impl Exchange {
    fn refused(&self, error: io::Error) -> Silence {
        match &self.way {
            Way::Broadcast { interface }
                if error.raw_os_error().is_some_and(|code| DOWN.contains(&code)) =>
            {
                Silence::Down(interface.clone())
            }
            _ => Silence::Socket(error),
        }
    }
}

/// How long one of several sockets is listened to before the next.
const TURN: Duration = Duration::from_millis(5);

fn hear(
    sockets: &[&UdpSocket],
    question: &Question,
    kinds: &[MessageType],
    end: Instant,
) -> Result<Option<Answer>, Silence> {
    let mut buffer = vec![0; LARGEST];
    for socket in sockets.iter().cycle() {
        let Some(left) = end.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())
        else {
            break;
        };
        let left = if sockets.len() > 1 { left.min(TURN) } else { left };
        socket.set_read_timeout(Some(left))?;
        let length = match socket.recv(&mut buffer) {
            Ok(length) => length,
            Err(error) => match error.kind() {
                // The server's port was closed when the last packet arrived there; it may come up.
                io::ErrorKind::WouldBlock
                | io::ErrorKind::TimedOut
                | io::ErrorKind::ConnectionRefused
                | io::ErrorKind::Interrupted => continue,
                _ => return Err(error.into()),
            },
        };
        let datagram = buffer.get(..length).unwrap_or_default();
        match Answer::read(datagram, question.xid, question.mac) {
            Ok(answer) if kinds.contains(&answer.kind) => return Ok(Some(answer)),
            Ok(_) | Err(NotOurs::Foreign) => {}
            Err(NotOurs::Broken(how)) => return Err(Silence::Broken(how)),
        }
    }
    Ok(None)
}

fn bind(address: SocketAddrV4) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
    // A server on this host may have the port on all addresses (dnsmasq, which shares it).
    socket.set_reuse_address(true)?;
    // A fleet's answers come in bursts; the kernel grants what it may.
    let _ = socket.set_recv_buffer_size(8 << 20);
    socket.bind(&SocketAddr::V4(address).into())?;
    Ok(socket.into())
}

fn broadcast(interface: &str) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_broadcast(true)?;
    // The host's own DHCP client may have the port too.
    socket.set_reuse_address(true)?;
    let _ = socket.set_recv_buffer_size(8 << 20);
    socket.bind_device(Some(interface.as_bytes()))?;
    socket.bind(&SocketAddr::from((Ipv4Addr::UNSPECIFIED, CLIENT_PORT)).into())?;
    Ok(socket.into())
}

/// The id in what Linux says of a VLAN's interface.
fn vlan_id(state: &str) -> Option<u16> {
    let (_, rest) = state.split_once("VID:")?;
    rest.split_whitespace().next()?.parse().ok()
}

/// Linux can drop what comes from where no route leads (`rp_filter`, on by default since Debian 13), and
/// a phone's interface needs no route.
fn filtered(interface: &str) -> &'static str {
    let on = |name: &str| {
        let setting = std::fs::read_to_string(format!("/proc/sys/net/ipv4/conf/{name}/rp_filter"));
        setting.is_ok_and(|value| value.trim() != "0")
    };
    if on("all") || on(interface) {
        "; if the server did answer: by its rp_filter, this host drops packets to whose sender no \
         route leads by that interface; give it an address"
    } else {
        ""
    }
}

/// A token for tags, branches, call ids and nonces.
pub(crate) fn token() -> String {
    format!("{:08x}{:08x}", transaction(), transaction())
}

/// A new transaction's number: not to be guessed, and different in every call.
pub fn transaction() -> u32 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let [a, b, c, d, ..] = RandomState::new().hash_one(number).to_be_bytes();
    u32::from_be_bytes([a, b, c, d])
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_vlan_of_an_interface() {
        let state = "eth0.120  VID: 120\t REORDER_HDR: 1  dev->priv_flags: 1021\n";
        assert_eq!(super::vlan_id(state), Some(120));
        assert_eq!(super::vlan_id("nothing"), None);
    }
}
