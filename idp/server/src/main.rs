//! idp/server
fn main() {}
