//! Every vendor's templates: the golden examples in its folder, the article that the project starts from,
//! and what comes out read again by an independent parser, with the nastiest values that a list can hold.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod article;
mod every;
mod faults;
mod golden;
mod hostile;
mod kinds;
mod lists;
mod models;
mod parsed;
mod parts;
mod writer;
