//! Samples of the second factor, and of each kind of prompt.

use super::{
    AddKey, ClockOff, ExhibitView, FactorName, FactorTrouble, FieldKindView, FieldView, KeyKind, KeyNameError,
    KeyNameField, OtherFactor, Page, PromptKind, PromptProblem, PromptReason, PromptView, TwoFactor, WebauthnDoes,
};

fn text(text: &str) -> String {
    text.to_owned()
}

/// Some time on a Saturday.
const UNTIL: i64 = 1_709_973_240_000;
/// What a browser is asked for; no key answers it.
const OPTIONS: &str =
    r#"{"challenge":"c2FtcGxl","rpId":"id.example","allowCredentials":[{"id":"a2V5","type":"public-key"}]}"#;

fn field(id: &str, name: &str, label: &str, kind: FieldKindView) -> FieldView {
    FieldView {
        id: format!("{id}-{name}"),
        name: format!("f-{name}"),
        label: text(label),
        hint: None,
        placeholder: None,
        kind,
        maxlength: 10,
        required: true,
        value: String::new(),
        wrong: false,
        empty: false,
    }
}

fn code() -> PromptKind {
    let hint = Some(text("The 6 digits the app shows. No internet needed."));
    PromptKind::Form {
        id: text("code"),
        title: text("Type the code"),
        help: Some(text(
            "Open Keyholder Authenticator and press Send Code. If the device is offline, type the 6 digits it shows.",
        )),
        exhibits: Vec::new(),
        fields: vec![FieldView {
            hint,
            ..field("code", "code", "Keyholder Authenticator Code", FieldKindView::OneTimeCode)
        }],
        submit: text("Authenticate"),
    }
}

fn wrong_code() -> PromptKind {
    let PromptKind::Form { id, title, help, exhibits, mut fields, submit } = code() else { return code() };
    for field in &mut fields {
        field.wrong = true;
    }
    PromptKind::Form { id, title, help, exhibits, fields, submit }
}

fn empty_code() -> PromptKind {
    let PromptKind::Form { id, title, help, exhibits, mut fields, submit } = code() else { return code() };
    for field in &mut fields {
        field.empty = true;
    }
    PromptKind::Form { id, title, help, exhibits, fields, submit }
}

fn wait() -> PromptKind {
    PromptKind::Wait {
        id: text("phone"),
        message: text(
            "Open Keyholder Authenticator on Bethan's iPhone and press Send Code. Type the number you see here, then press Approve.",
        ),
        exhibits: vec![ExhibitView::MatchNumber { number: text("47") }],
        until: UNTIL,
        check_href: text("/sign-in/ticket/factor/soft-key"),
    }
}

fn webauthn(does: WebauthnDoes) -> PromptKind {
    PromptKind::Webauthn { id: text("key"), does, options: text(OPTIONS) }
}

fn keyboard() -> PromptKind {
    PromptKind::Form {
        id: text("token"),
        title: text("Use your keyboard key"),
        help: Some(text(
            "Plug your key in, click in the box below, and press the button on the key. It types the code for you.",
        )),
        exhibits: Vec::new(),
        fields: vec![FieldView {
            hint: Some(text("The key types it. If your key shows numbers on a little screen, type them here.")),
            maxlength: 44,
            ..field("token", "token", "Code from your key", FieldKindView::KeyboardToken)
        }],
        submit: text("Authenticate"),
    }
}

/// Prompts of a sign-in.
fn view(prompts: Vec<PromptKind>, problem: Option<PromptProblem>) -> PromptView {
    PromptView {
        action: text("/sign-in/ticket/factor"),
        ceremony: text("0192c0ffee00"),
        prompts,
        problem,
        key_name: None,
    }
}

fn problem(reason: PromptReason, clock_off_ms: Option<i64>, at_field: bool) -> PromptProblem {
    PromptProblem { reason, own: None, clock: clock_off_ms.map(ClockOff::of_millis), at_field }
}

/// Steps of an enrolment in every state, for the page that adds a key.
fn enrolments() -> Vec<(&'static str, PromptView)> {
    let of = |prompts, key_name| PromptView {
        action: text("/account/security-keys/add/soft-key"),
        key_name: Some(key_name),
        ..view(prompts, None)
    };
    let name = |value: &str, error| KeyNameField { value: text(value), error };
    let address =
        "otpauth://totp/Keyholder:bethan.pritchard%40oakfield.example?secret=NB2WY3DPEH7K3PXP&issuer=Keyholder";
    let scan = |wrong| PromptKind::Form {
        id: text("code"),
        title: text("Add Keyholder Authenticator"),
        help: Some(text(
            "Open Keyholder Authenticator on the new phone or tablet, press Scan QR Code and point it at this picture. Six digits appear. Type them below.",
        )),
        exhibits: vec![ExhibitView::Qr { value: text(address) }, ExhibitView::plain_qr(address)],
        fields: vec![FieldView {
            hint: Some(text("Please enter the 6-digit code you see on your device")),
            placeholder: Some(text("Code displayed on your device")),
            wrong,
            ..field("code", "code", "Code", FieldKindView::OneTimeCode)
        }],
        submit: text("Save this device"),
    };
    let sheet = ["7K3QF-M2XWP", "PH0RT-6XYZ2", "9CJ4N-0WV8E", "T5G1B-KQ7MD"].map(String::from);
    let codes = PromptKind::Form {
        id: text("sheet"),
        title: text("Your recovery codes"),
        help: Some(text(
            "Each code works once. Print them or write them down, and keep them where you keep your passport.",
        )),
        exhibits: vec![
            ExhibitView::SecretList {
                items: sheet.to_vec(),
                download: text("data:text/plain;charset=utf-8,7K3QF-M2XWP"),
            },
            ExhibitView::Note { text: text("They are shown only now.") },
        ],
        fields: vec![field("sheet", "kept", "I have kept these codes", FieldKindView::Confirm)],
        submit: text("Save these codes"),
    };
    let secret = PromptKind::Form {
        id: text("other"),
        title: text("Another kind of key"),
        help: None,
        exhibits: vec![ExhibitView::secret("NB2WY3DPEH7K3PXP")],
        fields: vec![
            FieldView {
                value: text("AB 12"),
                maxlength: 40,
                required: false,
                ..field("other", "serial", "Serial number", FieldKindView::Text)
            },
            FieldView { maxlength: 40, ..field("other", "pin", "PIN", FieldKindView::Secret) },
        ],
        submit: text("Save"),
    };
    vec![
        ("soft key", of(vec![scan(false)], name("", None))),
        (
            "soft key, wrong code",
            PromptView {
                problem: Some(problem(PromptReason::Wrong, Some(-130_000), true)),
                ..of(vec![scan(true)], name("Bethan's iPhone", None))
            },
        ),
        ("soft key, no name", of(vec![scan(false)], name("", Some(KeyNameError::Empty)))),
        ("security key", of(vec![webauthn(WebauthnDoes::Create)], name("", None))),
        ("security key, no name", of(vec![webauthn(WebauthnDoes::Create)], name("", Some(KeyNameError::Empty)))),
        ("recovery codes", PromptView { key_name: None, ..of(vec![codes], name("", None)) }),
        ("other", of(vec![secret, wait()], name("", None))),
    ]
}

impl Page for AddKey {
    const NAME: &'static str = "add-key";

    fn has_error(&self) -> bool {
        self.prompt.as_ref().is_some_and(PromptView::has_error)
    }

    fn refresh_seconds(&self) -> Option<u32> {
        self.prompt.as_ref().is_some_and(PromptView::only_waits).then_some(5)
    }

    fn samples() -> Vec<(&'static str, Self)> {
        let page = |kind, prompt, trouble| Self {
            factor: FactorName { kind, name: None },
            prompt,
            trouble,
            back_href: text("/account/security-keys"),
        };
        let kind = |state: &str| match state.split(',').next() {
            Some("security key") => KeyKind::SecurityKey,
            Some("recovery codes") => KeyKind::RecoveryCode,
            Some("other") => KeyKind::Other,
            _ => KeyKind::SoftKey,
        };
        let steps = enrolments().into_iter().map(|(state, prompt)| (state, page(kind(state), Some(prompt), None)));
        let troubles = [
            ("fault", FactorTrouble::Fault),
            ("busy", FactorTrouble::Busy),
            ("asked too often", FactorTrouble::Often { minutes: 9 }),
            ("as many as may be", FactorTrouble::Full { most: 20 }),
        ];
        let troubles = troubles.map(|(state, trouble)| (state, page(KeyKind::SecurityKey, None, Some(trouble))));
        steps.chain(troubles).collect()
    }
}

impl Page for TwoFactor {
    const NAME: &'static str = "two-factor";

    fn has_error(&self) -> bool {
        self.prompt.as_ref().is_some_and(PromptView::has_error)
    }

    fn refresh_seconds(&self) -> Option<u32> {
        self.prompt.as_ref().is_some_and(PromptView::only_waits).then_some(5)
    }

    fn samples() -> Vec<(&'static str, Self)> {
        let named = |kind| FactorName { kind, name: None };
        let other = |kind, waits_until| OtherFactor {
            factor: named(kind),
            href: text("/sign-in/ticket/factor/other"),
            waits_until,
        };
        let page = |kind, prompts: Vec<PromptKind>, problem| Self {
            factor: named(kind),
            key: Some(text("Bethan's iPhone")),
            prompt: (!prompts.is_empty()).then(|| view(prompts, problem)),
            trouble: None,
            others: vec![other(KeyKind::SecurityKey, None), other(KeyKind::ManagedKey, Some(UNTIL))],
            continue_action: None,
            recovery_href: Some(text("/account/security-keys")),
            admins: vec![text("Angharad Whittington-Llewelyn"), text("Jo Ash")],
        };
        let soft = KeyKind::SoftKey;
        let troubled = |trouble| Self { trouble: Some(trouble), ..page(soft, Vec::new(), None) };
        let mut samples = vec![
            ("code", page(soft, vec![code()], None)),
            ("phone or code", page(soft, vec![wait(), code()], None)),
            ("phone alone", page(soft, vec![wait()], None)),
            (
                "may go on without",
                Self {
                    continue_action: Some(text("/sign-in/ticket/factor/continue")),
                    others: Vec::new(),
                    recovery_href: None,
                    admins: Vec::new(),
                    key: None,
                    ..page(soft, vec![code()], None)
                },
            ),
            ("empty", page(soft, vec![empty_code()], None)),
            ("security key", page(KeyKind::SecurityKey, vec![webauthn(WebauthnDoes::Get)], None)),
            ("keyboard key", page(KeyKind::ManagedKey, vec![keyboard()], None)),
            (
                "of another kind",
                Self {
                    factor: FactorName { kind: KeyKind::Other, name: Some(text("Ring")) },
                    ..page(soft, vec![code()], None)
                },
            ),
            ("fault", troubled(FactorTrouble::Fault)),
            ("busy", troubled(FactorTrouble::Busy)),
            ("asked too often", troubled(FactorTrouble::Often { minutes: 1 })),
            ("waits", troubled(FactorTrouble::Waits { until: UNTIL, others: true })),
            (
                "waits alone",
                Self { others: Vec::new(), ..troubled(FactorTrouble::Waits { until: UNTIL, others: false }) },
            ),
            (
                "throttled",
                Self { prompt: Some(view(vec![code()], None)), ..troubled(FactorTrouble::Throttled { minutes: 1 }) },
            ),
        ];
        for (state, clock) in [("clock slow", -120_000), ("clock fast", 30_000)] {
            samples
                .push((state, page(soft, vec![wrong_code()], Some(problem(PromptReason::Wrong, Some(clock), true)))));
        }
        samples.extend(
            PromptReason::ALL
                .map(|reason| ("wrong code", page(soft, vec![wrong_code()], Some(problem(reason, None, true))))),
        );
        samples.extend(PromptReason::ALL.map(|reason| {
            let prompts = vec![webauthn(WebauthnDoes::Get)];
            ("security key refused", page(KeyKind::SecurityKey, prompts, Some(problem(reason, None, false))))
        }));
        let own = PromptProblem {
            own: Some(text("The number typed on the device was not the one on this page.")),
            ..problem(PromptReason::Other, None, false)
        };
        samples.push(("in the plugin's words", page(soft, vec![wait(), code()], Some(own))));
        samples
    }
}
