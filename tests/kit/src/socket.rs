//! UDP sockets of clients and relays.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddrV4, UdpSocket};
use std::time::{Duration, Instant};

/// Binds, with patience: a socket that has just been closed here lives on for a moment in a child
/// process that another test is starting.
pub fn bind(address: Ipv4Addr, port: u16) -> UdpSocket {
    let end = Instant::now() + Duration::from_secs(2);
    loop {
        match UdpSocket::bind(SocketAddrV4::new(address, port)) {
            Ok(socket) => return socket,
            Err(error) if error.kind() == ErrorKind::AddrInUse && Instant::now() < end => {
                std::thread::sleep(Duration::from_millis(5));
            }
            Err(error) => panic!("bind {address}:{port}: {error}"),
        }
    }
}
