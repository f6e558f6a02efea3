//! The Keyholder server: HTTP, wiring, command line.
//!
//! Owns how requests reach the domain and how answers leave. Does not own the meaning of a sign-in (`keyholder-core`),
//! protocols (`keyholder-oidc`), rows (`keyholder-store`) or words (`keyholder-theme`).

pub mod account;
pub mod app;
pub mod applications;
pub mod audit;
pub mod backup;
pub mod cli;
pub mod config;
pub mod cookies;
pub mod digest;
pub mod factors;
pub mod keys;
pub mod logout;
pub mod mail;
pub mod metrics;
pub mod oidc;
pub mod outbound;
pub mod pages;
pub mod password;
pub mod plugins;
pub mod saml;
pub mod serve;
pub mod spine;
pub mod throttle;
pub mod web;
pub mod wiring;
pub mod workers;
