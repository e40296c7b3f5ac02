//! The doors of the service: each turns what it hears into requests, and hands them to the one call of the service. → service
//!
//! `http` is the door for programs; the Unix socket, the owner's own door, is the daemon's.

pub mod http;
