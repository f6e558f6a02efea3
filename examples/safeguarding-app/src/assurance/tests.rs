use super::*;

#[test]
fn only_classes_known_here_count_as_a_key() {
    for acr in [ACR_MULTI_FACTOR, "phr", "phrh"] {
        assert!(Assurance::from_acr(Some(acr)).used_key(), "{acr}");
    }
    let weak = [
        "https://refeds.org/profile/sfa",
        "https://refeds.org/profile/mfa/",
        "HTTPS://REFEDS.ORG/PROFILE/MFA",
        "mfa",
        "2",
        "",
        " phr",
    ];
    for acr in weak {
        assert!(!Assurance::from_acr(Some(acr)).used_key(), "{acr}");
    }
    assert!(!Assurance::from_acr(None).used_key());
}

#[test]
fn classes_are_ordered_by_strength() {
    assert!(Assurance::Unknown < Assurance::SingleFactor);
    assert!(Assurance::SingleFactor < Assurance::MultiFactor);
    assert!(Assurance::MultiFactor < Assurance::PhishingResistant);
}

#[test]
fn methods_have_words() {
    assert_eq!(method_in_words("pwd"), Some("password"));
    assert_eq!(method_in_words("<script>"), None);
}
