//! A backup made under load is restored elsewhere, and people sign in there.

use keyholder_tests::{Browser, Keyholder, PASSWORD, RelyingApplication};

const TEACHER: &str = "teacher@oakfield.example";

/// The whole sign-in, to the claims.
async fn sign_in(keyholder: &Keyholder) -> serde_json::Value {
    let application = RelyingApplication::new(keyholder, "oakfield-app");
    let signed_in = application.sign_in(&Browser::default(), TEACHER, PASSWORD).await;
    assert_eq!(application.userinfo(&signed_in.access_token).await.status, 200);
    signed_in.claims["sub"].clone()
}

#[tokio::test]
async fn after_a_restore_into_an_empty_directory_people_sign_in() {
    let mut keyholder = Keyholder::start().await;
    let subject = sign_in(&keyholder).await;
    let backup = keyholder.path("backup");
    keyholder.run(&["backup", backup.to_str().unwrap()]).await;
    let running = keyholder.try_run(&["restore", backup.to_str().unwrap(), "--replace"], "").await;
    assert!(String::from_utf8_lossy(&running.stderr).contains("another Keyholder server is using"), "{running:?}");
    keyholder.kill().await;
    std::fs::rename(keyholder.path("data"), keyholder.path("lost")).unwrap();

    let without_key = keyholder.try_run(&["restore", backup.to_str().unwrap()], "").await;
    assert_eq!(without_key.status.code(), Some(1));
    let told = String::from_utf8_lossy(&without_key.stderr).into_owned();
    assert!(told.contains("there is no master key in") && told.contains("--master-key"), "{told}");

    let key = keyholder.path("lost/master.key");
    let restored = keyholder.run(&["restore", backup.to_str().unwrap(), "--master-key", key.to_str().unwrap()]).await;
    assert!(restored.contains("is restored into"), "{restored}");
    keyholder.serve().await;
    assert_eq!(sign_in(&keyholder).await, subject, "applications know the person again");
    let verified = keyholder.run(&["audit", "verify"]).await;
    assert!(verified.contains("installation: ok"), "{verified}");
}
