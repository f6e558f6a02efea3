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
fn no_template_begins_sign_ins_here_or_encrypts_without_authentication() {
    for settings in Template::ALL.map(Template::settings) {
        assert_eq!(settings.idp_initiated, IdpInitiated::Refused);
        assert_ne!(settings.encrypt, Encrypt::LegacyCbc);
    }
}
