//! A connection of the load generator: HTTP/1.1, kept alive, and no more of it than our servers send.
//!
//! Hand-written, since a client library would cost more than what is measured.

use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// Longer than any answer takes, so that a run ends whatever happens.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long an answer is looked for before the thread sleeps. Waking a sleeper costs the server as much as a small answer, and no
/// client far away would put that on its bill.
const AWAKE: Duration = Duration::from_millis(1);
const LARGEST_ANSWER: usize = 1024 * 1024;

/// What went wrong, for people.
pub(super) type Result<T> = std::result::Result<T, String>;

/// A connection to one server on this machine.
#[derive(Debug)]
pub(super) struct Connection {
    stream: TcpStream,
    port: u16,
    buffer: Vec<u8>,
}

/// An answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    head: String,
    pub(super) body: Vec<u8>,
}

impl Connection {
    pub(super) fn open(port: u16) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)), PATIENCE)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        stream.set_nonblocking(true)?;
        Ok(Self { stream, port, buffer: Vec::with_capacity(16 * 1024) })
    }

    /// Sends a request made by [`get`] or [`post`], and reads the whole answer.
    pub(super) fn send(&mut self, request: &[u8]) -> Result<Answer> {
        self.exchange(request).map_err(|error| format!("port {}: {error}", self.port))
    }

    /// The same, for an answer that must be a success.
    pub(super) fn must(&mut self, request: &[u8]) -> Result<Answer> {
        let answer = self.send(request)?;
        if (200..300).contains(&answer.status) { Ok(answer) } else { Err(answer.complaint(request)) }
    }

    fn exchange(&mut self, request: &[u8]) -> io::Result<Answer> {
        // One request at a time is smaller than a socket's buffer: this would only block where the server reads nothing.
        self.stream.write_all(request)?;
        self.buffer.clear();
        let head_end = loop {
            let searched = self.buffer.len().saturating_sub(3);
            self.read_more()?;
            if let Some(found) = find(self.buffer.get(searched..).unwrap_or_default(), b"\r\n\r\n") {
                break searched + found + 4;
            }
        };
        let head = String::from_utf8_lossy(self.buffer.get(..head_end).unwrap_or_default()).into_owned();
        let status = head.get(9..12).and_then(|status| status.parse().ok()).ok_or_else(|| bad("no status"))?;
        let mut answer = Answer { status, head, body: Vec::new() };
        answer.body = if answer.header("transfer-encoding").is_some() {
            self.read_chunks(head_end)?
        } else {
            let length = answer.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
            self.read_until(head_end + length)?;
            self.buffer.get(head_end..head_end + length).unwrap_or_default().to_vec()
        };
        Ok(answer)
    }

    fn read_chunks(&mut self, mut at: usize) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let line_end = loop {
                match find(self.buffer.get(at..).unwrap_or_default(), b"\r\n") {
                    Some(found) => break at + found,
                    None => self.read_more()?,
                }
            };
            let size = std::str::from_utf8(self.buffer.get(at..line_end).unwrap_or_default()).unwrap_or_default();
            let size = usize::from_str_radix(size, 16).map_err(|_| bad("a chunk without size"))?;
            let begin = line_end + 2;
            self.read_until(begin + size + 2)?;
            if size == 0 {
                return Ok(body);
            }
            body.extend_from_slice(self.buffer.get(begin..begin + size).unwrap_or_default());
            at = begin + size + 2;
        }
    }

    fn read_until(&mut self, length: usize) -> io::Result<()> {
        while self.buffer.len() < length {
            self.read_more()?;
        }
        Ok(())
    }

    fn read_more(&mut self) -> io::Result<()> {
        let length = self.buffer.len();
        if length > LARGEST_ANSWER {
            return Err(bad("an answer without end"));
        }
        self.buffer.resize(length + 8 * 1024, 0);
        let read = read_soon(&mut self.stream, self.buffer.get_mut(length..).unwrap_or_default());
        self.buffer.truncate(length + *read.as_ref().unwrap_or(&0));
        if read? == 0 { Err(bad("the server closed the connection")) } else { Ok(()) }
    }
}

impl Answer {
    /// The value of a header.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers(name).next()
    }

    /// The values of a header that may stand more than once.
    pub(super) fn headers(&self, name: &str) -> impl Iterator<Item = &str> {
        self.head.lines().skip(1).filter_map(move |line| {
            let (other, value) = line.split_once(':')?;
            other.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    /// A member of the JSON in the body.
    pub(super) fn member(&self, name: &str) -> Result<String> {
        let value: serde_json::Value =
            serde_json::from_slice(&self.body).map_err(|error| format!("an answer is not JSON: {error}"))?;
        let member = value.get(name).and_then(serde_json::Value::as_str);
        member.map(str::to_owned).ok_or_else(|| format!("an answer has no `{name}`"))
    }

    /// What a run is ended with. Without the rest of the request, where secrets stand.
    pub(super) fn complaint(&self, request: &[u8]) -> String {
        let request = String::from_utf8_lossy(request);
        let line = request.lines().next().unwrap_or_default();
        let path = line.split(['?', ' ']).take(2).collect::<Vec<_>>().join(" ");
        let body = String::from_utf8_lossy(&self.body);
        format!("{path} answered {}: {}", self.status, body.chars().take(300).collect::<String>())
    }
}

/// A request for something. `headers`: whole lines.
pub(super) fn get(path: &str, headers: &[&str]) -> Vec<u8> {
    request("GET", path, headers, "")
}

/// A form.
pub(super) fn post(path: &str, headers: &[&str], form: &[(&str, &str)]) -> Vec<u8> {
    let form: Vec<_> = form.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
    let length = form.iter().map(String::len).sum::<usize>() + form.len().saturating_sub(1);
    let length = format!("Content-Length: {length}");
    let own = ["Content-Type: application/x-www-form-urlencoded", length.as_str()];
    request("POST", path, &[headers, &own].concat(), &form.join("&"))
}

/// Percent-encoding of all but the unreserved characters (RFC 3986 2.3).
pub(super) fn encode(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

fn request(method: &str, path: &str, headers: &[&str], body: &str) -> Vec<u8> {
    let mut text = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n");
    for line in headers {
        text.push_str(line);
        text.push_str("\r\n");
    }
    text.push_str("\r\n");
    text.push_str(body);
    text.into_bytes()
}

/// Reads what is there; looks again for a moment, and sleeps after that.
fn read_soon(stream: &mut TcpStream, into: &mut [u8]) -> io::Result<usize> {
    let began = Instant::now();
    while began.elapsed() < AWAKE {
        match stream.read(into) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => std::thread::yield_now(),
            read => return read,
        }
    }
    stream.set_nonblocking(false)?;
    let read = stream.read(into);
    stream.set_nonblocking(true)?;
    read
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

fn bad(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests;
