//! What stands around a page.

use actix_web::HttpRequest;
use actix_web::http::Method;
use keyholder_core::application::RelyingApplication;
use keyholder_core::locale::Language;
use keyholder_core::person::Person;
use keyholder_core::school::School;
use keyholder_core::time::Timestamp;
use keyholder_theme::frame::{self, Frame};

use super::visit::Visit;
use super::{Asked, form_token, known_browser, language};
use crate::app::App;

/// What a page's frame tells, besides what the request tells itself.
#[derive(Debug, Clone, Default)]
pub struct About {
    /// The language that the application asked for.
    pub asked: Option<Asked>,
    /// What the sign-in is for.
    pub application: Option<String>,
    pub school: Option<School>,
    pub person: Option<frame::Person>,
    /// Whether the person's key was used.
    pub elevation: Option<frame::Elevation>,
    /// The path of ours at which this page is read; `None`: the request's own.
    pub here: Option<String>,
}

impl About {
    /// About a school's page.
    #[must_use]
    pub fn school(self, school: School) -> Self {
        Self { school: Some(school), ..self }
    }

    /// About a sign-in to an application.
    #[must_use]
    pub fn application(self, application: &RelyingApplication) -> Self {
        Self { application: Some(application.name.clone()), ..self }
    }

    /// With somebody signed in, whose language counts before the browser's.
    #[must_use]
    pub fn person(self, person: &Person, change_school_href: Option<String>) -> Self {
        let preferred = person.language.map(|language| Asked { language, at: Timestamp::from_millis(0) });
        let shown = frame::Person { name: person.display_name(), change_school_href };
        Self { asked: self.asked.or(preferred), person: Some(shown), ..self }
    }
}

/// Builds the frame of a page.
pub fn frame(app: &App, request: &HttpRequest, about: About) -> Frame {
    let token = form_token(app, request);
    build(app, request, about, token)
}

/// The frame of a page without forms: no browser gets a cookie for having lost its way.
pub(super) fn frame_of_problem(app: &App, request: &HttpRequest, about: About) -> Frame {
    let token = known_browser(request).map(|_| form_token(app, request)).unwrap_or_default();
    build(app, request, about, token)
}

fn build(app: &App, request: &HttpRequest, about: About, form_token: String) -> Frame {
    let language = language(request, about.asked);
    let here = about.here.unwrap_or_else(|| readable_address(request));
    let other = Language::ALL.into_iter().find(|other| *other != language).unwrap_or(language);
    let query: String = url::form_urlencoded::Serializer::new(String::new()).append_pair("to", &here).finish();
    Frame {
        language,
        other_language_href: format!("/language/{}?{query}", other.tag()),
        application: about.application,
        school: about.school.map(shown),
        person: about.person,
        elevation: about.elevation,
        form_token,
        nonce: Visit::of(app, request).nonce.clone(),
    }
}

/// The address to come back to. What was posted cannot be read again.
fn readable_address(request: &HttpRequest) -> String {
    let readable = matches!(*request.method(), Method::GET | Method::HEAD);
    let address = request.uri().path_and_query().filter(|_| readable).map_or("/", |address| address.as_str());
    super::own_path(address).unwrap_or("/").to_owned()
}

fn shown(school: School) -> frame::School {
    let School { name, slug, branding, .. } = school;
    let help = frame::Help { name: branding.help.name, email: branding.help.email, phone: branding.help.phone };
    frame::School { name, slug, colour: branding.colour, logo: branding.logo, help }
}
