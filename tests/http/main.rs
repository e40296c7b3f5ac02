//! The service as programs meet it: a real process, asked over sockets with whatever a client may send.

#[path = "../cli/test_store.rs"]
#[allow(dead_code)]
mod test_store;

#[path = "../shared/unchecked.rs"]
mod unchecked;

mod attacks;
mod durability;
mod mcp;
mod python_client;
mod service;
mod use_cases;
