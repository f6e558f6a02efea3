//! Wants a file of its host.

std_guests::factor!("reads-file", |_| std::fs::read_to_string("/etc/passwd").unwrap_or_default());
