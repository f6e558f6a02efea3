//! Wants to talk.

std_guests::factor!("opens-socket", |_| std::net::TcpStream::connect("127.0.0.1:80").is_ok().to_string());
