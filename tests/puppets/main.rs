//! Other people's SMPP software as puppets, on every path of the real engine: each library does
//! what a test says, line by line, on either side. `tests/interop/README.md` has the lines.
//!
//! With `CHAPPE_INTEROP=1`, as `tests/run` sets it, or with `CI` set, a library that is missing is
//! a failure; otherwise a test whose library is missing says so and ends.
#![cfg(feature = "runtime")]

#[path = "../foreign/mod.rs"]
mod foreign;

mod binds;
mod carriers;
mod deliveries;
mod messages;
mod operations;
mod puppet;
mod world;

/// One test for each of these clients: the module is named as the function, the test as the client.
macro_rules! with_each {
    ($test:ident: $($name:ident $client:ident),+) => {
        mod $test {
            $(#[test]
            fn $name() {
                super::$test($crate::world::Client::$client);
            })+
        }
    };
}
pub(crate) use with_each;
