use super::*;

#[test]
fn bad_settings_are_refused_when_they_are_saved() {
    for good in ["{}", r#"{"app-name":"Ysgol","approvals":false}"#] {
        assert_eq!(SoftKey::check_config(good.into()), []);
    }
    for bad in ["", r#"{"app-name":1}"#, r#"{"app-name":" "}"#, r#"{"approvals":"yes"}"#, r#"{"more":1}"#] {
        assert_eq!(SoftKey::check_config(bad.into()).len(), 1, "{bad}");
        let ctx = Context { config: bad.into(), ..context(NOW) };
        assert!(SoftKey::begin_challenge(ctx, vec![key("a", RFC_SECRET)]).is_err());
    }
}

#[test]
fn the_schema_and_the_plugin_have_the_same_defaults() {
    let schema: serde_json::Value = serde_json::from_str(include_str!("../../config.schema.json")).unwrap();
    let settings = crate::settings::Settings::default();
    assert_eq!(schema["properties"]["app-name"]["default"], settings.app_name);
    assert_eq!(schema["properties"]["approvals"]["default"], settings.approvals);
}

#[test]
fn the_plugin_describes_itself_as_its_manifest_does() {
    let manifest = include_str!("../../plugin.toml");
    let described = SoftKey::describe();
    assert!(manifest.contains(&format!("id = \"{}\"\nversion = \"{}\"", described.id, described.version)));
    assert_eq!((described.reads_formats, described.writes_format), (vec![FORMAT], FORMAT));
    assert!(described.multiple_per_user);
}
