//! Measures the host with the soft key: enrols one, then verifies its codes.
//!
//! `cargo run --release --package keyholder-plugin-host --example measure_soft_key -- SOFT_KEY.WASM VERSION`

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a tool: it fails by a panic")]

use std::sync::Arc;

use aws_lc_rs::hmac;
use futures::executor::block_on;
use keyholder_core::credential::{Credential, CredentialOwner};
use keyholder_core::factor::{
    Answer, Ask, Context, EnrolOutcome, Evidence, Exhibit, Factors as _, Form, Occasion, Purpose, Response,
};
use keyholder_core::id::{CredentialId, PersonId};
use keyholder_core::locale::Language;
use keyholder_core::random::Random;
use keyholder_core::time::{Clock, Timestamp};
use keyholder_plugin_host::measure::{Verification, measure, resident};
use keyholder_plugin_host::{Capability, Code, Granted, HostSettings, Installed, Limits, PluginHost, World};

const START: Timestamp = Timestamp::from_seconds(1_780_000_000);
const LATER: Timestamp = Timestamp::from_seconds(1_780_000_300);

#[derive(Debug)]
struct Still;
impl Clock for Still {
    fn now(&self) -> Timestamp {
        START
    }
}

#[derive(Debug)]
struct System;
impl Random for System {
    fn fill(&self, bytes: &mut [u8]) {
        aws_lc_rs::rand::fill(bytes).unwrap();
    }
}

fn context(now: Timestamp) -> Context {
    Context {
        now,
        purpose: Purpose::SignIn,
        user_handle: [7; 32],
        user_name: "a@school.example".into(),
        user_display_name: "A".into(),
        issuer: "https://id.example".into(),
        issuer_name: "Example".into(),
        rp_id: "id.example".into(),
        origins: vec!["https://id.example".into()],
        languages: vec![Language::En],
        occasion: Occasion {
            ceremony: "c".into(),
            application: None,
            school: None,
            browser: "Firefox".into(),
            address: None,
            place: None,
            began_at: now,
            number: Some("42".into()),
        },
        diagnose: false,
    }
}

/// RFC 6238 with SHA-1, six digits, 30 seconds.
fn code(secret: &[u8], at: Timestamp) -> String {
    let step = u64::try_from(at.as_seconds() / 30).unwrap().to_be_bytes();
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret), &step);
    let digest = tag.as_ref();
    let offset = usize::from(digest.last().unwrap() & 0xf);
    let word: [u8; 4] = digest.get(offset..offset + 4).unwrap().try_into().unwrap();
    format!("{:06}", (u32::from_be_bytes(word) & 0x7fff_ffff) % 1_000_000)
}

/// RFC 4648 6, without padding.
fn base32(text: &str) -> Vec<u8> {
    let digits = text.bytes().filter(u8::is_ascii_alphanumeric).map(|byte| match byte.to_ascii_uppercase() {
        letter @ b'A'..=b'Z' => u64::from(letter - b'A'),
        digit => u64::from(digit - b'2') + 26,
    });
    let (mut bytes, mut bits, mut held) = (Vec::new(), 0_u64, 0);
    for digit in digits {
        (bits, held) = (bits << 5 | digit, held + 5);
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from((bits >> held) & 0xff).unwrap());
        }
    }
    bytes
}

/// The answer to a form with one field.
fn typed(prompt: &str, form: &Form, code: String) -> Answer {
    let name = form.fields.first().unwrap().name.clone();
    Answer { prompt: prompt.to_owned(), response: Response::Fields(vec![(name, code)]) }
}

fn secret(form: &Form) -> Vec<u8> {
    let found = form.exhibits.iter().find_map(|exhibit| match exhibit {
        Exhibit::Secret(secret) => Some(base32(secret)),
        Exhibit::Qr(link) | Exhibit::PlainQr(link) => {
            Some(base32(link.split_once("secret=")?.1.split('&').next().unwrap()))
        }
        _ => None,
    });
    found.expect("a secret to type")
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let wasm = std::fs::read(arguments.next().expect("the component's path")).unwrap();
    let version = arguments.next().unwrap_or_else(|| "1.0.0".into());
    let ceiling = Evidence { possession: true, amr: vec!["otp".into(), "swk".into()], ..Evidence::default() };
    let install = |code: Code| Installed {
        id: "soft-key".into(),
        version: version.clone(),
        world: World::Factor,
        granted: Granted { ceiling: ceiling.clone(), capabilities: Capability::ALL.into() },
        limits: Limits::PLUGIN,
        settings: "{}".into(),
        locales: Vec::new(),
        stored_formats: Vec::new(),
        code,
    };
    let settings = HostSettings::new(Arc::new(Still), Arc::new(System));
    let empty = resident().unwrap();
    let host = PluginHost::new(settings.clone()).unwrap();
    let idle = resident().unwrap();

    block_on(host.put(install(host.compile(&wasm).unwrap()))).unwrap();
    let step = block_on(host.begin_enrolment("soft-key", context(START), &[])).unwrap();
    let prompt = step.prompts.iter().find(|prompt| matches!(prompt.ask, Ask::Form(_))).unwrap();
    let Ask::Form(form) = &prompt.ask else { panic!("no form") };
    let secret = secret(form);
    let answer = typed(&prompt.id, form, code(&secret, START));
    let enrolled = block_on(host.finish_enrolment("soft-key", context(START), &[], &step.state, answer)).unwrap();
    let EnrolOutcome::Enrolled(key) = enrolled else { panic!("not enrolled: {enrolled:?}") };
    let person = PersonId::draw(&System, START);
    let credential = Credential {
        id: CredentialId::draw(&System, START),
        owner: CredentialOwner::Person(person),
        holder: Some(person),
        factor: "soft-key".into(),
        lookup: None,
        label: "phone".into(),
        format: key.format,
        secret: key.data,
        device: None,
        evidence: key.evidence,
        facts: key.facts,
        version: 1,
        created_at: START,
        last_used_at: None,
    };
    let credentials = vec![credential];
    let step = block_on(host.begin_challenge("soft-key", context(LATER), &credentials)).unwrap();
    let prompt = step.prompts.iter().find(|prompt| matches!(prompt.ask, Ask::Form(_))).unwrap();
    let Ask::Form(form) = &prompt.ask else { panic!("no form") };
    let answer = typed(&prompt.id, form, code(&secret, LATER));
    let verification = Verification { context: context(LATER), credentials, state: step.state, answer };
    let outcome = block_on(host.verify(
        "soft-key",
        verification.context.clone(),
        &verification.credentials,
        &verification.state,
        verification.answer.clone(),
    ));
    println!("verified: {outcome:?}");
    drop(host);
    println!("host without plugins: {} KiB", idle.saturating_sub(empty) / 1024);
    println!("{:#?}", measure(&settings, &wasm, &install, &verification, 5000).unwrap());
}
