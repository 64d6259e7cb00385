//! A TFTP client: one file, octet mode, no options (RFC 1350).

use std::io;
use std::net::{SocketAddr, ToSocketAddrs, UdpSocket};
use std::time::{Duration, Instant};

use super::{Bytes, Fetched, LARGEST, too_large};

const PORT: u16 = 69;
const BLOCK: usize = 512;
const AGAIN: Duration = Duration::from_secs(1);

/// Gets `host[:port]/path`.
pub(super) fn get(location: &str, bytes: Bytes, end: Instant) -> Fetched {
    let (host, path) = location.split_once('/').unwrap_or((location, ""));
    // TFTP has no names; what a URL has before "@" is not the host, and may be a password.
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    if path.is_empty() {
        return Fetched::Failed("expected the name of a file in the URL".to_owned());
    }
    let target = if host.contains(':') { host.to_owned() } else { format!("{host}:{PORT}") };
    let server = target.to_socket_addrs().map(|mut found| found.find(SocketAddr::is_ipv4));
    match server {
        Ok(Some(server)) => transfer(server, path, bytes, end)
            .unwrap_or_else(|error| Fetched::Failed(error.to_string())),
        Ok(None) => Fetched::Failed(format!("{host} has no IPv4 address")),
        Err(error) => Fetched::Failed(format!("{host}: {error}")),
    }
}

fn transfer(server: SocketAddr, path: &str, bytes: Bytes, end: Instant) -> io::Result<Fetched> {
    let socket = UdpSocket::bind(("0.0.0.0", 0))?;
    let (mut file, mut size) = (Vec::new(), 0u64);
    let mut expected = 1u16;
    // The server answers from a port of its own, which is the transfer's from then on.
    let mut peer = server;
    let mut last = [&[0, 1][..], path.as_bytes(), b"\0octet\0"].concat();
    socket.send_to(&last, peer)?;
    let mut buffer = [0; 4 + BLOCK];
    loop {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            let why = "no whole answer by TFTP within --timeout times --tries";
            return Ok(Fetched::Failed(why.to_owned()));
        }
        socket.set_read_timeout(Some(left.min(AGAIN)))?;
        let (length, from) = match socket.recv_from(&mut buffer) {
            Ok(received) => received,
            Err(error) => match error.kind() {
                io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => {
                    socket.send_to(&last, peer)?;
                    continue;
                }
                io::ErrorKind::Interrupted => continue,
                _ => return Err(error),
            },
        };
        let established = peer.port() != server.port() || expected > 1;
        if from.ip() != server.ip() || (established && from != peer) {
            continue;
        }
        match buffer.get(..length) {
            Some([0, 3, a, b, data @ ..]) => {
                peer = from;
                let block = u16::from_be_bytes([*a, *b]);
                last = vec![0, 4, *a, *b];
                socket.send_to(&last, peer)?;
                // An earlier block again: our acknowledgement was lost.
                if block != expected {
                    continue;
                }
                size += data.len() as u64;
                if bytes == Bytes::Kept {
                    file.extend_from_slice(data);
                }
                let large = size > LARGEST;
                if large && bytes == Bytes::Kept {
                    return Ok(Fetched::Failed(too_large()));
                }
                if data.len() < BLOCK || large {
                    return Ok(Fetched::Found { bytes: file, size, how: "TFTP".to_owned() });
                }
                expected = expected.wrapping_add(1);
            }
            Some([0, 5, a, b, text @ ..]) => {
                let code = u16::from_be_bytes([*a, *b]);
                let end = text.iter().position(|byte| *byte == 0).unwrap_or(text.len());
                let text =
                    String::from_utf8_lossy(text.get(..end).unwrap_or_default()).into_owned();
                let error = format!("TFTP error {code} {text}");
                // 1 file not found, 2 access violation; 0 is what some servers say instead.
                return Ok(match code {
                    0..=2 => Fetched::Missing(error),
                    _ => Fetched::Failed(error),
                });
            }
            _ => return Ok(Fetched::Failed("not TFTP".to_owned())),
        }
    }
}
