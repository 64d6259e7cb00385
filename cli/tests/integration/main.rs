//! The command line, as a user calls it.

mod add_a_maker;
mod captures;
mod catalogue_page;
mod check;
mod closed_pipes;
mod core_dumps;
mod decode;
mod diff;
mod emulate;
mod generate;
mod kea_client;
mod manual;
mod readme;
mod systems;
mod web_server;
