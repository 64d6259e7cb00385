//! A SIP registration with the credentials from a phone's file (RFC 3261 10, digest by RFC 2617 and
//! RFC 8760), and what the registrar says to it.

mod line;
mod message;

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use crate::account::Account;
use crate::digest::Challenge;
use crate::report::{Log, Outcome};
use crate::steps;
use line::{Line, Silence};
use message::{Request, Response};

/// What is expected of a registration.
#[derive(Debug)]
pub struct Wanted<'w> {
    /// SIP's `User-Agent`; `None`: the header is not sent.
    pub user_agent: Option<&'w str>,
    /// How long an answer is waited for.
    pub patience: Duration,
    /// The status by which the last step passes: 200, or 403 for a password that is wrong on purpose.
    pub status: u16,
    /// Certificates (PEM) by which a registrar over TLS is trusted; none: the public ones.
    pub authority: Option<&'w str>,
    /// The phone's own address, if it speaks from there.
    pub from: Option<Ipv4Addr>,
    /// Stays registered, with this place to reach it by and for so many seconds.
    pub stays: Option<(SocketAddr, u32)>,
}

/// Registers. A registration that succeeds is removed again, unless the phone is to stay.
pub fn register(account: &Account, wanted: &Wanted<'_>, log: &mut Log<'_>) -> Outcome {
    match try_register(account, wanted, log) {
        Ok(answer) => judge(&answer, account.line, wanted.status, log),
        Err(why) => {
            let Account { line, server, port, transport, .. } = account;
            let step = steps::of_line(steps::REGISTER, *line);
            log.failed(step, format!("{server}:{port} by {transport}: {why}"));
            log.not_reached(steps::of_line(steps::ANSWER, *line), "no answer");
            Outcome::Failed
        }
    }
}

fn judge(answer: &Response, line: u16, expected: u16, log: &mut Log<'_>) -> Outcome {
    let step = steps::of_line(steps::ANSWER, line);
    let Response { status, reason, .. } = answer;
    let meaning = match status {
        200 => "registered",
        401 | 407 => "the registrar does not accept these credentials",
        403 => "the password or the user is wrong, and the registrar says so",
        404 => "the registrar does not know this user",
        _ => "not registered",
    };
    let text = format!("{status} {reason}: {meaning}");
    if *status == expected {
        let as_expected = if expected == 200 { "" } else { ", as expected" };
        log.passed(step, format!("{text}{as_expected}"));
        return Outcome::Passed;
    }
    let instead = if expected == 200 { String::new() } else { format!("; expected {expected}") };
    log.failed(step, format!("{text}{instead}"));
    Outcome::Failed
}

fn try_register(
    account: &Account,
    wanted: &Wanted<'_>,
    log: &mut Log<'_>,
) -> Result<Response, Silence> {
    let mut line = Line::open(account, wanted)?;
    let mut request = Request::new(account, line.local, wanted.user_agent);
    if let Some((contact, seconds)) = wanted.stays {
        request.contact = contact;
        request.expires = seconds;
    }
    let first = line.ask(&request.text())?;
    let (user, password_in) = (&account.login.user, &account.password_in);
    let (Account { server, port, transport, .. }, status) = (account, first.status);
    let to = format!("{server}:{port} by {transport}");
    let step = steps::of_line(steps::REGISTER, account.line);
    let challenge = match status {
        401 | 407 => message::challenge(&first).ok_or_else(|| {
            let why = format!("{status} without a digest challenge by MD5 or SHA-256");
            Silence::Broken(why)
        })?,
        _ => {
            log.passed(step, format!("to {to}, answered without requesting a password"));
            return Ok(first);
        }
    };
    request.next();
    request.by_proxy = status == 407;
    request.authorize(&challenge, account);
    let mut answer = line.ask(&request.text())?;
    // A nonce that has grown old is not a refusal (RFC 2617 3.2.1).
    if let (401 | 407, Some(fresh)) = (answer.status, message::challenge(&answer))
        && fresh.stale
    {
        request.next();
        request.authorize(&fresh, account);
        answer = line.ask(&request.text())?;
    }
    let realm = &challenge.realm;
    log.passed(
        step,
        format!(
            "to {to} as {user}, with the password from {password_in}, for the realm \"{realm}\""
        ),
    );
    if answer.status == 200 && wanted.stays.is_none() {
        give_back(&mut line, &mut request, &challenge, account);
    }
    Ok(answer)
}

/// Unregisters (`Expires: 0`). A failure is ignored.
fn give_back(line: &mut Line, request: &mut Request, challenge: &Challenge, account: &Account) {
    request.next();
    request.expires = 0;
    request.authorize(challenge, account);
    let _ = line.ask(&request.text());
}

#[cfg(test)]
mod tests;
