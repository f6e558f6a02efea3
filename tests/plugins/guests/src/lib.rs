//! What the plugins of these tests have in common: the contract's types, and the smallest honest answers.

wit_bindgen::generate!({
    path: ["../../../plugins/wit/host", "../../../plugins/wit/factor"],
    world: "keyholder:factor/plugin-with-seeds",
    generate_all,
    pub_export_macro: true,
    export_macro_name: "export_factor",
    default_bindings_module: "guests",
});

pub use exports::keyholder::factor::factor::Guest as Factor;
pub use exports::keyholder::factor::seed_import::{Guest as SeedImport, Imported};
pub use keyholder::factor::types::*;
pub use keyholder::host::{crypto, log, random};

pub fn text(key: &str) -> Text {
    Text { key: key.into(), args: Vec::new() }
}

pub fn evidence() -> Evidence {
    Evidence {
        classes: vec![FactorClass::Possession],
        amr: vec!["otp".into()],
        phishing_resistant: false,
        hardware_bound: false,
        user_verified: false,
        backed_up: None,
        recovery_only: false,
        extra: Vec::new(),
    }
}

pub fn describe(id: &str) -> Descriptor {
    Descriptor {
        id: id.into(),
        version: "1.0.0".into(),
        kind: Kind::Other("test".into()),
        reads_formats: vec![1],
        writes_format: 1,
        ceiling: evidence(),
        multiple_per_user: true,
        extra: Vec::new(),
    }
}

pub fn form(fields: Vec<Field>, exhibits: Vec<Exhibit>) -> Ask {
    Ask::Form(Form { title: text("title"), help: None, exhibits, fields, submit: text("submit") })
}

pub fn field(name: &str, kind: FieldKind) -> Field {
    Field { name: name.into(), label: text("label"), hint: None, placeholder: None, kind, required: true }
}

pub fn prompt(id: &str, ask: Ask) -> Prompt {
    Prompt { id: id.into(), ask }
}

pub fn step(state: Vec<u8>) -> Step {
    Step {
        state,
        ttl_ms: 60_000,
        prompts: vec![prompt("code", form(vec![field("code", FieldKind::OneTimeCode(6))], Vec::new()))],
        problem: None,
        reply_tag: None,
        effects: Vec::new(),
        extra: Vec::new(),
    }
}

pub fn new_credential(data: Vec<u8>) -> NewCredential {
    NewCredential {
        lookup: None,
        suggested_label: "key".into(),
        format: 1,
        data,
        device: None,
        evidence: evidence(),
        consume: Vec::new(),
        facts: Vec::new(),
        effects: Vec::new(),
        extra: Vec::new(),
    }
}

pub fn accepted(credential: &str) -> Accepted {
    Accepted {
        credential_id: credential.into(),
        update: None,
        consume: Vec::new(),
        evidence: evidence(),
        warnings: Vec::new(),
        effects: Vec::new(),
        extra: Vec::new(),
    }
}

pub fn rejection(reason: RejectReason) -> Rejection {
    Rejection { reason, text: None, clock_off_ms: None, updates: Vec::new(), consume: Vec::new(), extra: Vec::new() }
}

/// A factor without any answer of its own: for those whose crime lies elsewhere.
#[macro_export]
macro_rules! plain_factor {
    ($name:ident, $id:literal, $describe:expr) => {
        impl $crate::Factor for $name {
            fn describe() -> $crate::Descriptor {
                let before: fn() = $describe;
                before();
                $crate::describe($id)
            }
            fn check_config(_: String) -> Vec<(String, String)> {
                Vec::new()
            }
            fn begin_enrolment(_: $crate::Context, _: Vec<$crate::Credential>) -> Result<$crate::Step, $crate::Fault> {
                Ok($crate::step(Vec::new()))
            }
            fn finish_enrolment(
                _: $crate::Context,
                _: Vec<$crate::Credential>,
                _: Vec<u8>,
                _: $crate::Answer,
            ) -> Result<$crate::EnrolOutcome, $crate::Fault> {
                Ok($crate::EnrolOutcome::Enrolled($crate::new_credential(Vec::new())))
            }
            fn begin_challenge(_: $crate::Context, _: Vec<$crate::Credential>) -> Result<$crate::Step, $crate::Fault> {
                Ok($crate::step(Vec::new()))
            }
            fn verify(
                _: $crate::Context,
                credentials: Vec<$crate::Credential>,
                _: Vec<u8>,
                _: $crate::Answer,
            ) -> Result<$crate::VerifyOutcome, $crate::Fault> {
                Ok($crate::VerifyOutcome::Accepted($crate::accepted(&credentials[0].id)))
            }
        }
        impl $crate::SeedImport for $name {
            fn import_seeds(
                _: String,
                _: String,
                _: Vec<u8>,
                _: Option<Vec<u8>>,
            ) -> Result<$crate::Imported, $crate::Fault> {
                Ok($crate::Imported { keys: Vec::new(), problems: Vec::new() })
            }
        }
    };
}
