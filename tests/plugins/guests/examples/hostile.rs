//! A factor that does what its settings say: `{"do": "loop", "in": "verify"}`. Without `in`, it does so in every ceremony.

use guests::*;

struct Hostile;
export_factor!(Hostile with_types_in guests);

/// Counts the calls of this instance: nothing of it may be left at the next.
static mut CALLS: u32 = 0;

fn asked(config: &str, deed: &str, export: &str) -> bool {
    let says = |pair: String| config.contains(&pair);
    let named = |name: &str, value: &str| {
        says(format!("\"{name}\": \"{value}\"")) || says(format!("\"{name}\":\"{value}\""))
    };
    named("do", deed) && (!config.contains("\"in\"") || named("in", export))
}

/// Grows the stack by frames that the optimiser cannot fold.
#[inline(never)]
fn deeper(depth: u64) -> u64 {
    if std::hint::black_box(depth) == u64::MAX {
        return depth;
    }
    let below = deeper(std::hint::black_box(depth + 1));
    std::hint::black_box(below) ^ depth
}

/// What is done before any answer.
fn act(config: &str, export: &str) {
    let asked = |deed| asked(config, deed, export);
    if asked("loop") {
        loop {
            std::hint::black_box(());
        }
    }
    if asked("memory") {
        let mut all: Vec<Vec<u8>> = Vec::new();
        loop {
            all.push(vec![1; 1 << 20]);
            std::hint::black_box(&all);
        }
    }
    if asked("recursion") {
        std::hint::black_box(deeper(0));
    }
    if asked("panic") {
        panic!("as told");
    }
    if asked("wild-read") {
        // SAFETY: there is none; that is the point.
        let byte = unsafe { std::ptr::read_volatile(std::hint::black_box(0xffff_fff0_usize) as *const u8) };
        std::hint::black_box(byte);
    }
    if asked("log-flood") {
        for _ in 0..1000 {
            log::write(log::Level::Warn, "flood", &[("line".into(), "x\ny".repeat(100))]);
        }
    }
    if asked("log-bomb") {
        log::write(log::Level::Warn, &"x".repeat(4 << 20), &[]);
    }
    if asked("random-max") {
        random::bytes(u32::MAX);
    }
}

fn odd_step(config: &str) -> Step {
    let asked = |deed| asked(config, deed, "");
    let mut step = step(vec![1]);
    // SAFETY: one thread.
    unsafe {
        CALLS += 1;
        step.state = vec![CALLS as u8];
    }
    if asked("big-string") {
        step.prompts[0].id = "x".repeat(8 << 20);
    }
    if asked("many") {
        let message = Text { key: String::new(), args: vec![(String::new(), String::new()); 300_000] };
        step.prompts[0].ask = Ask::Wait(Wait { message, exhibits: Vec::new() });
    }
    if asked("wild-list") {
        // SAFETY: there is none: the host is handed a list that lies outside the memory.
        step.state = unsafe { Vec::from_raw_parts(0xffff_0000_usize as *mut u8, 1 << 15, 1 << 15) };
    }
    if asked("no-prompt") {
        step.prompts.clear();
    }
    if asked("same-prompt") {
        step.prompts.push(step.prompts[0].clone());
    }
    if asked("unknown-prompt") {
        step.prompts[0].ask = Ask::Other(("hologram".into(), "{}".into()));
    }
    if asked("large-state") {
        step.state = vec![0; (64 << 10) + 1];
    }
    if asked("long-life") {
        step.ttl_ms = u32::MAX;
    }
    if asked("large-qr") {
        step.prompts[0].ask = form(Vec::new(), vec![Exhibit::Qr("x".repeat(513))]);
    }
    if asked("push") {
        step.effects = vec![Effect::AnswerDevice(b"hello".to_vec())];
    }
    step
}

fn outcome(config: &str, credentials: &[Credential]) -> VerifyOutcome {
    let asked = |deed| asked(config, deed, "verify");
    let id = credentials.first().map(|credential| credential.id.clone()).unwrap_or_default();
    let mut accepted = accepted(&id);
    if asked("foreign-key") {
        accepted.credential_id = "0".repeat(32);
    }
    if asked("other-spelling") {
        accepted.credential_id = id.to_uppercase();
    }
    if asked("boast") {
        accepted.evidence.phishing_resistant = true;
        accepted.evidence.hardware_bound = true;
        accepted.evidence.user_verified = true;
        accepted.evidence.classes = vec![FactorClass::Possession, FactorClass::Inherence];
        accepted.evidence.amr = vec!["otp".into(), "hwk".into()];
    }
    if asked("push") {
        accepted.effects =
            vec![Effect::SendMessage(Message { channel: "push".into(), credential: id, text: text("t") })];
    }
    if asked("foreign-update") {
        let mut rejection = rejection(RejectReason::WrongResponse);
        let update = CredentialUpdate { format: 1, data: vec![1], facts: None };
        rejection.updates = vec![("0".repeat(32), update)];
        return VerifyOutcome::Rejected(rejection);
    }
    if asked("more") {
        return VerifyOutcome::More(odd_step(config));
    }
    VerifyOutcome::Accepted(accepted)
}

fn given_up(config: &str) -> Result<(), Fault> {
    if config.contains("gives-up") {
        return Err(Fault::Internal("line one\nline two".into()));
    }
    if config.contains("old-format") { Err(Fault::UnsupportedFormat(7)) } else { Ok(()) }
}

impl Factor for Hostile {
    fn describe() -> Descriptor {
        describe("hostile")
    }

    fn check_config(config: String) -> Vec<(String, String)> {
        if config.contains("\"in\": \"check-config\"") {
            act(&config, "check-config");
        }
        if config.contains("unwanted") { vec![("/unwanted".into(), "is not known".into())] } else { Vec::new() }
    }

    fn begin_enrolment(ctx: Context, _: Vec<Credential>) -> Result<Step, Fault> {
        act(&ctx.config, "begin-enrolment");
        given_up(&ctx.config)?;
        Ok(odd_step(&ctx.config))
    }

    fn finish_enrolment(ctx: Context, _: Vec<Credential>, _: Vec<u8>, _: Answer) -> Result<EnrolOutcome, Fault> {
        act(&ctx.config, "finish-enrolment");
        Ok(EnrolOutcome::Enrolled(new_credential(vec![1])))
    }

    fn begin_challenge(ctx: Context, _: Vec<Credential>) -> Result<Step, Fault> {
        act(&ctx.config, "begin-challenge");
        Ok(odd_step(&ctx.config))
    }

    fn verify(ctx: Context, credentials: Vec<Credential>, _: Vec<u8>, _: Answer) -> Result<VerifyOutcome, Fault> {
        act(&ctx.config, "verify");
        given_up(&ctx.config)?;
        Ok(outcome(&ctx.config, &credentials))
    }
}

impl SeedImport for Hostile {
    fn import_seeds(config: String, _: String, file: Vec<u8>, _: Option<Vec<u8>>) -> Result<Imported, Fault> {
        act(&config, "import-seeds");
        // A key for each line, which is its name.
        let lines = file.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        let key = |line: &[u8]| {
            let suggested_label = String::from_utf8_lossy(line).into_owned();
            NewCredential { suggested_label, ..new_credential(line.to_vec()) }
        };
        Ok(Imported { keys: lines.map(key).collect(), problems: Vec::new() })
    }
}
