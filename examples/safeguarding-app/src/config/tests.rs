use super::*;

fn check(flags: &[&str]) -> Result<Config, ConfigError> {
    let flags = ["safeguarding-app", "--issuer", "http://localhost:8080"].iter().chain(flags);
    Flags::try_parse_from(flags).unwrap().check()
}

#[test]
fn one_process_serves_a_client_at_the_root_and_one_for_each_school() {
    let config =
        check(&["--client-id", "app", "--client-secret", "s", "--client", "oakfield:oak:a:b", "--client", "hill:h:c"]);
    let config = config.unwrap();
    let bases: Vec<_> = config.mounts.iter().map(Mount::base).collect();
    assert_eq!(bases, ["", "/s/oakfield", "/s/hill"]);
    let Way::OpenIdConnect(client) = &config.mounts[1].way else { panic!("no client") };
    assert_eq!(client.secret.as_ref().unwrap().secret(), "a:b");
    assert_eq!(config.public_url.as_str(), "http://127.0.0.1:8081/");
}

#[test]
fn a_configuration_that_cannot_work_is_refused_at_start() {
    assert!(matches!(check(&[]), Err(ConfigError::NoClient)));
    for client in ["oakfield", "oakfield:id", "oakfield::secret", "../x:id:secret", "Oak:id:secret", ":id:secret"] {
        assert!(matches!(check(&["--client", client]), Err(ConfigError::Client)), "{client}");
    }
    assert!(matches!(check(&["--client", "a:b:c", "--client", "a:d:e"]), Err(ConfigError::Client)));
    for url in ["ftp://a.example", "https://a.example/path", "https://a.example/?q", "https://user@a.example/"] {
        assert!(matches!(check(&["--client-id", "a", "--public-url", url]), Err(ConfigError::PublicUrl)), "{url}");
    }
    assert!(matches!(check(&["--client-id", "a", "--ca-file", "/nonexistent"]), Err(ConfigError::CaFile(_))));
}
