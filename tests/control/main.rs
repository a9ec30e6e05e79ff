//! The control socket as operators see it: the real binary, asked by the real commands and by
//! clients that mean no good.

mod binds;
mod clients;
mod queue;
mod reload;
mod status;
mod world;
