//! Draws the tab.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use keyholder_core::credential::{Credential, CredentialOwner};
use keyholder_core::factor::Descriptor;
use keyholder_core::id::SchoolId;
use keyholder_core::person::Person;
use keyholder_core::ports::Queries;
use keyholder_core::time::Timestamp;
use keyholder_theme::page::{FirstKeyBy, KeyKind, KeyRow, KeySection, KeyStanding, KeyWay, PassError, SecurityKeys};

use super::first::{self, Rule};
use super::{HERE, told};
use crate::account::Reader;
use crate::app::App;
use crate::factors::{kind_of, name_of};
use crate::pages::active;
use crate::web::{Leads, PageError, draw, frame};

/// The fact in which a factor tells how many uses a key has left.
pub(crate) const LEFT: &str = "left";
/// The most names of Admin Key Holders that are shown.
const ADMINS: usize = 5;

/// What this session may do with keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    MayChange,
    /// The person has a key, and did not use it.
    Locked,
    /// There is none that can be used, and more than the password is needed for the first.
    FirstKey(Rule),
}

/// The keys of the person that they can use themselves, and what this session may do with them.
pub(super) async fn standing(app: &App, reader: &Reader, keys: &[Credential]) -> Result<Standing, PageError> {
    let now = app.now();
    // A key of a factor that is not installed any more cannot be used: it locks nobody in.
    let usable = |key: &&Credential| {
        key.owner == CredentialOwner::Person(reader.person.id) && app.factors.find(&key.factor).is_some()
    };
    if reader.session.manages_keys_until(now).is_some() {
        return Ok(Standing::MayChange);
    }
    if keys.iter().any(|key| usable(&key)) {
        return Ok(Standing::Locked);
    }
    let rule = first::rule(app, reader, keys).await?;
    Ok(if first::right(reader, rule, now).is_some() { Standing::MayChange } else { Standing::FirstKey(rule) })
}

/// `GET /account/security-keys`
pub(super) async fn page(app: Data<App>, request: HttpRequest) -> Result<HttpResponse, PageError> {
    let reader = match Reader::of(&app, &request).await? {
        Ok(reader) => reader,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let keys = app.store.list_credentials(reader.person.id).await?;
    let standing = standing(&app, &reader, &keys).await?;
    show(&app, &request, &reader, (&keys, standing), None, None).await
}

/// The tab with what was wrong about a first key.
pub(super) async fn first_key(
    app: &App,
    request: &HttpRequest,
    reader: &Reader,
    pass_error: Option<PassError>,
    wait_minutes: Option<u32>,
) -> Result<HttpResponse, PageError> {
    let keys = app.store.list_credentials(reader.person.id).await?;
    let standing = standing(app, reader, &keys).await?;
    show(app, request, reader, (&keys, standing), pass_error, wait_minutes).await
}

async fn show(
    app: &App,
    request: &HttpRequest,
    reader: &Reader,
    (keys, standing): (&[Credential], Standing),
    pass_error: Option<PassError>,
    wait_minutes: Option<u32>,
) -> Result<HttpResponse, PageError> {
    let admins = admins(app, request, reader).await?;
    let page = SecurityKeys {
        done: told::told(request),
        sections: sections(app, reader, keys, standing).await?,
        unusable: unusable(app, keys, standing),
        standing: match standing {
            Standing::MayChange => KeyStanding::MayChange,
            Standing::Locked => locked(app, reader, keys, admins),
            Standing::FirstKey(rule) => KeyStanding::FirstKey {
                email: reader.person.email.as_str().to_owned(),
                by: match rule {
                    Rule::Pass(why) => FirstKeyBy::Pass { why },
                    Rule::Link | Rule::Open => FirstKeyBy::Link { action: format!("{HERE}/first") },
                },
                pass_action: format!("{HERE}/pass"),
                pass_error,
                wait_minutes,
                admins,
            },
        },
    };
    let status = match (pass_error, wait_minutes) {
        (_, Some(_)) => StatusCode::TOO_MANY_REQUESTS,
        (Some(_), None) => StatusCode::UNPROCESSABLE_ENTITY,
        (None, None) => StatusCode::OK,
    };
    let about = reader.about(app, request).await?;
    let mut answer = draw(app, status, &frame(app, request, about), &page, Leads::Home)?;
    if page.done.is_some() {
        told::forget(&mut answer)?;
    }
    Ok(answer)
}

/// What is missing, when it was last used, and the ways forward.
fn locked(app: &App, reader: &Reader, keys: &[Credential], admins: Vec<String>) -> KeyStanding {
    let mut mine: Vec<(&Credential, KeyKind)> = keys
        .iter()
        .filter(|key| key.owner == CredentialOwner::Person(reader.person.id))
        .filter_map(|key| Some((key, kind_of(app.factors.find(&key.factor)?.as_ref()))))
        .collect();
    // The last used first; a recovery code is for the day without a key.
    mine.sort_by_key(|(key, kind)| (*kind == KeyKind::RecoveryCode, std::cmp::Reverse(key.last_used_at)));
    let mut seen = BTreeSet::new();
    // One way for each kind is enough: the page that it leads to takes any key of that kind.
    let first_of_kind = mine.iter().filter(|(key, _)| seen.insert(key.factor.as_str()));
    let ways = first_of_kind.map(|(key, kind)| KeyWay {
        kind: *kind,
        name: key.label.clone(),
        href: format!("{HERE}/use/{}", key.factor),
        left: left(key),
    });
    let ways: Vec<KeyWay> = ways.collect();
    let last = mine.first().map(|(key, _)| *key);
    KeyStanding::Locked {
        key: last.map(|key| key.label.clone()).unwrap_or_default(),
        last_used_at: last.and_then(|key| key.last_used_at).map(Timestamp::as_millis),
        ways,
        admins,
    }
}

async fn sections(
    app: &App,
    reader: &Reader,
    keys: &[Credential],
    standing: Standing,
) -> Result<Vec<KeySection>, PageError> {
    let open = standing == Standing::MayChange;
    let language = reader.person.language.unwrap_or_default();
    let mut of_factor: BTreeMap<&str, Vec<&Credential>> = BTreeMap::new();
    for key in keys {
        of_factor.entry(key.factor.as_str()).or_default().push(key);
    }
    let mut sections = Vec::new();
    for factor in app.factors.list() {
        let kind = kind_of(&factor);
        let held = of_factor.remove(factor.id.as_str()).unwrap_or_default();
        let (issued, own): (Vec<_>, Vec<_>) = held.into_iter().partition(|key| is_issued(key));
        let name = name_of(app, &factor, language).name;
        if kind != KeyKind::ManagedKey || !own.is_empty() {
            sections.push(KeySection {
                kind,
                id: factor.id.clone(),
                name,
                left: own.iter().find_map(|key| left(key)),
                keys: own.iter().map(|key| row(key, open)).collect(),
                add_action: (open && (factor.multiple_per_user || own.is_empty() || kind == KeyKind::RecoveryCode))
                    .then(|| format!("{HERE}/add/{}", factor.id)),
                school: None,
            });
        }
        if !issued.is_empty() {
            sections.push(managed(app, &factor, &issued).await?);
        }
    }
    Ok(sections)
}

/// Keys of kinds that are not installed. Whoever may change keys may remove theirs.
fn unusable(app: &App, keys: &[Credential], standing: Standing) -> Vec<KeyRow> {
    let open = standing == Standing::MayChange;
    let away = keys.iter().filter(|key| app.factors.find(&key.factor).is_none());
    away.map(|key| KeyRow { managed: is_issued(key), rename_href: None, ..row(key, open && !is_issued(key)) }).collect()
}

/// The keys of one factor that a school issued.
async fn managed(app: &App, factor: &Descriptor, keys: &[&Credential]) -> Result<KeySection, PageError> {
    let school = match keys.first().map(|key| key.owner) {
        Some(CredentialOwner::School(school)) => app.store.find_school(school).await?,
        _ => None,
    };
    Ok(KeySection {
        kind: KeyKind::ManagedKey,
        id: format!("managed-{}", factor.id),
        name: None,
        keys: keys.iter().map(|key| KeyRow { managed: true, ..row(key, false) }).collect(),
        add_action: None,
        left: None,
        school: school.map(|school| school.name),
    })
}

fn row(key: &Credential, open: bool) -> KeyRow {
    let at = |what: &str| open.then(|| format!("{HERE}/{}/{what}", key.id));
    KeyRow {
        name: key.label.clone(),
        registered_at: key.created_at.as_millis(),
        last_used_at: key.last_used_at.map(Timestamp::as_millis),
        managed: false,
        rename_href: at("rename"),
        remove_href: at("remove"),
    }
}

fn is_issued(key: &Credential) -> bool {
    matches!(key.owner, CredentialOwner::School(_))
}

/// How many uses a key has left, where its factor counts them.
pub(crate) fn left(key: &Credential) -> Option<u32> {
    key.facts.iter().find(|(name, _)| name == LEFT)?.1.parse().ok()
}

/// Who at the active school can help with a lost key.
async fn admins(app: &App, request: &HttpRequest, reader: &Reader) -> Result<Vec<String>, PageError> {
    let mut members = app.store.list_memberships(reader.person.id).await?;
    members.retain(|member| member.membership.is_active(app.now()));
    let Some(member) = active(request, &members) else { return Ok(Vec::new()) };
    admins_of(app, member.school.id, &reader.person).await
}

/// Names of a school's Admin Key Holders, without the reader.
pub(crate) async fn admins_of(app: &App, school: SchoolId, reader: &Person) -> Result<Vec<String>, PageError> {
    let mut admins = app.store.list_admin_key_holders(school, app.now()).await?;
    admins.retain(|admin| admin.id != reader.id);
    Ok(admins.iter().take(ADMINS).map(Person::display_name).collect())
}
