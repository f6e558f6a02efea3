#![allow(clippy::unwrap_used, reason = "tests")]

use std::net::TcpListener;
use std::thread;

use super::*;

/// A server that gives one answer, in pieces.
fn answer_to_a_request(pieces: &'static [&'static str]) -> io::Result<Answer> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.set_nodelay(true).unwrap();
        let mut asked = [0; 512];
        assert!(stream.read(&mut asked).unwrap() > 0);
        for piece in pieces {
            stream.write_all(piece.as_bytes()).unwrap();
            thread::yield_now();
        }
    });
    let answer = Connection::open(port).unwrap().exchange(&get("/", &[]));
    server.join().unwrap();
    answer
}

#[test]
fn an_answer_in_pieces_is_read_whole() {
    let answer =
        answer_to_a_request(&["HTTP/1.1 200 OK\r\nContent-Le", "ngth: 5\r\nEtag: \"a\"\r\n\r", "\nhe", "llo"]).unwrap();
    assert_eq!((answer.status, answer.body.as_slice(), answer.header("etag")), (200, &b"hello"[..], Some("\"a\"")));
}

#[test]
fn chunks_are_put_together() {
    let answer = answer_to_a_request(&[
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
        "lo\r\n7\r\n, peers\r\n0\r\n\r\n",
    ]);
    assert_eq!(answer.unwrap().body, b"hello, peers");
}

#[test]
fn half_an_answer_is_an_error() {
    assert!(answer_to_a_request(&["HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello"]).is_err());
}

#[test]
fn forms_say_their_length_and_are_encoded() {
    let text = String::from_utf8(post("/token", &["Accept: */*"], &[("a", "b c&"), ("d", "é")])).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    assert_eq!(body, "a=b%20c%26&d=%C3%A9");
    assert!(head.contains(&format!("Content-Length: {}", body.len())) && head.contains("\r\nAccept: */*\r\n"));
}

#[test]
fn a_complaint_shows_no_parameter() {
    let answer = Answer { status: 400, head: String::new(), body: b"{}".to_vec() };
    let complaint = answer.complaint(&get("/callback?code=secret", &["Authorization: Basic c2VjcmV0"]));
    assert_eq!(complaint, "GET /callback answered 400: {}");
}
