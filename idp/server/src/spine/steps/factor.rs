//! The second factor: **Two Factor Authentication**.

use actix_web::http::StatusCode;
use actix_web::http::header::RETRY_AFTER;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use keyholder_core::ceremony::Ceremony;
use keyholder_core::factor::{Descriptor, Purpose};
use keyholder_core::flow::dispatcher::Decline;
use keyholder_core::flow::{Aim, Origin};
use keyholder_core::membership::MembershipInFull;
use keyholder_core::ports::Queries;
use keyholder_core::session::{Place, Session, SessionInFull};
use keyholder_theme::page::{FactorName, FactorTrouble, KeyKind, OtherFactor, PromptView, TwoFactor};
use secrecy::SecretString;

use super::super::advance::{Scene, Step, advance};
use super::super::commands::KeepFlow;
use super::super::onward::{Prospect, keep_onward, onward};
use super::super::{show, ticket};
use super::{moved, show_session};
use crate::account::keys::{HERE as KEYS, admins_of};
use crate::app::App;
use crate::audit::Whence;
use crate::factors::{
    self, Answered, Asked, Begun, Drawn, Errand, Held, Offer, Refused, Unanswered, Wanted, kind_of, name_of,
    prompt_view, read_answer,
};
use crate::web::{Form, Leads, PageError, draw, frame, peer, see_other, whence};

/// `GET /sign-in/{ticket}/factor/{factor}`: with this kind of key.
pub(in super::super) async fn page(
    app: Data<App>,
    request: HttpRequest,
    path: Path<(String, String)>,
) -> Result<HttpResponse, PageError> {
    let (ticket, factor) = path.into_inner();
    let flow = ticket::load(&app, &request, &ticket).await?;
    let scene = advance(&app, &request, &ticket, flow).await?;
    if !matches!(scene.step, Step::Factor { .. }) {
        return Err(PageError::Elsewhere(scene.here));
    }
    show(&app, &request, &scene, Some(&factor)).await
}

/// `POST /sign-in/{ticket}/factor`: an answer.
pub(in super::super) async fn post(
    app: Data<App>,
    request: HttpRequest,
    ticket: Path<String>,
    form: Form,
) -> Result<HttpResponse, PageError> {
    let flow = ticket::load(&app, &request, &ticket).await?;
    let scene = advance(&app, &request, &ticket, flow).await?;
    let whence = whence(&request);
    let Some(desk) = Desk::at(&app, &request, &scene, &whence).await? else {
        return Err(moved(&app, &scene.flow).await?);
    };
    desk.answer(&form).await
}

/// `POST /sign-in/{ticket}/factor/continue`: **Continue without my key**.
pub(in super::super) async fn go_on(
    app: Data<App>,
    request: HttpRequest,
    ticket: Path<String>,
    _form: Form,
) -> Result<HttpResponse, PageError> {
    let flow = ticket::load(&app, &request, &ticket).await?;
    let scene = advance(&app, &request, &ticket, flow).await?;
    let Step::Factor { decline: Decline::Offered, .. } = scene.step else {
        return Err(moved(&app, &scene.flow).await?);
    };
    let Ok(flow) = scene.flow.clone().decline_key() else { return Err(moved(&app, &scene.flow).await?) };
    keep_onward(&app, &request, flow, scene.known.visitor()).await
}

/// The page that asks: with the factor last used, unless another one is chosen.
pub(in super::super) async fn show(
    app: &App,
    request: &HttpRequest,
    scene: &Scene,
    factor: Option<&str>,
) -> Result<HttpResponse, PageError> {
    let whence = whence(request);
    if scene.flow.version == 0 {
        if let Some((session, person)) = &scene.known.visitor {
            let language = person.language.unwrap_or_default();
            let asked = Asked { app, session, person, whence: &whence, language };
            if let Err(Begun::Often { minutes }) = asked.may_begin()
                && let Some(desk) = Desk::at(app, request, scene, &whence).await?
            {
                let trouble = Some(FactorTrouble::Often { minutes });
                return desk.ask_beside(&[], factor, Said { trouble, ..Said::default() }).await;
            }
        }
        // What a key answers is a row of a flow that is one.
        let factor = factor.filter(|factor| app.factors.find(factor).is_some());
        let chosen = factor.map(|factor| format!("/factor/{factor}")).unwrap_or_default();
        let there = format!("/sign-in/{}{chosen}", scene.flow.id);
        app.store.execute(KeepFlow { flow: scene.flow.clone() }).await?;
        return Ok(see_other(&there));
    }
    let Some(desk) = Desk::at(app, request, scene, &whence).await? else { return Err(moved(app, &scene.flow).await?) };
    let ceremonies = app.store.list_ceremonies_of_flow(desk.errand.flow).await?;
    if let Some(token) = factors::pick_up(&desk.asked, &desk.errand, &ceremonies).await? {
        return desk.picked_up(&token);
    }
    desk.ask_beside(&ceremonies, factor, Said::default()).await
}

/// Where a person is asked: everything that the pages of this step need.
struct Desk<'a> {
    app: &'a App,
    request: &'a HttpRequest,
    scene: &'a Scene,
    member: &'a MembershipInFull,
    decline: Decline,
    asked: Asked<'a>,
    errand: Errand,
    held: Held,
    offers: Vec<Offer>,
}

/// What is said besides the question.
#[derive(Default)]
struct Said<'a> {
    refused: Option<Refused>,
    elsewhere: bool,
    unanswered: Option<Unanswered>,
    typed: Option<&'a Form>,
    trouble: Option<FactorTrouble>,
}

impl<'a> Desk<'a> {
    async fn at(
        app: &'a App,
        request: &'a HttpRequest,
        scene: &'a Scene,
        whence: &'a Whence,
    ) -> Result<Option<Self>, PageError> {
        let (Step::Factor { member, needed, decline }, Some((session, person))) = (&scene.step, &scene.known.visitor)
        else {
            return Ok(None);
        };
        let wanted = Wanted { aim: scene.flow.ask.aim, school: member.school.id, needed: *needed };
        let held = match &scene.known.held {
            Some(held) => held.clone(),
            None => Held::by(app, person.id).await?,
        };
        let offers = factors::offers(app, &held, &wanted);
        let about = show::about(app, scene, Some(member)).await?;
        let language = crate::web::language(request, about.asked);
        let asked = Asked { app, session, person, whence, language };
        let errand = errand(scene, member);
        Ok(Some(Self { app, request, scene, member, decline: *decline, asked, errand, held, offers }))
    }

    fn here(&self) -> &str {
        &self.scene.here
    }

    /// The offer of a factor by its id, else the one last used that does not wait, else the first.
    fn choose(&self, factor: Option<&str>) -> Option<&Offer> {
        let named = factor.and_then(|id| self.offers.iter().find(|offer| offer.factor.id == id));
        named.or_else(|| self.offers.iter().find(|offer| offer.waits_until.is_none())).or(self.offers.first())
    }

    async fn answer(&self, form: &Form) -> Result<HttpResponse, PageError> {
        let id = form.text("ceremony").parse().ok();
        let ceremony = match id {
            Some(id) => self.app.store.find_ceremony(id).await?.filter(|found| found.session == self.asked.session.id),
            None => None,
        };
        let Some(ceremony) = ceremony else {
            return self.ask(None, Said { elsewhere: true, ..Said::default() }).await;
        };
        let factor = Some(ceremony.factor.as_str());
        let answer = match read_answer(&ceremony, form) {
            None => return self.elsewhere(factor).await,
            Some(Err(unanswered)) => {
                return self
                    .ask(factor, Said { unanswered: Some(unanswered), typed: Some(form), ..Said::default() })
                    .await;
            }
            Some(Ok(answer)) => answer,
        };
        let read = (ceremony.clone(), self.held.clone());
        let prospect = Prospect {
            app: self.app,
            request: self.request,
            flow: &self.scene.flow,
            person: self.asked.person,
            memberships: Some(&self.scene.known.memberships),
        };
        let of = (&self.errand, &prospect);
        let answered = factors::answer_challenge(&self.asked, of, read, answer, peer(self.request)).await?;
        let said = match answered {
            Answered::Accepted { token, end: Some(end), .. } => {
                let mut answer = end.answer(self.app, self.request).await;
                show_session(&mut answer, &token)?;
                return Ok(answer);
            }
            Answered::Accepted { token, session, .. } => return self.raised(&token, session).await,
            Answered::Declined => return Err(ticket::denied(self.app, &self.scene.flow).await?),
            Answered::Elsewhere => return self.elsewhere(factor).await,
            Answered::Again(_) => Said { typed: Some(form), ..Said::default() },
            Answered::Refused(refused) => Said { refused: Some(refused), typed: Some(form), ..Said::default() },
            Answered::Waits { until } | Answered::Locked { until } => {
                let trouble = FactorTrouble::Waits { until: until.as_millis(), others: false };
                Said { trouble: Some(trouble), ..Said::default() }
            }
            Answered::Throttled { minutes } => {
                Said { trouble: Some(FactorTrouble::Throttled { minutes }), ..Said::default() }
            }
            Answered::Fault => Said { trouble: Some(FactorTrouble::Fault), ..Said::default() },
            Answered::Busy => Said { trouble: Some(FactorTrouble::Busy), ..Said::default() },
        };
        self.ask(factor, said).await
    }

    /// It counted elsewhere. Where that was this very session in another tab, the flow's page goes on from there.
    async fn elsewhere(&self, factor: Option<&str>) -> Result<HttpResponse, PageError> {
        let now = self.app.store.find_session(self.asked.session.id).await?;
        if now.is_none_or(|now| now.token != self.asked.session.token) {
            return Ok(see_other(self.here()));
        }
        self.ask(factor, Said { elsewhere: true, ..Said::default() }).await
    }

    /// The session goes on under a fresh token, and so does the flow.
    async fn raised(&self, token: &SecretString, session: Option<Box<Session>>) -> Result<HttpResponse, PageError> {
        let visitor =
            session.and_then(|session| Some(SessionInFull { session: *session, ..self.scene.known.visitor()? }));
        let mut answer = match visitor {
            Some(visitor) => onward(self.app, self.request, self.scene.flow.clone(), visitor).await,
            None => see_other(self.here()),
        };
        show_session(&mut answer, token)?;
        Ok(answer)
    }

    /// The same where a device answered.
    fn picked_up(&self, token: &SecretString) -> Result<HttpResponse, PageError> {
        let mut answer = see_other(self.here());
        show_session(&mut answer, token)?;
        Ok(answer)
    }

    /// Draws the page after something else was done.
    async fn ask(&self, factor: Option<&str>, said: Said<'_>) -> Result<HttpResponse, PageError> {
        let ceremonies = self.app.store.list_ceremonies_of_flow(self.errand.flow).await?;
        self.ask_beside(&ceremonies, factor, said).await
    }

    /// Draws the page. `ceremonies` are those of the flow.
    async fn ask_beside(
        &self,
        ceremonies: &[Ceremony],
        factor: Option<&str>,
        said: Said<'_>,
    ) -> Result<HttpResponse, PageError> {
        let Some(offer) = self.choose(factor) else {
            // A key was removed while the page was open.
            return Err(PageError::Elsewhere(self.here().to_owned()));
        };
        let Said { refused, elsewhere, unanswered, typed, trouble } = said;
        let waits = offer.waits_until.map(|until| FactorTrouble::Waits { until: until.as_millis(), others: false });
        // What waits is not asked, and what just failed is not asked again at once.
        let mut trouble = waits.or(trouble);
        if let Some(FactorTrouble::Waits { others, .. }) = &mut trouble {
            let mut rest = self.offers.iter().filter(|other| other.factor.id != offer.factor.id);
            *others = rest.any(|other| other.waits_until.is_none());
        }
        let asks = matches!(trouble, None | Some(FactorTrouble::Throttled { .. }));
        let mut prompt: Option<PromptView> = None;
        if asks {
            match factors::begin_challenge(&self.asked, offer, &self.errand, ceremonies).await? {
                Begun::Waiting(ceremony) => {
                    let drawn = Drawn {
                        action: format!("{}/factor", self.here()),
                        check_href: format!("{}/factor/{}", self.here(), offer.factor.id),
                        key_name: None,
                        refused,
                        elsewhere,
                        unanswered,
                        typed,
                    };
                    prompt = Some(prompt_view(self.app, self.asked.language, &ceremony, drawn));
                }
                Begun::Fault => trouble = Some(FactorTrouble::Fault),
                Begun::Busy => trouble = Some(FactorTrouble::Busy),
                Begun::Often { minutes } => trouble = Some(FactorTrouble::Often { minutes }),
            }
        }
        let status = status(trouble.as_ref(), prompt.as_ref());
        let wait = trouble.as_ref().and_then(FactorTrouble::retry_after);
        let page = TwoFactor {
            factor: self.name(&offer.factor),
            key: offer.keys.first().filter(|_| offer.keys.len() == 1).map(|key| key.label.clone()),
            prompt,
            trouble,
            others: self.others(offer),
            continue_action: (self.decline == Decline::Offered).then(|| format!("{}/factor/continue", self.here())),
            recovery_href: self.recovery_href(),
            admins: admins_of(self.app, self.member.school.id, self.asked.person).await?,
        };
        let about = show::about(self.app, self.scene, Some(self.member)).await?;
        let mut answer = draw(self.app, status, &frame(self.app, self.request, about), &page, Leads::Away)?;
        if let Some(seconds) = wait {
            answer.headers_mut().insert(RETRY_AFTER, seconds.into());
        }
        Ok(answer)
    }

    fn name(&self, factor: &Descriptor) -> FactorName {
        name_of(self.app, factor, self.asked.language)
    }

    fn others(&self, shown: &Offer) -> Vec<OtherFactor> {
        let others = self.offers.iter().filter(|offer| offer.factor.id != shown.factor.id);
        let other = |offer: &Offer| OtherFactor {
            factor: self.name(&offer.factor),
            href: format!("{}/factor/{}", self.here(), offer.factor.id),
            waits_until: offer.waits_until.map(keyholder_core::time::Timestamp::as_millis),
        };
        others.map(other).collect()
    }

    /// For whoever has no key at hand: a recovery code opens the keys and no application.
    fn recovery_href(&self) -> Option<String> {
        if self.scene.flow.ask.aim == Aim::ManageKeys {
            return None;
        }
        let sheet = self.held.keys.iter().find_map(|key| {
            let factor = self.app.factors.find(&key.factor)?;
            (kind_of(&factor) == KeyKind::RecoveryCode).then_some(factor)
        });
        sheet.map(|factor| format!("{KEYS}/use/{}", factor.id))
    }
}

fn status(trouble: Option<&FactorTrouble>, prompt: Option<&PromptView>) -> StatusCode {
    match trouble {
        Some(FactorTrouble::Fault | FactorTrouble::Busy) => StatusCode::SERVICE_UNAVAILABLE,
        Some(FactorTrouble::Waits { .. } | FactorTrouble::Throttled { .. } | FactorTrouble::Often { .. }) => {
            StatusCode::TOO_MANY_REQUESTS
        }
        Some(FactorTrouble::Full { .. }) => StatusCode::CONFLICT,
        None if prompt.is_some_and(|prompt| prompt.problem.is_some() || prompt.has_error()) => {
            StatusCode::UNPROCESSABLE_ENTITY
        }
        None => StatusCode::OK,
    }
}

fn errand(scene: &Scene, member: &MembershipInFull) -> Errand {
    let application = scene.known.application.as_ref().map(|application| (application.id, application.name.clone()));
    let own = matches!(scene.flow.origin, Origin::Portal { .. });
    let purpose = if own { Purpose::StepUp } else { Purpose::SignIn };
    Errand {
        purpose,
        flow: scene.flow.id,
        application,
        school: (member.school.id, member.school.name.clone()),
        elevation: Place::of(member).elevation,
    }
}
