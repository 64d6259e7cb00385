//! An FTP client: one file, binary, passive (RFC 959, RFC 2428). Older phones ask so for a host alone.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

use super::{Bytes, Credentials, Fetched, read_bounded};

const PORT: u16 = 21;
/// No reply of a server is longer.
const LONGEST_REPLY: u64 = 16 << 10;

/// Why there is no file.
enum Ended {
    Here(Fetched),
    Socket(io::Error),
}

impl From<io::Error> for Ended {
    fn from(error: io::Error) -> Ended {
        Ended::Socket(error)
    }
}

/// Gets `host[:port]/path`.
pub(super) fn get(
    location: &str,
    credentials: Option<&Credentials>,
    bytes: Bytes,
    end: Instant,
) -> Fetched {
    let (host, path) = location.split_once('/').unwrap_or((location, ""));
    if path.is_empty() || path.contains(['\r', '\n']) {
        return Fetched::Failed("expected the name of a file in the URL".to_owned());
    }
    let target = if host.contains(':') { host.to_owned() } else { format!("{host}:{PORT}") };
    let server = match target.to_socket_addrs().map(|mut found| found.next()) {
        Ok(Some(server)) => server,
        Ok(None) => return Fetched::Failed(format!("{host} has no address")),
        Err(error) => return Fetched::Failed(format!("{host}: {error}")),
    };
    match transfer(server, path, credentials, bytes, end) {
        Ok(fetched) | Err(Ended::Here(fetched)) => fetched,
        Err(Ended::Socket(error)) => Fetched::Failed(match error.kind() {
            io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => {
                "no whole answer by FTP within --timeout times --tries".to_owned()
            }
            _ => error.to_string(),
        }),
    }
}

struct Control {
    stream: TcpStream,
    lines: BufReader<io::Take<TcpStream>>,
    end: Instant,
}

impl Control {
    /// The code and the last line of a reply.
    fn reply(&mut self) -> Result<(u16, String), Ended> {
        loop {
            self.stream.set_read_timeout(Some(left(self.end)?))?;
            let mut line = String::new();
            if self.lines.read_line(&mut line)? == 0 {
                return Err(io::Error::other("the server ends the connection").into());
            }
            let code = line.get(..3).and_then(|code| code.parse().ok());
            if let (Some(code), Some(" ")) = (code, line.get(3..4)) {
                return Ok((code, line.trim_end().to_owned()));
            }
        }
    }

    fn ask(&mut self, command: &str) -> Result<(u16, String), Ended> {
        self.stream.write_all(format!("{command}\r\n").as_bytes())?;
        self.reply()
    }
}

fn left(end: Instant) -> io::Result<Duration> {
    let left = end.saturating_duration_since(Instant::now());
    if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(left) }
}

fn transfer(
    server: SocketAddr,
    path: &str,
    credentials: Option<&Credentials>,
    bytes: Bytes,
    end: Instant,
) -> Result<Fetched, Ended> {
    let stream = TcpStream::connect_timeout(&server, left(end)?)?;
    let lines = BufReader::new(stream.try_clone()?.take(LONGEST_REPLY));
    let mut control = Control { stream, lines, end };
    let failed = |line: String| Ended::Here(Fetched::Failed(format!("FTP: {line}")));
    let (code, line) = control.reply()?;
    if code != 220 {
        return Err(failed(line));
    }
    log_in(&mut control, credentials)?;
    let (code, line) = control.ask("TYPE I")?;
    if code != 200 {
        return Err(failed(line));
    }
    // Only the port is believed: the data comes from the server itself.
    let (code, line) = control.ask("EPSV")?;
    let port = match code {
        229 => line.split('|').nth(3).and_then(|port| port.parse().ok()),
        _ => passive_port(&control.ask("PASV")?.1),
    };
    let Some(port) = port else { return Err(failed(line)) };
    let data = TcpStream::connect_timeout(&SocketAddr::new(server.ip(), port), left(end)?)?;
    let (code, line) = control.ask(&format!("RETR {path}"))?;
    match code {
        125 | 150 => {}
        550 => return Ok(Fetched::Missing("FTP 550".to_owned())),
        _ => return Err(failed(line)),
    }
    let (bytes, size) = read_bounded(Bounded { data, end }, bytes)?;
    let _ = control.stream.write_all(b"QUIT\r\n");
    Ok(Fetched::Found { bytes, size, how: "FTP".to_owned() })
}

fn log_in(control: &mut Control, credentials: Option<&Credentials>) -> Result<(), Ended> {
    let (user, password) = match credentials {
        Some(Credentials { user, password }) => (user.as_str(), password.as_str()),
        None => ("anonymous", "anonymous"),
    };
    if [user, password].iter().any(|text| text.contains(['\r', '\n'])) {
        return Err(Ended::Here(Fetched::Failed(
            "a line break in the name or password".to_owned(),
        )));
    }
    let (code, _) = control.ask(&format!("USER {user}"))?;
    if code == 230 {
        return Ok(());
    }
    let (code, _) = control.ask(&format!("PASS {password}"))?;
    match code {
        202 | 230 => Ok(()),
        _ => {
            let why = format!("FTP {code}: the server does not accept the password of {user:?}");
            Err(Ended::Here(Fetched::Denied(why)))
        }
    }
}

/// `227 Entering Passive Mode (h1,h2,h3,h4,p1,p2)`
fn passive_port(line: &str) -> Option<u16> {
    let inner = line.split('(').nth(1)?.split(')').next()?;
    let numbers: Vec<u8> = inner.split(',').filter_map(|part| part.trim().parse().ok()).collect();
    match *numbers {
        [_, _, _, _, high, low] => Some(u16::from_be_bytes([high, low])),
        _ => None,
    }
}

/// The data, until the end of patience.
struct Bounded {
    data: TcpStream,
    end: Instant,
}

impl Read for Bounded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.data.set_read_timeout(Some(left(self.end)?))?;
        self.data.read(buffer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_of_passive_mode() {
        let line = "227 Entering Passive Mode (192,0,2,1,200,10).";
        assert_eq!(passive_port(line), Some(51210));
        assert_eq!(passive_port("227 no"), None);
    }
}
