//! The desk, as a library for the tests of what does not compile.

pub mod contracts;
pub mod desk;

pub use iii_sdk;
