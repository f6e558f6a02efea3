//! A challenge: begun, answered, picked up.

use std::time::Duration;

use keyholder_core::assurance::Proof;
use keyholder_core::audit::{AuditEvent, AuditKind};
use keyholder_core::ceremony::{Ceremony, Contents};
use keyholder_core::credential::Credential;
use keyholder_core::factor::{
    Accepted, Answer, CredentialUpdate, Fault, Purpose, RejectReason, Rejection, Step, VerifyOutcome, Warning,
};
use keyholder_core::id::{CeremonyId, CredentialId};
use keyholder_core::lockout::Diagnosis;
use keyholder_core::outbox::OutboxMessage;
use keyholder_core::random::draw_token;
use keyholder_core::time::Timestamp;
use keyholder_theme::mail::Mail;
use secrecy::{ExposeSecret, SecretString};

use super::commands::{Accept, Accepting, Begin, Browser, Decline, GoOn, PickUp, Refuse, Refusing, Then};
use super::context::{Diagnosing, context, occasion, same_occasion};
use super::offers::{Held, Offer, reach};
use super::settle::{self, Loaded, Unready, counts, find_own, is_own, word};
use super::{Answered, Asked, Begun, Errand, Refused, named};
use crate::account::keys::left;
use crate::digest::hash_token;
use crate::metrics::FactorOutcome;
use crate::spine::{self, Prospect};
use crate::throttle::{Acquaintance, Attempt};
use crate::web::PageError;

/// A step with less time left is not shown again: it would end under the reader's hands.
const LEAST_TIME: Duration = Duration::from_secs(45);

/// Asks one factor. A step that still waits in this flow is shown again, so that a second tab asks the same. `ceremonies` are those
/// of the flow, the newest first.
pub(crate) async fn begin_challenge(
    asked: &Asked<'_>,
    offer: &Offer,
    errand: &Errand,
    ceremonies: &[Ceremony],
) -> Result<Begun, PageError> {
    let (app, factor) = (asked.app, &offer.factor);
    let now = app.now();
    let keys: Vec<CredentialId> = offer.keys.iter().map(|key| key.id).collect();
    let ours = |open: &&Ceremony| open.session == asked.session.id && open.factor == factor.id && open.is_open(now);
    let open = ceremonies.iter().find(ours).cloned();
    if let Some(open) = &open
        && open.contents.ending.is_none()
        && open.purpose == errand.purpose
        && open.credentials == keys
        && now.plus(LEAST_TIME) < open.expires_at
    {
        return Ok(Begun::Waiting(Box::new(open.clone())));
    }
    if let Err(often) = asked.may_begin() {
        return Ok(often);
    }
    let id = CeremonyId::draw(app.random.as_ref(), now);
    let occasion = occasion(asked, id, Some(errand));
    let told = context(asked, errand.purpose, occasion.clone(), Diagnosing::Forbidden);
    let step = match app.factors.begin_challenge(&factor.id, told, &offer.keys).await {
        Ok(step) => step,
        Err(fault) => return failed(asked, &factor.id, Some(errand), &fault).await,
    };
    super::note_effects(factor, &step.effects);
    let ceremony = Ceremony {
        id,
        version: 1,
        session: asked.session.id,
        flow: Some(errand.flow),
        person: asked.person.id,
        factor: factor.id.clone(),
        purpose: errand.purpose,
        credentials: keys,
        reply_tag: step.reply_tag.clone(),
        expires_at: now.plus(step.lifetime.min(Step::LONGEST)),
        contents: Contents { step, occasion, label: None, ending: None },
        created_at: now,
        ended_at: None,
    };
    app.store.execute(Begin { ceremony: ceremony.clone(), instead_of: open, now }).await?;
    Ok(Begun::Waiting(Box::new(ceremony)))
}

/// The plugin failed: recorded, and said in plain words.
pub(super) async fn failed(
    asked: &Asked<'_>,
    factor: &str,
    errand: Option<&Errand>,
    fault: &Fault,
) -> Result<Begun, PageError> {
    asked.note_fault(factor, errand, fault).await?;
    Ok(if *fault == Fault::Busy { Begun::Busy } else { Begun::Fault })
}

/// The next step of the same ceremony.
pub(super) fn next_step(ceremony: &Ceremony, step: Step, now: Timestamp) -> Ceremony {
    Ceremony {
        reply_tag: step.reply_tag.clone(),
        expires_at: now.plus(step.lifetime.min(Step::LONGEST)),
        contents: Contents { step, ..ceremony.contents.clone() },
        ..ceremony.clone()
    }
}

/// An answer from the page. Tries of a person with one factor are throttled; a password proved again in between forgives none of
/// them. Other factors go on working meanwhile, or whoever guessed the password could keep its owner out with wrong codes.
pub(crate) async fn answer_challenge(
    asked: &Asked<'_>,
    (errand, prospect): (&Errand, &Prospect<'_>),
    read: (Ceremony, Held),
    answer: Answer,
    network: std::net::IpAddr,
) -> Result<Answered, PageError> {
    let (app, factor) = (asked.app, &read.0.factor);
    let account = app.sealer.digest(&format!("throttle-factor/{factor}"), asked.person.id.as_uuid().as_bytes());
    // Whoever proved the password never waits for what others in their network do.
    let attempt = Attempt { account, network, acquaintance: Acquaintance::Familiar };
    if let Err(throttled) = app.throttle.check(&attempt, app.now()) {
        return Ok(Answered::Throttled { minutes: throttled.minutes() });
    }
    let answering = Answering { asked, errand: Some(errand), prospect: Some(prospect), by: By::Browser };
    let answered = answering.answer(read.0.id, Some(read), &answer).await?;
    match &answered {
        Answered::Accepted { .. } => app.throttle.succeeded(&attempt, app.now()),
        // Also what cannot be right, and is no guess against the key: each costs a call of the plugin and leaves rows behind.
        Answered::Refused(_) | Answered::Locked { .. } => app.throttle.failed(&attempt, app.now()),
        Answered::Again(ceremony) if ceremony.contents.step.problem.is_some() => {
            app.throttle.failed(&attempt, app.now());
        }
        _ => app.throttle.withdrawn(&attempt, app.now()),
    }
    Ok(answered)
}

/// Where an answer comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    /// The browser of the session.
    Browser,
    /// A device that the caller authenticated.
    Device,
}

/// Whether a lost swap may be tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    First,
    Last,
}

pub(super) struct Answering<'a> {
    pub(super) asked: &'a Asked<'a>,
    pub(super) errand: Option<&'a Errand>,
    /// The flow in the browser that answers.
    pub(super) prospect: Option<&'a Prospect<'a>>,
    pub(super) by: By,
}

impl Answering<'_> {
    /// `read` is the ceremony with the keys of its person, where this request has read them already.
    pub(super) async fn answer(
        &self,
        id: CeremonyId,
        mut read: Option<(Ceremony, Held)>,
        answer: &Answer,
    ) -> Result<Answered, PageError> {
        for turn in [Turn::First, Turn::Last] {
            let (ceremony, held) = match read.take() {
                Some((ceremony, held)) => (is_own(self.asked, &ceremony).then_some(ceremony), Some(held)),
                None => (find_own(self.asked, id).await?, None),
            };
            let Some(ceremony) = ceremony else { return Ok(Answered::Elsewhere) };
            let bound = self
                .errand
                .is_none_or(|errand| ceremony.flow == Some(errand.flow) && ceremony.purpose == errand.purpose);
            if !bound || ceremony.purpose == Purpose::Enrolment || !settle::fits(&ceremony, answer) {
                return Ok(Answered::Elsewhere);
            }
            let loaded = match settle::load(self.asked.app, ceremony, held).await? {
                Ok(loaded) => loaded,
                Err(Unready::Gone) => return Ok(Answered::Elsewhere),
                Err(Unready::Waits(until)) => return Ok(Answered::Waits { until }),
            };
            if let Some(answered) = self.verify(&loaded, answer.clone(), turn).await? {
                return Ok(answered);
            }
            if turn == Turn::Last {
                self.asked.app.metrics.factor(&loaded.factor.id, FactorOutcome::Lost);
            }
        }
        Ok(Answered::Elsewhere)
    }

    /// `None`: somebody else's change came first.
    async fn verify(&self, loaded: &Loaded, answer: Answer, turn: Turn) -> Result<Option<Answered>, PageError> {
        let (asked, Loaded { ceremony, factor, keys, diagnosing }) = (self.asked, loaded);
        let told = context(asked, ceremony.purpose, same_occasion(ceremony), *diagnosing);
        let state = &ceremony.contents.step.state;
        match asked.app.factors.verify(&factor.id, told, keys, state, answer).await {
            Err(fault) => {
                asked.note_fault(&factor.id, self.errand, &fault).await?;
                Ok(Some(if fault == Fault::Busy { Answered::Busy } else { Answered::Fault }))
            }
            Ok(VerifyOutcome::Accepted(accepted)) => self.accept(loaded, accepted).await,
            Ok(VerifyOutcome::Rejected(rejection)) if rejection.reason == RejectReason::DeclinedByUser => {
                self.decline(loaded).await.map(Some)
            }
            Ok(VerifyOutcome::Rejected(rejection)) => self.refuse(loaded, rejection, turn).await,
            Ok(VerifyOutcome::More(step)) => self.go_on(loaded, step).await,
        }
    }

    async fn accept(&self, loaded: &Loaded, accepted: Accepted) -> Result<Option<Answered>, PageError> {
        let (asked, app, now) = (self.asked, self.asked.app, self.asked.app.now());
        // Only a key that was handed in, and only what the factor was granted.
        let Some(key) = loaded.keys.iter().find(|key| key.id == accepted.credential) else {
            let fault = Fault::Failed("it named a key that was not handed in".to_owned());
            asked.note_fault(&loaded.factor.id, self.errand, &fault).await?;
            return Ok(Some(Answered::Fault));
        };
        super::note_effects(&loaded.factor, &accepted.effects);
        let evidence = accepted.evidence.within(&loaded.factor.ceiling);
        let token = draw_token(app.random.as_ref());
        let until = now.plus(self.errand.map_or(Duration::ZERO, |errand| errand.elevation));
        let browser = (self.by == By::Browser).then(|| Browser {
            session: asked.session.clone(),
            token: hash_token(token.expose_secret()),
            until,
        });
        let proof = Proof::of_factor(now, key.id, &evidence, reach(key));
        let end = match self.prospect {
            Some(prospect) => {
                let raised = asked.session.clone().elevate(proof.clone(), until);
                Box::pin(spine::foresee(prospect, raised)).await?.end()
            }
            None => None,
        };
        let detail = named(&loaded.factor, Some(key));
        let replayed = self.refusal(loaded, &RejectReason::Replayed);
        let command = Accept {
            ceremony: loaded.ceremony.clone(),
            key: key.clone(),
            consume: accepted.consume,
            proof,
            browser,
            end: end.as_ref().map(|end| end.finish()),
            audit: asked.event(accepted_kind(loaded, evidence.recovery_only), self.errand, Some(&detail)),
            replayed,
            locked: self.locked(loaded),
            mails: if evidence.recovery_only {
                vec![self.recovery_mail(key, accepted.update.as_ref())?]
            } else {
                Vec::new()
            },
            update: accepted.update,
            now,
        };
        let outcome = app.store.execute(command).await;
        Ok(Some(match outcome? {
            Accepting::Done { session, ended } => {
                if evidence.recovery_only {
                    app.outbox_wake.notify_one();
                }
                app.metrics.factor(&loaded.factor.id, FactorOutcome::Accepted);
                if accepted.warnings.contains(&Warning::PossibleClone) {
                    tracing::warn!(factor = %loaded.factor.id, key = %key.id, "a key may have been copied: its counter went back");
                }
                Answered::Accepted { token, session, end: end.filter(|_| ended), warnings: accepted.warnings }
            }
            Accepting::Lost => return Ok(None),
            Accepting::Waits(until) => Answered::Waits { until },
            Accepting::Replayed => {
                app.metrics.factor(&loaded.factor.id, FactorOutcome::Refused);
                Answered::Refused(Refused::because(RejectReason::Replayed))
            }
            Accepting::SignedOut => Answered::Elsewhere,
        }))
    }

    /// To the owner: a recovery code was used, and how many are left.
    fn recovery_mail(&self, key: &Credential, update: Option<&CredentialUpdate>) -> Result<OutboxMessage, PageError> {
        let (app, person) = (self.asked.app, self.asked.person);
        let facts = update.and_then(|update| update.facts.clone()).unwrap_or_else(|| key.facts.clone());
        let mail = Mail::RecoveryCodeUsed {
            name: person.display_name(),
            left: left(&Credential { facts, ..key.clone() }).unwrap_or_default(),
            circumstances: spine::circumstances(app, self.asked.whence),
        };
        spine::mail_to(app, person, &mail)
    }

    async fn refuse(&self, loaded: &Loaded, rejection: Rejection, turn: Turn) -> Result<Option<Answered>, PageError> {
        let mut refused = Refused {
            reason: rejection.reason.clone(),
            text: rejection.text.clone(),
            clock_off_ms: rejection.clock_off_ms,
        };
        let outcome = self.keep(loaded, rejection, Then::End, turn).await?;
        Ok(match outcome {
            Refusing::Lost => None,
            Refusing::Kept { waits: Some(until), .. } => Some(Answered::Locked { until }),
            Refusing::Kept { told, .. } => {
                refused.clock_off_ms = refused.clock_off_ms.filter(|_| told);
                Some(Answered::Refused(refused))
            }
        })
    }

    /// The step goes on. With a problem in it, an answer was wrong.
    async fn go_on(&self, loaded: &Loaded, step: Step) -> Result<Option<Answered>, PageError> {
        let (app, now) = (self.asked.app, self.asked.app.now());
        let problem = step.problem.clone();
        super::note_effects(&loaded.factor, &step.effects);
        let mut next = next_step(&loaded.ceremony, step, now);
        let Some(problem) = problem else {
            if !app.store.execute(GoOn { ceremony: next.clone() }).await? {
                return Ok(None);
            }
            next.version += 1;
            return Ok(Some(Answered::Again(Box::new(next))));
        };
        let rejection = Rejection {
            reason: problem.reason,
            text: None,
            clock_off_ms: problem.clock_off_ms,
            updates: Vec::new(),
            consume: Vec::new(),
        };
        let outcome = self.keep(loaded, rejection, Then::GoOn(Box::new(next.clone())), Turn::Last).await?;
        Ok(Some(match outcome {
            Refusing::Kept { waits: Some(until), .. } => Answered::Locked { until },
            Refusing::Kept { moved: true, told, .. } => {
                if let Some(problem) = next.contents.step.problem.as_mut().filter(|_| !told) {
                    problem.clock_off_ms = None;
                }
                next.version += 1;
                Answered::Again(Box::new(next))
            }
            Refusing::Kept { .. } | Refusing::Lost => Answered::Elsewhere,
        }))
    }

    async fn keep(&self, loaded: &Loaded, rejection: Rejection, then: Then, turn: Turn) -> Result<Refusing, PageError> {
        let app = self.asked.app;
        let diagnosis = if loaded.diagnosing == Diagnosing::Allowed { Diagnosis::Made } else { Diagnosis::NotMade };
        let command = Refuse {
            ceremony: loaded.ceremony.clone(),
            keys: loaded.keys.clone(),
            counts: counts(&rejection.reason),
            audit: self.refusal(loaded, &rejection.reason),
            updates: rejection.updates,
            consume: rejection.consume,
            then,
            diagnosis,
            last_try: turn == Turn::Last,
            locked: self.locked(loaded),
            now: app.now(),
        };
        let outcome = app.store.execute(command).await?;
        if let Refusing::Kept { waits, .. } = outcome {
            app.metrics.factor(&loaded.factor.id, FactorOutcome::Refused);
            if waits.is_some() {
                app.metrics.factor(&loaded.factor.id, FactorOutcome::Waits);
                tracing::warn!(factor = %loaded.factor.id, person = %self.asked.person.id, "a key waits after too many wrong answers");
            }
        }
        Ok(outcome)
    }

    async fn decline(&self, loaded: &Loaded) -> Result<Answered, PageError> {
        let app = self.asked.app;
        let detail = named(&loaded.factor, loaded.keys.first());
        let audit = self.asked.event(AuditKind::FactorDeclined, self.errand, Some(&detail));
        if !app.store.execute(Decline { ceremony: loaded.ceremony.clone(), audit, now: app.now() }).await? {
            return Ok(Answered::Elsewhere);
        }
        app.metrics.factor(&loaded.factor.id, FactorOutcome::Declined);
        tracing::warn!(factor = %loaded.factor.id, person = %self.asked.person.id, "a sign-in was denied at a device");
        Ok(Answered::Declined)
    }

    fn refusal(&self, loaded: &Loaded, reason: &RejectReason) -> AuditEvent {
        // Which of several keys was meant, only the right answer tells.
        let key = loaded.keys.first().filter(|_| loaded.keys.len() == 1);
        let detail = format!("{}: {}", named(&loaded.factor, key), word(reason));
        self.asked.event(AuditKind::FactorRefused, self.errand, Some(&detail))
    }

    fn locked(&self, loaded: &Loaded) -> AuditEvent {
        let key = loaded.keys.first().filter(|_| loaded.keys.len() == 1);
        self.asked.event(AuditKind::FactorLocked, self.errand, Some(&named(&loaded.factor, key)))
    }
}

fn accepted_kind(loaded: &Loaded, recovery: bool) -> AuditKind {
    match loaded.ceremony.purpose {
        _ if recovery => AuditKind::RecoveryCodeUsed,
        Purpose::StepUp => AuditKind::Elevated,
        Purpose::SignIn | Purpose::Enrolment => AuditKind::FactorAccepted,
    }
}

/// Takes the proof that a device gave for this flow, if one waits: the session goes on under this token.
/// `ceremonies` are those of the flow.
pub(crate) async fn pick_up(
    asked: &Asked<'_>,
    errand: &Errand,
    ceremonies: &[Ceremony],
) -> Result<Option<SecretString>, PageError> {
    let (app, now) = (asked.app, asked.app.now());
    for ceremony in ceremonies {
        if ceremony.session != asked.session.id || !ceremony.is_open(now) || ceremony.contents.ending.is_none() {
            continue;
        }
        let token = draw_token(app.random.as_ref());
        let browser = Browser {
            session: asked.session.clone(),
            token: hash_token(token.expose_secret()),
            until: now.plus(errand.elevation),
        };
        if app.store.execute(PickUp { ceremony: ceremony.clone(), browser, now }).await? {
            return Ok(Some(token));
        }
    }
    Ok(None)
}
