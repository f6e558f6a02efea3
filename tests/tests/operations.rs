//! What an operator relies on: the program says what is wrong, refuses what would do harm, and stops in order.

use keyholder_tests::{Browser, Keyholder, PASSWORD, RelyingApplication};

#[tokio::test]
async fn a_server_that_runs_is_healthy_and_stops_in_order() {
    let mut keyholder = Keyholder::start().await;
    for path in ["/healthz", "/readyz"] {
        assert_eq!(reqwest::get(keyholder.url(path)).await.unwrap().status(), 200, "{path}");
    }
    assert_eq!(keyholder.stop().await, Some(0));
    keyholder.serve().await;
    let application = RelyingApplication::new(&keyholder, "oakfield-app");
    application.sign_in(&Browser::default(), "teacher@oakfield.example", PASSWORD).await;
}

#[tokio::test]
async fn a_session_outlives_a_restart() {
    let mut keyholder = Keyholder::start().await;
    let application = RelyingApplication::new(&keyholder, "oakfield-app");
    let browser = Browser::default();
    let request = application.request();
    let page = browser.open(request.url()).await;
    let half_way = browser.submit(&page, &[("email", "teacher@oakfield.example")]).await;
    keyholder.stop().await;
    keyholder.serve().await;
    let page = browser.submit(&half_way, &[("password", PASSWORD)]).await;
    application.finish(&request, &page).await;
    keyholder.stop().await;
    keyholder.serve().await;
    application.sign_in_silently(&browser).await;
}

#[tokio::test]
async fn what_is_applied_takes_effect_while_the_server_runs() {
    let keyholder = Keyholder::start().await;
    let before = RelyingApplication::new(&keyholder, "late-app");
    assert_eq!(Browser::default().open(before.request().url()).await.status, 400);
    keyholder
        .apply(
            "[[application]]\nclient_id = \"late-app\"\nname = \"Late\"\nschools = [\"oakfield\"]\nconsent = \"first-party\"\n\
             authentication = { method = \"none\" }\nredirect_uris = [\"https://late-app.example/callback\"]\n\
             scopes = [\"openid\"]\n",
        )
        .await;
    let late = before.public();
    for _ in 0..100 {
        if Browser::default().open(late.request().url()).await.status == 200 {
            let browser = Browser::default();
            late.sign_in(&browser, "teacher@oakfield.example", PASSWORD).await;
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("the application is not known");
}

#[tokio::test]
async fn applying_twice_changes_nothing_and_what_is_not_listed_stays() {
    let keyholder = Keyholder::set_up("").await;
    let school = "[[school]]\nslug = \"third\"\nname = \"Third School\"\n";
    let first = keyholder.apply(school).await;
    assert!(first.contains("1 added"), "{first}");
    let second = keyholder.apply(school).await;
    assert!(second.contains("0 added, 0 changed, 0 removed"), "{second}");
    assert!(keyholder.run(&["school", "list"]).await.contains("oakfield"));
}

#[tokio::test]
async fn a_wrong_configuration_is_refused_with_the_key_that_is_wrong() {
    let keyholder = Keyholder::set_up("").await;
    let good = std::fs::read_to_string(keyholder.path("keyholder.toml")).unwrap();
    let bad = [
        ("isuer = \"http://localhost\"\n", "isuer"),
        ("workers = \"two\"\n", "workers"),
        ("listen = 8080\n", "listen"),
        ("theme = \"/nowhere/at/all\"\n", "theme"),
    ];
    for (line, key) in bad {
        let name = line.split(' ').next().unwrap();
        let rest: Vec<&str> = good.lines().filter(|other| !other.starts_with(name)).collect();
        keyholder.write("keyholder.toml", &format!("{line}{}", rest.join("\n")));
        let output = keyholder.try_run(&["serve"], "").await;
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && errors.contains(key), "{line}: {errors}");
    }
}

#[tokio::test]
async fn a_second_server_on_one_database_is_refused_with_a_sentence() {
    let keyholder = Keyholder::start().await;
    let text = std::fs::read_to_string(keyholder.path("keyholder.toml")).unwrap();
    keyholder.write("keyholder.toml", &text.replace(&format!("127.0.0.1:{}", keyholder.port()), "127.0.0.1:0"));
    let output = keyholder.try_run(&["serve"], "").await;
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && errors.to_lowercase().contains("another"), "{errors}");
    assert!(reqwest::get(keyholder.url("/readyz")).await.unwrap().status().is_success());
}

#[tokio::test]
async fn the_log_holds_no_secret() {
    let keyholder = Keyholder::start_with("[log]\nlevel = \"debug\"\n").await;
    let application = RelyingApplication::new(&keyholder, "oakfield-app").with_scope("openid email offline_access");
    let browser = Browser::default();
    let request = application.request();
    let page = browser.open(request.url()).await;
    let page = Keyholder::type_password(&browser, &page, "teacher@oakfield.example", PASSWORD).await;
    let code = application.code(&request, &page);
    let signed_in = keyholder_tests::SignedIn::from_answer(&application.redeem(&code, &request.verifier).await);
    let cookies = browser.cookie_header(&keyholder.issuer).unwrap();
    let log = keyholder.log_text();
    assert!(!log.is_empty());
    let mut secrets = vec![PASSWORD, &code, &signed_in.access_token, &signed_in.id_token, &request.verifier];
    secrets.extend(signed_in.refresh_token.as_deref());
    secrets.extend(application.secret.as_deref());
    secrets.extend(
        cookies.split("; ").filter(|cookie| cookie.contains("session")).filter_map(|cookie| cookie.split('=').nth(1)),
    );
    for secret in secrets {
        assert!(!log.contains(secret), "the log holds {secret}");
    }
}

#[tokio::test]
async fn secrets_at_rest_are_sealed_or_hashed() {
    let mut keyholder = Keyholder::start().await;
    let application = RelyingApplication::new(&keyholder, "oakfield-app").with_scope("openid offline_access");
    let browser = Browser::default();
    let signed_in = application.sign_in(&browser, "teacher@oakfield.example", PASSWORD).await;
    let cookies = browser.cookie_header(&keyholder.issuer).unwrap();
    keyholder.stop().await;
    let mut secrets = vec![PASSWORD.to_owned(), signed_in.refresh_token.unwrap(), application.secret.unwrap()];
    secrets.extend(
        cookies
            .split("; ")
            .filter_map(|cookie| cookie.split('=').nth(1))
            .filter(|value| value.len() > 20)
            .map(str::to_owned),
    );
    for entry in std::fs::read_dir(keyholder.path("data")).unwrap() {
        let path = entry.unwrap().path();
        if !path.is_file() {
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        for secret in &secrets {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "{} holds a secret in the clear", path.display());
        }
    }
}
