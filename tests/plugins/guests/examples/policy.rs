//! A policy: permits in full, or does what its settings say.

wit_bindgen::generate!({
    path: ["../../../plugins/wit/host", "../../../plugins/wit/policy"],
    world: "keyholder:policy/plugin",
    generate_all,
});

use exports::keyholder::policy::policy::Guest;
use keyholder::policy::types::*;

struct Policy;
export!(Policy);

impl Guest for Policy {
    fn describe() -> Descriptor {
        Descriptor { id: "policy".into(), version: "1.0.0".into(), stages: vec![Stage::Authorise], extra: Vec::new() }
    }

    fn check_config(config: String) -> Vec<(String, String)> {
        if config.contains("wrong") { vec![("/wrong".into(), "is not known".into())] } else { Vec::new() }
    }

    fn evaluate(request: Request) -> Result<Decision, Fault> {
        if request.config.contains("loop") {
            loop {
                std::hint::black_box(());
            }
        }
        if request.config.contains("bad") {
            return Err(Fault::BadConfig("no".into()));
        }
        Ok(Decision::Permit(Permit {
            groups: Selection::Only(request.membership.group.full.clone()),
            pupil_scopes: Selection::All,
            offer: None,
            claims: Vec::new(),
            session_max_ms: None,
            obligations: Vec::new(),
            extra: Vec::new(),
        }))
    }
}
