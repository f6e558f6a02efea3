//! Name, errors and samples of the pages of the tab **Security keys**.

use super::{
    FirstKeyBy, FirstKeyLink, KeyDone, KeyKind, KeyNameError, KeyRow, KeySection, KeyStanding, KeyWay, Page, PassError,
    PassOnly, RemoveKey, RenameKey, SecurityKeys, StopKey,
};

type Samples<P> = Vec<(&'static str, P)>;

fn text(text: &str) -> String {
    text.to_owned()
}

/// 09 March, 2024 08:34.
const MORNING: i64 = 1_709_973_240_000;
const LONG_NAME: &str = "The tablet that lives in the cupboard of the Year 4 classroom";
const LONG_EMAIL: &str = "gwenllian.llwyd-hughes.pritchard@ysgolgynraddgymraegydwr.gwynedd.example";

fn row(name: &str, last_used_at: Option<i64>, open: bool) -> KeyRow {
    KeyRow {
        name: text(name),
        registered_at: MORNING,
        last_used_at,
        managed: false,
        rename_href: open.then(|| text("/account/security-keys/1/rename")),
        remove_href: open.then(|| text("/account/security-keys/1/remove")),
    }
}

fn section(kind: KeyKind, keys: Vec<KeyRow>, open: bool) -> KeySection {
    let id = format!("{kind:?}").to_lowercase();
    let managed = kind == KeyKind::ManagedKey;
    KeySection {
        add_action: (open && !managed).then(|| format!("/account/security-keys/add/{id}")),
        id,
        kind,
        name: (kind == KeyKind::Other).then(|| text("Fingerprint reader")),
        keys,
        left: None,
        school: managed.then(|| text("Oakfield Primary School")),
    }
}

fn sections(open: bool) -> Vec<KeySection> {
    let managed =
        KeyRow { managed: true, rename_href: None, remove_href: None, ..row("Office key 14", Some(MORNING), false) };
    let phones = vec![row("Bethan's iPhone", Some(MORNING + 60_000), open), row(LONG_NAME, None, open)];
    vec![
        section(KeyKind::SoftKey, phones, open),
        section(KeyKind::SecurityKey, vec![], open),
        section(KeyKind::ManagedKey, vec![managed], open),
        KeySection { left: Some(6), ..section(KeyKind::RecoveryCode, vec![row("Sheet of March", None, open)], open) },
        section(KeyKind::Other, vec![row("Left thumb", Some(MORNING), open)], open),
    ]
}

fn admins() -> Vec<String> {
    vec![text("Joanne Whitlock"), text("Imran Sheikh")]
}

impl Page for SecurityKeys {
    const NAME: &'static str = "security-keys";
    const WIDE: bool = true;

    fn samples() -> Samples<Self> {
        let open = |done| SecurityKeys {
            done,
            standing: KeyStanding::MayChange,
            sections: sections(true),
            unusable: Vec::new(),
        };
        let empty =
            || [KeyKind::SoftKey, KeyKind::SecurityKey, KeyKind::RecoveryCode].map(|kind| section(kind, vec![], false));
        let way =
            |kind, name: &str, left| KeyWay { kind, name: text(name), href: text("/account/security-keys/use"), left };
        let locked = |last_used_at, ways, admins| SecurityKeys {
            done: None,
            standing: KeyStanding::Locked { key: text("Bethan's iPhone"), last_used_at, ways, admins },
            sections: sections(false),
            unusable: vec![row("Left thumb", None, false)],
        };
        let link = || FirstKeyBy::Link { action: text("/account/security-keys/first") };
        let first = |email: &str, by, (pass_error, wait_minutes), admins| SecurityKeys {
            done: None,
            standing: KeyStanding::FirstKey {
                email: text(email),
                by,
                pass_action: text("/account/security-keys/pass"),
                pass_error,
                wait_minutes,
                admins,
            },
            sections: empty().into(),
            unusable: Vec::new(),
        };
        let mut samples = vec![
            ("may change", open(None)),
            (
                "locked",
                locked(
                    Some(MORNING),
                    vec![
                        way(KeyKind::SoftKey, "Bethan's iPhone", None),
                        way(KeyKind::SecurityKey, "Blue key", None),
                        way(KeyKind::ManagedKey, "Office key 14", None),
                        way(KeyKind::Other, "Left thumb", None),
                        way(KeyKind::RecoveryCode, "Sheet of March", Some(6)),
                    ],
                    admins(),
                ),
            ),
            ("locked, never used", locked(None, vec![way(KeyKind::RecoveryCode, LONG_NAME, Some(1))], vec![])),
            ("first key", first("bethan.pritchard@oakfield.example", link(), (None, None), admins())),
            (
                "may add a first key",
                SecurityKeys {
                    done: Some(KeyDone::Permitted),
                    standing: KeyStanding::MayChange,
                    sections: vec![
                        section(KeyKind::SoftKey, vec![], true),
                        section(KeyKind::SecurityKey, vec![], true),
                    ],
                    unusable: vec![row("Left thumb", Some(MORNING), true), row(LONG_NAME, None, true)],
                },
            ),
        ];
        samples.extend(PassOnly::ALL.map(|why| {
            let unusable = if why == PassOnly::KeyUnusable { vec![row("Left thumb", None, false)] } else { Vec::new() };
            let page = first(LONG_EMAIL, FirstKeyBy::Pass { why }, (None, None), vec![]);
            ("first key by pass", SecurityKeys { unusable, ..page })
        }));
        for problem in
            [(Some(PassError::Empty), None), (Some(PassError::Wrong), None), (None, Some(1)), (None, Some(15))]
        {
            samples.push(("first key, problem", first("bethan.pritchard@oakfield.example", link(), problem, admins())));
        }
        samples.extend(KeyDone::ALL.into_iter().map(|done| (done.word(), open(Some(done)))));
        samples
    }

    fn has_error(&self) -> bool {
        matches!(self.standing, KeyStanding::FirstKey { pass_error: Some(_), .. })
    }
}

impl Page for RenameKey {
    const NAME: &'static str = "rename-key";

    fn samples() -> Samples<Self> {
        let page = |error| RenameKey {
            action: text("/account/security-keys/1/rename"),
            value: text("Bethan's iPhone"),
            error,
            back_href: text("/account/security-keys"),
        };
        vec![
            ("empty", page(None)),
            ("no name", page(Some(KeyNameError::Empty))),
            ("too long", page(Some(KeyNameError::TooLong))),
            ("unprintable", page(Some(KeyNameError::Unprintable))),
            ("taken", page(Some(KeyNameError::Taken))),
        ]
    }

    fn has_error(&self) -> bool {
        self.error.is_some()
    }
}

impl Page for RemoveKey {
    const NAME: &'static str = "remove-key";

    fn samples() -> Samples<Self> {
        let page = |name: &str, last| RemoveKey {
            action: text("/account/security-keys/1/remove"),
            name: text(name),
            last,
            back_href: text("/account/security-keys"),
        };
        vec![("one of several", page("Bethan's iPhone", false)), ("the last", page(LONG_NAME, true))]
    }
}

impl Page for FirstKeyLink {
    const NAME: &'static str = "first-key-link";

    fn samples() -> Samples<Self> {
        vec![("opened", FirstKeyLink { action: text("/link/kX3vN0yq2B7sQm5uWc8RtA") })]
    }
}

impl Page for StopKey {
    const NAME: &'static str = "stop-key";

    fn samples() -> Samples<Self> {
        vec![("opened", StopKey { action: text("/link/kX3vN0yq2B7sQm5uWc8RtA"), name: text(LONG_NAME) })]
    }
}
