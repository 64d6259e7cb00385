//! TCP ports that no other test is given meanwhile.

use socket2::{Domain, Socket, Type};
use std::net::{Ipv4Addr, SocketAddrV4};

/// A port of loopback. While this value lives the kernel gives it to no other socket that wants any port, and a server
/// that sets SO_REUSEADDR, as nginx and Caddy do, may listen at it: the socket that holds it does not listen (socket(7)).
pub struct Port {
    number: u16,
    _held: Socket,
}

impl Port {
    #[allow(clippy::new_without_default)]
    pub fn new() -> Port {
        let held = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
        held.set_reuse_address(true).expect("SO_REUSEADDR");
        held.bind(&SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0).into()).expect("a port");
        let address = held.local_addr().expect("its address");
        let number = address.as_socket_ipv4().expect("of IPv4").port();
        Port { number, _held: held }
    }

    pub fn number(&self) -> u16 {
        self.number
    }
}

#[cfg(test)]
mod tests {
    use super::Port;
    use crate::process::{Process, command, listens};
    use std::net::{Ipv4Addr, TcpListener};

    #[test]
    fn a_server_listens_at_a_held_port_and_only_that_server_is_said_to() {
        let port = Port::new();
        let me = std::process::id();
        assert!(!listens(me, port.number()), "who only holds it does not listen");
        let server = TcpListener::bind((Ipv4Addr::LOCALHOST, port.number())).expect("it may");
        assert!(listens(me, port.number()));
        let log = crate::folder::Folder::new();
        let mut other = command("sleep");
        let other = Process::start("sleep", other.arg("60"), &log.join("log"));
        assert!(!listens(other.id(), port.number()), "another process' port");
        drop(server);
        assert!(!listens(me, port.number()));
    }
}
