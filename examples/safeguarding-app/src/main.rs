//! examples/safeguarding-app
fn main() {}
