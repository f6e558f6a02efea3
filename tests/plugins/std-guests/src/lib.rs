//! The contract's types, and a factor whose every step is what `made` says.

wit_bindgen::generate!({
    path: ["../../../plugins/wit/host", "../../../plugins/wit/factor"],
    world: "keyholder:factor/plugin",
    generate_all,
    pub_export_macro: true,
    export_macro_name: "export_factor",
    default_bindings_module: "std_guests",
});

pub use exports::keyholder::factor::factor::Guest as Factor;
pub use keyholder::factor::types::*;

/// A step with that state.
pub fn step(state: String) -> Step {
    let message = Text { key: "wait".into(), args: Vec::new() };
    Step {
        state: state.into_bytes(),
        ttl_ms: 60_000,
        prompts: vec![Prompt { id: "wait".into(), ask: Ask::Wait(Wait { message, exhibits: Vec::new() }) }],
        problem: None,
        reply_tag: None,
        effects: Vec::new(),
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
        ceiling: Evidence {
            classes: vec![FactorClass::Possession],
            amr: Vec::new(),
            phishing_resistant: false,
            hardware_bound: false,
            user_verified: false,
            backed_up: None,
            recovery_only: false,
            extra: Vec::new(),
        },
        multiple_per_user: true,
        extra: Vec::new(),
    }
}

/// A factor whose state is what `$made` makes of the settings.
#[macro_export]
macro_rules! factor {
    ($id:literal, $made:expr) => {
        struct Guest;
        $crate::export_factor!(Guest with_types_in std_guests);

        impl $crate::Factor for Guest {
            fn describe() -> $crate::Descriptor {
                $crate::describe($id)
            }
            fn check_config(_: String) -> Vec<(String, String)> {
                Vec::new()
            }
            fn begin_enrolment(ctx: $crate::Context, _: Vec<$crate::Credential>) -> Result<$crate::Step, $crate::Fault> {
                let made: fn(&str) -> String = $made;
                Ok($crate::step(made(&ctx.config)))
            }
            fn finish_enrolment(
                _: $crate::Context,
                _: Vec<$crate::Credential>,
                _: Vec<u8>,
                _: $crate::Answer,
            ) -> Result<$crate::EnrolOutcome, $crate::Fault> {
                Err($crate::Fault::CorruptState)
            }
            fn begin_challenge(_: $crate::Context, _: Vec<$crate::Credential>) -> Result<$crate::Step, $crate::Fault> {
                Err($crate::Fault::CorruptState)
            }
            fn verify(
                _: $crate::Context,
                _: Vec<$crate::Credential>,
                _: Vec<u8>,
                _: $crate::Answer,
            ) -> Result<$crate::VerifyOutcome, $crate::Fault> {
                Err($crate::Fault::CorruptState)
            }
        }
    };
}
