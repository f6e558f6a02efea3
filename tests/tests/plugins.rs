//! Plugins of strangers beside a running server: hostile ones, and new versions while everybody signs in.

#[path = "../plugins/guests.rs"]
mod guests;

use std::sync::atomic::{AtomicBool, Ordering};

use keyholder_tests::{
    Browser, Files, Holder, Keyholder, PASSWORD, Page, Publisher, RelyingApplication, bundled_as, hand_out,
};

/// Sign-ins at once, meanwhile.
const HONEST: u8 = 8;
const MFA: &str = "https://refeds.org/profile/mfa";

const MANIFEST: &str = r#"
manifest = 1
id = "hostile"
version = "1.0.0"
world = "keyholder:factor/plugin-with-seeds@0.9.0"
name = "A key that means harm"
licence = "Apache-2.0 OR MIT"

[formats]
reads = [1]
writes = 1

[[requests]]
capability = "log"
reason = "to flood it"

[[requests]]
capability = "random"
reason = "to use it up"

[[requests]]
capability = "crypto"
reason = "its world has it"

[ceiling]
possession = true
amr = ["otp"]
"#;

const SCHEMA: &str = r#"{
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "properties": { "do": { "type": "string", "default": "panic" }, "in": { "type": "string" } }
}"#;

const ENGLISH: &str =
    "title = A key that means harm\nlabel = Code\nsubmit = Authenticate\ntest = A key that means harm\n";

fn hostile() -> Files {
    Files::default()
        .with("plugin.toml", MANIFEST)
        .with("plugin.wasm", guests::guest("hostile"))
        .with("config.schema.json", SCHEMA)
        .with("locales/en.ftl", ENGLISH)
}

/// What it does, where, and what the operator reads of it.
const DEEDS: [(&str, Option<&str>, &str); 17] = [
    ("panic", Some("begin-challenge"), "trap"),
    ("loop", Some("begin-challenge"), "fuel"),
    ("memory", Some("begin-challenge"), "memory"),
    ("big-string", None, "transfer"),
    ("many", None, "transfer"),
    ("no-prompt", None, "contract"),
    ("unknown-prompt", None, "contract"),
    ("large-state", None, "contract"),
    ("loop", Some("verify"), "fuel"),
    ("memory", Some("verify"), "memory"),
    ("recursion", Some("verify"), "trap"),
    ("wild-read", Some("verify"), "trap"),
    ("random-max", Some("verify"), "contract"),
    ("log-bomb", Some("verify"), "transfer"),
    ("foreign-key", Some("verify"), "contract"),
    ("foreign-update", Some("verify"), "contract"),
    ("gives-up", Some("verify"), "said"),
];

/// Tells the plugin what to do, and waits until the server has heard of it.
async fn told(keyholder: &Keyholder, deed: &str, export: Option<&str>, heard: &mut usize) {
    let (deed, export) = (format!("do={deed}"), export.map(|export| format!("in={export}")));
    let mut command = vec!["plugin", "set", "hostile", &deed];
    match &export {
        Some(export) => command.push(export),
        // Back to the default: wherever it can. Once it is unset there is nothing to take back.
        None if keyholder.run(&["plugin", "set", "hostile"]).await.contains("in = \"") => command.push("in"),
        None => {}
    }
    keyholder.run(&command).await;
    *heard += 1;
    keyholder.has_logged(&["a plugin serves", "hostile"], *heard).await;
}

/// Whether the metrics have each fault, where each deed was met so often. On a slow machine the deadline ends what else its budget would.
fn counts_causes(text: &str, deeds: &[(&str, Option<&str>, &str)], times: usize) {
    let series =
        text.lines().filter_map(|line| line.strip_prefix("keyholder_plugin_faults_total{plugin=\"hostile\",cause=\""));
    let counted: Vec<(&str, usize)> = series
        .filter_map(|line| line.split_once("\"} "))
        .map(|(cause, count)| (cause, count.parse().unwrap()))
        .collect();
    assert_eq!(counted.iter().map(|(_, count)| count).sum::<usize>(), deeds.len() * times, "{counted:?}");
    let known = |cause: &str| cause == "deadline" || deeds.iter().any(|(_, _, other)| *other == cause);
    assert!(counted.iter().all(|(cause, _)| known(cause)), "{counted:?}");
}

/// Where the person can answer with another kind of key.
fn with_key(page: &Page, key: &str) -> String {
    format!("{}/factor/{key}", page.url.as_str().split("/factor").next().unwrap())
}

/// Answers with the hostile key, and is told of its failure.
async fn tries_hostile_key(browser: &Browser, page: &Page) -> Page {
    let page = browser.open(with_key(page, "hostile")).await;
    let asks = page.forms().iter().any(|form| form.fields.iter().any(|(name, _)| name == "f-code"));
    if asks { browser.submit(&page, &[("f-code", "123456")]).await } else { page }
}

#[tokio::test]
async fn a_hostile_plugin_harms_nobody_elses_sign_in_and_is_told_in_plain_words() {
    let metrics = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let keyholder = Keyholder::start_with(&format!("metrics.listen = \"{metrics}\"\n")).await;
    let publisher = Publisher::new(&keyholder).await;
    let package = publisher.sign(&keyholder, "hostile", &hostile()).await;
    let refused = keyholder.try_run(&["plugin", "install", &package, "--grant"], "").await;
    assert!(!refused.status.success(), "nobody trusts the stranger yet");
    publisher.is_trusted(&keyholder).await;
    keyholder.run(&["plugin", "install", &package, "--grant"]).await;
    let mut heard = 1;
    keyholder.has_logged(&["a plugin serves", "hostile"], heard).await;

    let mut holders = hand_out(&keyholder, HONEST + 2).await;
    let victims = holders.split_off(usize::from(HONEST));
    told(&keyholder, "nothing", None, &mut heard).await;
    keyholder.write("hostile.keys", "H0\nH1\n");
    keyholder.run(&["managed-key", "import", "hostile.keys", "--school", "oakfield", "--factor", "hostile"]).await;
    for (serial, victim) in ["H0", "H1"].iter().zip(&victims) {
        keyholder.run(&["managed-key", "issue", serial, &victim.email, "--school", "oakfield"]).await;
    }

    let application = RelyingApplication::new(&keyholder, "oakfield-app");
    let over = AtomicBool::new(false);
    let honest = holders.iter_mut().map(async |holder| {
        let mut sign_ins = 0;
        // Each at least once, and as long as anybody is being attacked.
        while sign_ins == 0 || !over.load(Ordering::Relaxed) {
            assert_eq!(holder.sign_in(&application).await.claims["acr"], MFA);
            sign_ins += 1;
        }
        sign_ins
    });
    let attack = async {
        let faults = attacked(&keyholder, &application, victims, &mut heard).await;
        over.store(true, Ordering::Relaxed);
        faults
    };
    let (sign_ins, faults): (Vec<u32>, usize) = futures::future::join(futures::future::join_all(honest), attack).await;
    assert!(sign_ins.iter().all(|sign_ins| *sign_ins > 0), "{sign_ins:?}");

    // They stand in the log of what happened, which they cannot fill, and each is counted, by its cause as well.
    let events = keyholder.run(&["audit", "export", "--format", "jsonl"]).await;
    let told: Vec<&str> = events.lines().filter(|line| line.contains("\"factor-fault\"")).collect();
    assert!(!told.is_empty() && told.len() <= faults, "{told:?}");
    assert!(told.iter().all(|line| line.contains("hostile: the factor plugin failed")), "{told:?}");
    let text = reqwest::get(format!("http://{metrics}/metrics")).await.unwrap().text().await.unwrap();
    let counted = format!("keyholder_factor_answers_total{{factor=\"hostile\",outcome=\"fault\"}} {faults}\n");
    assert!(text.contains(&counted), "{faults} faults: {text}");
    counts_causes(&text, &DEEDS, 2);
    let other = "keyholder_plugin_faults_total{plugin=\"keyboard-key\"";
    assert!(!text.contains(other), "the other key failed at no time:\n{text}");
}

/// Every deed against an English and a Welsh reader, who both get in with their other key. Answers how many faults they saw.
async fn attacked(
    keyholder: &Keyholder,
    application: &RelyingApplication,
    victims: Vec<Holder>,
    heard: &mut usize,
) -> usize {
    const SENTENCES: [(&str, &str, &str); 2] = [
        ("en-GB", "This key cannot be checked just now", "This is our fault, not yours. Nothing was opened."),
        ("cy", "Ni ellir gwirio'r allwedd hon ar hyn o bryd", "Ein bai ni yw hyn, nid eich bai chi."),
    ];
    let mut faults = 0;
    let mut victims: Vec<(Holder, (&str, &str, &str))> = victims.into_iter().zip(SENTENCES).collect();
    for (deed, export, _) in DEEDS {
        told(keyholder, deed, export, heard).await;
        for (victim, (language, title, next)) in &mut victims {
            let (browser, request) = (Browser::new(language), application.request());
            let asked = victim.at_factor(&browser, &request.url()).await;
            let page = tries_hostile_key(&browser, &asked).await;
            faults += 1;
            assert_eq!(page.status, 503, "{deed} in {export:?}: {}", page.text());
            assert!(page.says(title) && page.says(next), "{deed} in {export:?}: {}", page.text());
            assert!(!page.body.contains("panic") && !page.says("hostile 1.0.0"), "{}", page.text());
            // The other key, from the very page that tells of the failure.
            let other = browser.click(&page, "/factor/keyboard-key").await;
            let answered = victim.answer(&browser, &other).await;
            assert_eq!(application.finish(&request, &answered).await.claims["acr"], MFA, "{deed} in {export:?}");
        }
    }
    // A lie about what was proved gets no more than was granted.
    told(keyholder, "boast", Some("verify"), heard).await;
    for (victim, _) in &victims {
        let (browser, request) = (Browser::default(), application.request());
        let asked = victim.at_factor(&browser, &request.url()).await;
        let answered = tries_hostile_key(&browser, &asked).await;
        let claims = application.finish(&request, &answered).await.claims;
        assert_eq!(claims["acr"], MFA);
        assert_eq!(claims["amr"], serde_json::json!(["pwd", "otp", "mfa"]));
    }
    faults
}

#[tokio::test]
async fn a_plugin_that_is_replaced_and_rolled_back_under_load_fails_no_sign_in() {
    const ROUNDS: usize = 4;
    let keyholder = Keyholder::start().await;
    let publisher = Publisher::new(&keyholder).await;
    let package = publisher.sign(&keyholder, "acme-keys", &bundled_as("keyboard-key", "0.1.1")).await;
    let mut holders = hand_out(&keyholder, HONEST).await;
    let application = RelyingApplication::new(&keyholder, "oakfield-app");
    let over = AtomicBool::new(false);
    let signing_in = holders.iter_mut().map(async |holder| {
        let mut sign_ins = 0;
        while !over.load(Ordering::Relaxed) {
            assert_eq!(holder.sign_in(&application).await.claims["acr"], MFA);
            sign_ins += 1;
        }
        sign_ins
    });
    let replacing = async {
        let serves = async |version: &str, times| {
            keyholder.has_logged(&["a plugin serves", "keyboard-key", version], times).await;
            let listed = keyholder.run(&["plugin", "list"]).await;
            assert!(listed.contains(&format!("keyboard-key  {version}  on")), "{listed}");
        };
        let refused = async |command: &[&str]| {
            let output = keyholder.try_run(command, "").await;
            assert!(!output.status.success(), "{command:?}");
            String::from_utf8_lossy(&output.stderr).into_owned()
        };
        let told = refused(&["plugin", "install", &package, "--grant"]).await;
        assert!(told.contains("which is nobody's that you trust"), "{told}");
        publisher.is_trusted(&keyholder).await;
        let told = refused(&["plugin", "install", &package]).await;
        assert!(told.contains("--change-publisher"), "{told}");
        keyholder.run(&["plugin", "install", &package, "--grant", "--change-publisher"]).await;
        serves("0.1.1", 1).await;
        for round in 1..=ROUNDS {
            keyholder.run(&["plugin", "rollback", "keyboard-key"]).await;
            serves("0.1.0", 1 + round).await;
            let listed = keyholder.run(&["plugin", "list", "keyboard-key"]).await;
            assert!(listed.contains("stays at this version") && listed.contains("0.1.1"), "{listed}");
            keyholder.run(&["plugin", "newest", "keyboard-key"]).await;
            serves("0.1.1", 1 + round).await;
        }
        over.store(true, Ordering::Relaxed);
    };
    let (sign_ins, ()) = futures::future::join(futures::future::join_all(signing_in), replacing).await;
    let sign_ins: Vec<u32> = sign_ins;
    assert!(sign_ins.iter().all(|sign_ins| *sign_ins > 1), "{sign_ins:?}");
    let events = keyholder.run(&["audit", "export", "--format", "jsonl"]).await;
    for kind in ["\"factor-fault\"", "\"factor-refused\"", "\"plugin-not-loaded\""] {
        assert!(!events.contains(kind), "{kind}");
    }
    let accepted = events.lines().filter(|line| line.contains("\"factor-accepted\"")).count();
    assert_eq!(accepted, sign_ins.iter().sum::<u32>() as usize);
}

/// What it does while a key is added, where, and what the operator reads of it.
const DEEDS_AT_ENROLMENT: [(&str, Option<&str>, &str); 7] = [
    ("panic", Some("begin-enrolment"), "trap"),
    ("loop", Some("begin-enrolment"), "fuel"),
    ("large-qr", None, "contract"),
    ("same-prompt", None, "contract"),
    ("memory", Some("finish-enrolment"), "memory"),
    ("loop", Some("finish-enrolment"), "fuel"),
    ("random-max", Some("finish-enrolment"), "contract"),
];

#[tokio::test]
async fn a_hostile_plugin_adds_no_key_and_leaves_the_page_on_which_others_are_added() {
    const TEACHER: &str = "teacher@oakfield.example";
    const FAULT: &str = "This key cannot be checked just now";
    let metrics = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let keyholder = Keyholder::start_with(&format!("metrics.listen = \"{metrics}\"\n")).await;
    let publisher = Publisher::new(&keyholder).await;
    let package = publisher.sign(&keyholder, "hostile", &hostile()).await;
    publisher.is_trusted(&keyholder).await;
    keyholder.run(&["plugin", "install", &package, "--grant"]).await;
    let mut heard = 1;
    keyholder.has_logged(&["a plugin serves", "hostile"], heard).await;

    let browser = Browser::default();
    let page = browser.open(keyholder.url("/account/security-keys")).await;
    let tab = Keyholder::type_password(&browser, &page, TEACHER, PASSWORD).await;
    let said = keyholder.run(&["person", "access-pass", TEACHER]).await;
    let pass = said.split_whitespace().find(|word| word.len() == 19 && word.split('-').count() == 4);
    let tab = browser.submit(&tab, &[("pass", pass.unwrap_or_else(|| panic!("no pass in {said}")))]).await;
    for (deed, export, _) in DEEDS_AT_ENROLMENT {
        told(&keyholder, deed, export, &mut heard).await;
        let mut page = browser.send(tab.form_to("/add/hostile"), &[]).await;
        if page.forms().iter().any(|form| form.fields.iter().any(|(name, _)| name == "f-code")) {
            page = browser.submit(&page, &[("name", "A key"), ("f-code", "123456")]).await;
        }
        assert_eq!(page.status, 503, "{deed} in {export:?}: {}", page.text());
        assert!(page.says(FAULT), "{deed} in {export:?}: {}", page.text());
    }
    let tab = browser.open(keyholder.url("/account/security-keys")).await;
    assert_eq!(tab.status, 200);
    assert!(tab.all("tbody tr").is_empty(), "nothing was added: {}", tab.text());
    let page = browser.send(tab.form_to("/add/soft-key"), &[]).await;
    assert!(page.status == 200 && page.says("Save this device"), "{}", page.text());
    let text = reqwest::get(format!("http://{metrics}/metrics")).await.unwrap().text().await.unwrap();
    counts_causes(&text, &DEEDS_AT_ENROLMENT, 1);
}
