use super::*;

#[test]
fn each_import_needs_its_grant_or_is_refused_by_name() {
    for (name, wanted) in [
        ("keyholder:host/log@0.9.0", ImportKind::Needs(Capability::Log)),
        ("keyholder:host/random@0.9.7", ImportKind::Needs(Capability::Random)),
        ("keyholder:factor/types@0.9.0", ImportKind::Types),
        ("wasi:clocks/wall-clock@0.2.6", ImportKind::Needs(Capability::Std)),
    ] {
        assert_eq!(kind(name), wanted, "{name}");
    }
    for name in [
        "keyholder:host/log@0.2.0",
        "keyholder:host/log@1.0.0",
        "keyholder:host/log",
        "keyholder:host/keys@0.9.0",
        "keyholder:factor/factor@0.9.0",
        "wasi:filesystem/types@0.2.6",
        "wasi:sockets/tcp@0.2.6",
        "wasi:http/outgoing-handler@0.2.6",
        "wasi:clocks/wall-clock@0.3.0",
        "wasi:cli/command@0.2.6",
        "run",
    ] {
        assert!(matches!(kind(name), ImportKind::Refused(_)), "{name}");
    }
}
