//! The first run: the first school and its Admin Key Holder, by a link that the server prints once.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use keyholder_core::assurance::Assurance;
use keyholder_core::audit::AuditKind;
use keyholder_core::flow::Ask;
use keyholder_core::id::{MembershipId, PersonId, SchoolId, UserGroupId};
use keyholder_core::link::MailedLink;
use keyholder_core::membership::{Membership, UserGroup};
use keyholder_core::person::{Email, Person};
use keyholder_core::random::draw_token;
use keyholder_core::school::{Branding, School};
use keyholder_core::time::Timestamp;
use keyholder_theme::page::{FirstRun as FirstRunPage, FirstRunError};
use secrecy::ExposeSecret;

use super::commands::FirstRun;
use super::{dead, here, new_password};
use crate::app::App;
use crate::audit::{self, About};
use crate::pages::home::portal;
use crate::password::policy::Context;
use crate::spine;
use crate::web::{self, Form, Leads, PageError, draw, frame, language, whence};

/// The longest name of a school or a person, in characters.
const LONGEST_NAME: usize = 120;

pub(super) fn page(app: &App, request: &HttpRequest) -> Result<HttpResponse, PageError> {
    show(app, request, &Typed::default(), None)
}

/// What was typed, passwords aside.
#[derive(Default)]
struct Typed {
    school: String,
    given_name: String,
    family_name: String,
    email: String,
}

impl Typed {
    fn read(form: &Form) -> Self {
        let text = |name| form.text(name).trim().to_owned();
        let (given_name, family_name) = (text("given_name"), text("family_name"));
        Self { school: text("school"), given_name, family_name, email: text("email") }
    }

    /// The address, if all else is right too.
    fn check(&self) -> Result<Email, FirstRunError> {
        let named = |name: &str| {
            !name.is_empty() && name.chars().count() <= LONGEST_NAME && !name.contains(|c: char| c.is_control())
        };
        if !named(&self.school) {
            return Err(FirstRunError::School);
        }
        if !named(&self.given_name) || !named(&self.family_name) {
            return Err(FirstRunError::Name);
        }
        spine::read_email(&self.email).map_err(|problem| FirstRunError::Email { problem })
    }
}

pub(super) async fn post(
    app: &App,
    request: &HttpRequest,
    link: &MailedLink,
    form: &Form,
) -> Result<HttpResponse, PageError> {
    let typed = Typed::read(form);
    let email = match typed.check() {
        Ok(email) => email,
        Err(error) => return show(app, request, &typed, Some(error)),
    };
    let name = format!("{} {}", typed.given_name, typed.family_name);
    let context = Context { email: email.as_str(), names: &[&typed.school, &name] };
    let password = match new_password::read(app, form, &context, &here(request)).await? {
        Ok(password) => password,
        Err(problem) => return show(app, request, &typed, Some(FirstRunError::Password { problem })),
    };
    let now = app.now();
    let school = first_school(app, &typed, now);
    let (admins, staff) = first_groups(app, school.id, now);
    let person = first_person(app, request, &typed, email.clone());
    let whence = whence(request);
    let about = About { school: Some(school.id), subject: Some(person.id), whence: Some(&whence), ..About::default() };
    let membership = Membership {
        id: MembershipId::draw(&*app.random, now),
        person: person.id,
        school: school.id,
        group: admins.id,
        pupil_scopes: Vec::new(),
        starts_at: None,
        ends_at: None,
        admin_key_holder: true,
        created_at: now,
    };
    let audit = audit::event(app, AuditKind::FirstRunCompleted, about);
    let groups = [admins, staff];
    let command = FirstRun { link: link.id, school, groups, person, password, membership, audit, now };
    if !app.store.execute(command).await? {
        return Err(dead(app, request, link).await?);
    }
    let ask = Ask { login_hint: Some(email.as_str().to_owned()), ..Ask::default() };
    spine::begin(app, request, portal(), ask).await
}

fn first_school(app: &App, typed: &Typed, now: Timestamp) -> School {
    School {
        id: SchoolId::draw(&*app.random, now),
        trust: None,
        slug: slug_of(&typed.school),
        name: typed.school.clone(),
        urn: None,
        ukprn: None,
        branding: Branding::default(),
        created_at: now,
    }
}

/// Admin Key Holders and Staff. The names of their permissions are what the example applications know.
fn first_groups(app: &App, school: SchoolId, now: Timestamp) -> (UserGroup, UserGroup) {
    let group = |slug: &str, name: &str, full: &[&str], restricted: &[&str], needs: Assurance| UserGroup {
        id: UserGroupId::draw(&*app.random, now),
        school,
        slug: slug.into(),
        name: name.into(),
        full: full.iter().map(|name| (*name).to_owned()).collect(),
        restricted: restricted.iter().map(|name| (*name).to_owned()).collect(),
        needs,
        elevation_minutes: 30,
        first_key: keyholder_core::membership::FirstKey::default(),
        created_at: now,
    };
    let both = ["admin-key-holders", "staff"];
    let admins = group("admin-key-holders", "Admin Key Holders", &both, &["staff"], Assurance::MultiFactor);
    let staff = group("staff", "Staff", &["staff"], &["staff"], Assurance::SingleFactor);
    (admins, staff)
}

fn first_person(app: &App, request: &HttpRequest, typed: &Typed, email: Email) -> Person {
    let now = app.now();
    Person {
        id: PersonId::draw(&*app.random, now),
        subject: draw_token(&*app.random).expose_secret().to_owned(),
        email,
        // Typed, not proved: no mail was answered.
        email_verified_at: None,
        given_name: typed.given_name.clone(),
        family_name: typed.family_name.clone(),
        language: Some(language(request, None)),
        disabled_at: None,
        email_changed_at: None,
        key_stopped_at: None,
        created_at: now,
    }
}

/// Lower-case letters, digits and single hyphens, as addresses have them.
pub fn slug_of(name: &str) -> String {
    let words = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let slug = words.map(str::to_ascii_lowercase).collect::<Vec<_>>().join("-");
    let slug: String = slug.chars().take(60).collect();
    if slug.is_empty() { "school".to_owned() } else { slug.trim_end_matches('-').to_owned() }
}

fn show(
    app: &App,
    request: &HttpRequest,
    typed: &Typed,
    error: Option<FirstRunError>,
) -> Result<HttpResponse, PageError> {
    let page = FirstRunPage {
        action: here(request),
        school: typed.school.clone(),
        given_name: typed.given_name.clone(),
        family_name: typed.family_name.clone(),
        email: typed.email.clone(),
        minimum: app.passwords.policy().minimum(),
        error,
    };
    let status = if error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let about = web::About { here: Some(here(request)), ..web::About::default() };
    draw(app, status, &frame(app, request, about), &page, Leads::Home)
}
