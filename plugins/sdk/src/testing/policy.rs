//! What a policy is given.

use crate::policy::{
    Application, Assurance, Client, FactorClass, FactorUse, Group, Membership, Moment, Protocol, Request, Stage,
    Subject,
};

/// A sign-in of a member of staff with a password, to an application, on Monday 5 January 2026 at half past eight in the morning.
/// Change the fields that matter to the test.
pub fn request() -> Request {
    let unix_ms = 1_767_601_800_000;
    Request {
        stage: Stage::Authorise,
        subject: Subject {
            id: "person-1".into(),
            name: "A Person".into(),
            email: "person@school.example".into(),
            email_verified: true,
            created_unix_ms: 0,
            extra: Vec::new(),
        },
        membership: Membership {
            school: "school-1".into(),
            school_name: "Oakfield Primary School".into(),
            group: Group {
                slug: "teachers".into(),
                name: "Teachers".into(),
                full: vec!["incidents:read".into(), "incidents:write".into()],
                restricted: vec!["incidents:write".into()],
                needs: Assurance::MultiFactor,
                elevation_minutes: 30,
            },
            pupil_scopes: Vec::new(),
            ends_unix_ms: None,
            admin_key_holder: false,
            extra: Vec::new(),
        },
        factors: vec![FactorUse {
            classes: vec![FactorClass::Knowledge],
            amr: vec!["pwd".into()],
            credential: None,
            ..factor_use("password")
        }],
        enrolled: Vec::new(),
        application: Some(Application {
            id: "safeguarding".into(),
            name: "Safeguarding".into(),
            protocol: Protocol::Oidc,
            scopes: vec!["openid".into()],
            asked: Vec::new(),
            extra: Vec::new(),
        }),
        client: Client {
            address: "203.0.113.9".into(),
            networks: Vec::new(),
            location: None,
            user_agent: "Firefox".into(),
            browser_known: true,
            extra: Vec::new(),
        },
        session: None,
        now: Moment {
            unix_ms,
            zone: "Europe/London".into(),
            year: 2026,
            month: 1,
            day: 5,
            weekday: 1,
            hour: 8,
            minute: 30,
        },
        config: "{}".into(),
        extra: Vec::new(),
    }
}

/// That a key of this factor was used a moment ago.
pub fn factor_use(plugin: &str) -> FactorUse {
    FactorUse {
        plugin: plugin.into(),
        credential: Some("key-1".into()),
        at_unix_ms: 1_767_601_790_000,
        classes: vec![FactorClass::Possession],
        amr: vec!["otp".into()],
        phishing_resistant: false,
        hardware_bound: false,
        user_verified: false,
        managed: false,
        extra: Vec::new(),
    }
}
