//! A short run, the same each time: the vectors, and mutations of them.

/// Marsaglia's xorshift; a test draws nothing from outside.
struct Sequence(u64);

impl Sequence {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(limit.max(1)).unwrap()).unwrap()
    }
}

/// What mutations are made of: the edges of XML.
const PIECES: &[&str] = &[
    "<",
    ">",
    "/>",
    "</",
    "&",
    "&amp;",
    "&#13;",
    "&#x0;",
    "&#xD;",
    "&#xFFFE;",
    "&lt;",
    "\"",
    "'",
    "=",
    " ",
    "\r",
    "\r\n",
    "\t",
    "\0",
    "]]>",
    "<![CDATA[",
    "<!--",
    "-->",
    "<?xml version=\"1.0\"?>",
    "<?a b?>",
    "<!DOCTYPE a>",
    " xmlns=\"\"",
    " xmlns:a=\"urn:a\"",
    " xmlns:xml=\"\"",
    " a:b=\"c\"",
    " ID=\"_1\"",
    "<a:b xmlns:a=\"urn:b\">",
    "</a:b>",
    "<a/>",
    "\u{85}",
    "\u{2028}",
    "\u{FEFF}",
    "\u{1F9D1}",
    " standalone='yes'",
    " xml:lang=\"cy\"",
    " b='&quot;'",
    "xmlns",
    ":",
    "é",
];

fn vectors(kinds: &[&str]) -> Vec<Vec<u8>> {
    let folders: Vec<_> = kinds.iter().map(|kind| crate::vectors::folder().join(kind)).collect();
    let entries = folders.iter().flat_map(|folder| std::fs::read_dir(folder).unwrap());
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| std::fs::read(path).unwrap()).collect()
}

fn mutate(seed: &[u8], sequence: &mut Sequence) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for _ in 0..=sequence.below(4) {
        let at = sequence.below(bytes.len() + 1);
        match sequence.below(4) {
            0 => {
                let end = (at + sequence.below(16)).min(bytes.len());
                bytes.drain(at..end);
            }
            1 => {
                let end = (at + sequence.below(40)).min(bytes.len());
                let copied = bytes[at..end].to_vec();
                let to = sequence.below(bytes.len() + 1);
                bytes.splice(to..to, copied);
            }
            _ => {
                let piece = PIECES[sequence.below(PIECES.len())].bytes();
                bytes.splice(at..at, piece);
            }
        }
    }
    bytes
}

fn run(target: fn(&[u8]), rounds: usize) {
    run_over(&["gate", "signature", "redirect"], target, rounds);
}

fn run_over(kinds: &[&str], target: fn(&[u8]), rounds: usize) {
    let vectors: Vec<_> = vectors(kinds).into_iter().filter(|vector| vector.len() < 8_000).collect();
    let mut sequence = Sequence(0x9E37_79B9_7F4A_7C15);
    for vector in &vectors {
        target(vector);
    }
    for round in 0..rounds {
        target(&mutate(&vectors[round % vectors.len()], &mut sequence));
    }
}

#[test]
fn what_passes_the_gate_is_read_alike_by_another_parser() {
    run(super::gate, 30_000);
}

#[test]
fn nothing_verifies_without_a_key() {
    run(super::verify, 2_000);
}

#[test]
fn a_query_is_read_or_refused() {
    run(super::redirect, 4_000);
}

#[test]
fn a_message_is_written_as_it_was_read() {
    run_over(&["request", "logout"], super::messages, 4_000);
}

#[test]
fn no_endpoint_of_metadata_is_anything_but_a_web_server() {
    run_over(&["metadata"], super::metadata, 1_500);
}
