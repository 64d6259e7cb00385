//! The live names of one packet.

use std::net::Ipv4Addr;

use crate::encode::LiveValues;
use crate::engine::Engine;
use crate::mac::Mac;
use crate::query::Query;
use crate::recognise::{Identity, Reading, read};
use crate::token::{Token, right};

/// What the packet knows, read only when a value needs it.
pub(crate) struct Packet<'p> {
    engine: &'p Engine,
    query: &'p Query<'p>,
    identity: Option<&'p Identity>,
    reading: std::cell::OnceCell<Reading<'p>>,
    pub(super) token: std::cell::OnceCell<Option<Token>>,
}

impl<'p> Packet<'p> {
    pub(crate) fn new(
        engine: &'p Engine,
        query: &'p Query<'p>,
        identity: Option<&'p Identity>,
    ) -> Self {
        let (reading, token) = (std::cell::OnceCell::new(), std::cell::OnceCell::new());
        Packet { engine, query, identity, reading, token }
    }

    fn reading(&self) -> &Reading<'p> {
        self.reading.get_or_init(|| match self.identity {
            Some(identity) => read(self.engine.tables(), self.query, identity),
            None => Reading::default(),
        })
    }
}

impl LiveValues for Packet<'_> {
    fn mac(&self) -> Option<Mac> {
        self.query.mac
    }
    fn ip(&self) -> Option<Ipv4Addr> {
        self.query.client_address()
    }
    fn model(&self) -> &[u8] {
        self.reading().model.as_deref().unwrap_or_default()
    }
    fn firmware(&self) -> &[u8] {
        self.reading().firmware.as_deref().unwrap_or_default()
    }
    fn token(&self) -> Option<Token> {
        *self.token.get_or_init(|| {
            let rule = self.engine.policy().file_access.token.as_ref()?;
            let address = right(rule, self.query).ok()?;
            self.engine.minter()?.mint(self.query.mac?, Some(address))
        })
    }
}
