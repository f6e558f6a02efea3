#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;

#[test]
fn settings_are_stored_and_read_as_they_were() {
    for template in Template::ALL {
        let settings = template.settings();
        let text = serde_json::to_string(&settings).unwrap();
        assert_eq!(serde_json::from_str::<Settings>(&text).unwrap(), settings);
        assert_eq!(serde_json::to_string(&template).unwrap(), format!("\"{}\"", template.name()));
    }
}

#[test]
fn settings_left_out_are_those_of_the_generic_template() {
    assert_eq!(serde_json::from_str::<Settings>("{}").unwrap(), Template::Generic.settings());
}

#[test]
fn microsoft_learns_of_two_factors_by_the_class_of_the_sign_in() {
    use crate::checks::context::{MICROSOFT_MULTIPLE, PASSWORD_PROTECTED_TRANSPORT, class_of};
    use keyholder_core::assurance::Assurance;
    let settings = Template::MicrosoftEntra.settings();
    assert_eq!(class_of(Assurance::SingleFactor, settings.contexts), PASSWORD_PROTECTED_TRANSPORT);
    assert_eq!(class_of(Assurance::MultiFactor, settings.contexts), MICROSOFT_MULTIPLE);
    let names: Vec<_> = settings.release.iter().map(|release| release.name.as_deref()).collect();
    assert_eq!(
        (settings.name_id, settings.sign, names),
        (NameIdFormat::Persistent, Sign::Assertion, vec![Some("IDPEmail")])
    );
}

#[test]
fn google_gets_the_address_and_nothing_else() {
    let settings = Template::GoogleWorkspace.settings();
    assert_eq!((settings.name_id, settings.release), (NameIdFormat::EmailAddress, Vec::new()));
}

#[test]
fn no_template_begins_sign_ins_here_or_encrypts_without_authentication() {
    for settings in Template::ALL.map(Template::settings) {
        assert_eq!(settings.idp_initiated, IdpInitiated::Refused);
        assert_ne!(settings.encrypt, Encrypt::LegacyCbc);
    }
}
