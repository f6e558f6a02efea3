//! Adding a key: begun by a form, answered on the ceremony's own page.
//!
//! Owns who may begin, and the name. The ceremony is `crate::factors`'; whether the session may add the key is asked once more in the
//! transaction that would store it.

use actix_web::http::StatusCode;
use actix_web::http::header::RETRY_AFTER;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use keyholder_core::ceremony::Ceremony;
use keyholder_core::credential::CredentialOwner;
use keyholder_core::factor::{Descriptor, FactorKind};
use keyholder_core::id::CeremonyId;
use keyholder_core::ports::Queries;
use keyholder_theme::page::{AddKey, FactorTrouble, KeyDone, KeyNameError, KeyNameField};

use super::rename::check_name;
use super::show::{Standing, standing};
use super::{HERE, first, tell};
use crate::account::Reader;
use crate::app::App;
use crate::factors::commands::{MOST_KEYS, Permission};
use crate::factors::{
    Asked, Begun, Drawn, EnrolAnswered, Enrolling, Refused, Unanswered, answer_enrolment, begin_enrolment,
    find_enrolment, name_of, prompt_view, read_answer,
};
use crate::web::{self, Form, Leads, PageError, draw, frame, see_other, whence};
use keyholder_core::factor::RejectReason;

/// What is said beside the step.
#[derive(Default)]
struct Said<'a> {
    name_error: Option<KeyNameError>,
    refused: Option<Refused>,
    elsewhere: bool,
    unanswered: Option<Unanswered>,
    typed: Option<&'a Form>,
}

/// `POST /account/security-keys/add/{factor}`
pub(super) async fn begin(
    app: Data<App>,
    request: HttpRequest,
    factor: Path<String>,
    form: Form,
) -> Result<HttpResponse, PageError> {
    let reader = match Reader::of_form(&app, &request, &form).await? {
        Ok(reader) => reader,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let (Some(factor), Some(_)) = (enrollable(&app, &factor), permission(&app, &reader).await?) else {
        return Ok(see_other(HERE));
    };
    if is_full(&app, &reader, &factor).await? {
        return trouble(&app, &request, &reader, &factor, FactorTrouble::Full { most: MOST_KEYS }).await;
    }
    let whence = whence(&request);
    let asked = asked(&app, &request, &reader, &whence);
    match begin_enrolment(&asked, &factor).await? {
        Begun::Waiting(ceremony) => Ok(see_other(&page_of(ceremony.id))),
        Begun::Fault => trouble(&app, &request, &reader, &factor, FactorTrouble::Fault).await,
        Begun::Busy => trouble(&app, &request, &reader, &factor, FactorTrouble::Busy).await,
        Begun::Often { minutes } => trouble(&app, &request, &reader, &factor, FactorTrouble::Often { minutes }).await,
    }
}

/// `GET /account/security-keys/adding/{ceremony}`
pub(super) async fn page(app: Data<App>, request: HttpRequest, id: Path<String>) -> Result<HttpResponse, PageError> {
    let reader = match Reader::of(&app, &request).await? {
        Ok(reader) => reader,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let whence = whence(&request);
    let asked = asked(&app, &request, &reader, &whence);
    match load(&asked, &id).await? {
        Some(ceremony) => show(&app, &request, &reader, &ceremony, Said::default()).await,
        None => Ok(see_other(HERE)),
    }
}

/// `POST /account/security-keys/adding/{ceremony}`
pub(super) async fn answer(
    app: Data<App>,
    request: HttpRequest,
    id: Path<String>,
    form: Form,
) -> Result<HttpResponse, PageError> {
    let reader = match Reader::of_form(&app, &request, &form).await? {
        Ok(reader) => reader,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let whence = whence(&request);
    let asked = asked(&app, &request, &reader, &whence);
    let Some(ceremony) = load(&asked, &id).await? else { return Ok(see_other(HERE)) };
    let Some(permission) = permission(&app, &reader).await? else { return Ok(see_other(HERE)) };
    let said = |said: Said<'_>| Said { typed: Some(&form), ..said };

    // Of what there is one at most, such as a sheet of codes, nobody has to tell several apart.
    let name = is_named(&app, &ceremony.factor).then(|| form.text("name").trim().to_owned());
    if let Some(name) = &name {
        let others = app.store.list_credentials(reader.person.id).await?;
        if let Err(error) = check_name(name, others.iter()) {
            let wrong = Said { name_error: Some(error), ..Said::default() };
            return show(&app, &request, &reader, &ceremony, said(wrong)).await;
        }
    }
    let given = match read_answer(&ceremony, &form) {
        Some(Ok(given)) => given,
        Some(Err(missing)) => {
            let missing = Said { unanswered: Some(missing), ..Said::default() };
            return show(&app, &request, &reader, &ceremony, said(missing)).await;
        }
        None => {
            return show(&app, &request, &reader, &ceremony, said(Said { elsewhere: true, ..Said::default() })).await;
        }
    };
    let enrolling = Enrolling { asked, request: &request, permission };
    match answer_enrolment(&enrolling, ceremony.id, name.as_deref(), given).await? {
        EnrolAnswered::Enrolled => tell(KeyDone::Added),
        EnrolAnswered::Again(next) => show(&app, &request, &reader, &next, said(Said::default())).await,
        EnrolAnswered::Refused(refused) => {
            over(&app, &request, &reader, &ceremony, said(Said { refused: Some(refused), ..Said::default() })).await
        }
        EnrolAnswered::Known => {
            let known = Refused::because(RejectReason::Replayed);
            show(&app, &request, &reader, &ceremony, said(Said { refused: Some(known), ..Said::default() })).await
        }
        EnrolAnswered::NotPermitted => Ok(see_other(HERE)),
        EnrolAnswered::Full => {
            of_ceremony(&app, &request, &reader, &ceremony, FactorTrouble::Full { most: MOST_KEYS }).await
        }
        EnrolAnswered::Elsewhere => match load(&enrolling.asked, &id).await? {
            Some(ceremony) => {
                show(&app, &request, &reader, &ceremony, said(Said { elsewhere: true, ..Said::default() })).await
            }
            None => Ok(see_other(HERE)),
        },
        EnrolAnswered::Throttled { minutes } => {
            of_ceremony(&app, &request, &reader, &ceremony, FactorTrouble::Throttled { minutes }).await
        }
        EnrolAnswered::Fault => of_ceremony(&app, &request, &reader, &ceremony, FactorTrouble::Fault).await,
        EnrolAnswered::Busy => of_ceremony(&app, &request, &reader, &ceremony, FactorTrouble::Busy).await,
    }
}

/// By what right this session adds a key; `None`: it may not, and the tab says why.
async fn permission(app: &App, reader: &Reader) -> Result<Option<Permission>, PageError> {
    let keys = app.store.list_credentials(reader.person.id).await?;
    if standing(app, reader, &keys).await? != Standing::MayChange {
        return Ok(None);
    }
    let now = app.now();
    if reader.session.manages_keys_until(now).is_some() {
        return Ok(Some(Permission::Elevated));
    }
    Ok(first::right(reader, first::rule(app, reader, &keys).await?, now))
}

/// Whether they have as many keys as one may have, told before the work starts. What takes the place of another is none more.
async fn is_full(app: &App, reader: &Reader, factor: &Descriptor) -> Result<bool, PageError> {
    let keys = app.store.list_credentials(reader.person.id).await?;
    let own = keys.iter().filter(|key| key.owner == CredentialOwner::Person(reader.person.id));
    Ok(own.filter(|key| factor.multiple_per_user || key.factor != factor.id).count() >= MOST_KEYS)
}

/// A factor whose keys people add themselves.
fn enrollable(app: &App, factor: &str) -> Option<std::sync::Arc<Descriptor>> {
    app.factors.find(factor).filter(|factor| factor.kind != FactorKind::ManagedKey)
}

fn is_named(app: &App, factor: &str) -> bool {
    app.factors.find(factor).is_some_and(|factor| factor.multiple_per_user)
}

fn page_of(ceremony: CeremonyId) -> String {
    format!("{HERE}/adding/{ceremony}")
}

fn asked<'a>(app: &'a App, request: &HttpRequest, reader: &'a Reader, whence: &'a crate::audit::Whence) -> Asked<'a> {
    let preferred = reader
        .person
        .language
        .map(|language| web::Asked { language, at: keyholder_core::time::Timestamp::from_millis(0) });
    let language = web::language(request, preferred);
    Asked { app, session: &reader.session, person: &reader.person, whence, language }
}

async fn load(asked: &Asked<'_>, id: &str) -> Result<Option<Ceremony>, PageError> {
    match id.parse() {
        Ok(id) => find_enrolment(asked, id).await,
        Err(_) => Ok(None),
    }
}

async fn show(
    app: &App,
    request: &HttpRequest,
    reader: &Reader,
    ceremony: &Ceremony,
    said: Said<'_>,
) -> Result<HttpResponse, PageError> {
    let Some(factor) = app.factors.find(&ceremony.factor) else { return Ok(see_other(HERE)) };
    let whence = whence(request);
    let language = asked(app, request, reader, &whence).language;
    let typed = said.typed.map(|form| form.text("name").to_owned());
    let value = typed.or_else(|| ceremony.contents.label.clone()).unwrap_or_default();
    let drawn = Drawn {
        action: page_of(ceremony.id),
        check_href: page_of(ceremony.id),
        key_name: factor.multiple_per_user.then_some(KeyNameField { value, error: said.name_error }),
        refused: said.refused,
        elsewhere: said.elsewhere,
        unanswered: said.unanswered,
        typed: said.typed,
    };
    let page = AddKey {
        factor: name_of(app, &factor, language),
        prompt: Some(prompt_view(app, language, ceremony, drawn)),
        trouble: None,
        back_href: HERE.into(),
    };
    let wrong = page.prompt.as_ref().is_some_and(|prompt| prompt.problem.is_some() || prompt.has_error());
    let status = if wrong { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let about = reader.about(app, request).await?;
    let about = web::About { here: Some(page_of(ceremony.id)), elevation: None, ..about };
    draw(app, status, &frame(app, request, about), &page, Leads::Home)
}

/// Finally refused: a new ceremony says what was wrong with the former.
async fn over(
    app: &App,
    request: &HttpRequest,
    reader: &Reader,
    ended: &Ceremony,
    said: Said<'_>,
) -> Result<HttpResponse, PageError> {
    let Some(factor) = enrollable(app, &ended.factor) else { return Ok(see_other(HERE)) };
    let whence = whence(request);
    match begin_enrolment(&asked(app, request, reader, &whence), &factor).await? {
        Begun::Waiting(ceremony) => show(app, request, reader, &ceremony, said).await,
        Begun::Fault => trouble(app, request, reader, &factor, FactorTrouble::Fault).await,
        Begun::Busy => trouble(app, request, reader, &factor, FactorTrouble::Busy).await,
        Begun::Often { minutes } => trouble(app, request, reader, &factor, FactorTrouble::Often { minutes }).await,
    }
}

async fn of_ceremony(
    app: &App,
    request: &HttpRequest,
    reader: &Reader,
    ceremony: &Ceremony,
    why: FactorTrouble,
) -> Result<HttpResponse, PageError> {
    match app.factors.find(&ceremony.factor) {
        Some(factor) => trouble(app, request, reader, &factor, why).await,
        None => Ok(see_other(HERE)),
    }
}

/// The factor cannot be asked for now: a plain sentence, and nothing lost.
async fn trouble(
    app: &App,
    request: &HttpRequest,
    reader: &Reader,
    factor: &Descriptor,
    trouble: FactorTrouble,
) -> Result<HttpResponse, PageError> {
    let whence = whence(request);
    let language = asked(app, request, reader, &whence).language;
    let status = match trouble {
        FactorTrouble::Full { .. } => StatusCode::CONFLICT,
        FactorTrouble::Often { .. } | FactorTrouble::Throttled { .. } => StatusCode::TOO_MANY_REQUESTS,
        _ => StatusCode::SERVICE_UNAVAILABLE,
    };
    let wait = trouble.retry_after();
    let page =
        AddKey { factor: name_of(app, factor, language), prompt: None, trouble: Some(trouble), back_href: HERE.into() };
    let about = web::About { here: Some(HERE.to_owned()), ..reader.about(app, request).await? };
    let mut answer = draw(app, status, &frame(app, request, about), &page, Leads::Home)?;
    if let Some(seconds) = wait {
        answer.headers_mut().insert(RETRY_AFTER, seconds.into());
    }
    Ok(answer)
}
