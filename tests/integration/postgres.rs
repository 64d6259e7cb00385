//! The lease's user context in a real PostgreSQL.

use crate::annotate::{FILES, expect_polycom, polycom};
use crate::peers::kea::Setup;
use crate::peers::phone::Relay;
use crate::peers::postgres::Postgres;

#[test]
fn a_phones_lease_survives_a_restart_with_postgresql() {
    let postgres = Postgres::start();
    let setup = Setup::offhook(FILES).kea_library("libdhcp_lease_cmds.so", None);
    let kea = postgres.serve(setup).start();
    let (_, ack) = Relay::of(&kea).boot(&polycom());
    let before = kea.lease(ack.yiaddr());
    expect_polycom(&before);
    let stored = postgres.query("select user_context from lease4");
    assert!(stored.contains("VVX410"), "expected the model in the database, found {stored:?}");
    let kea = kea.restart();
    assert_eq!(kea.lease(ack.yiaddr()), before);
}
