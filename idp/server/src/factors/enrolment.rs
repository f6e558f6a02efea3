//! An enrolment: begun, answered.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpRequest;
use keyholder_core::audit::AuditKind;
use keyholder_core::ceremony::{Ceremony, Contents};
use keyholder_core::credential::{Credential, CredentialOwner};
use keyholder_core::factor::{Answer, Descriptor, EnrolOutcome, Fault, NewCredential, Purpose, Step};
use keyholder_core::id::{CeremonyId, CredentialId};
use keyholder_core::ports::Queries;

use super::challenge::{failed, next_step};
use super::commands::{self, Begin, Enrol, GoOn, Permission};
use super::context::{Diagnosing, context, occasion, same_occasion};
use super::settle::{find_own, fits, word};
use super::{Asked, Begun, Refused};
use crate::account::keys::{mail_of_added_key, mail_of_replaced_key};
use crate::metrics::FactorOutcome;
use crate::spine::commands::Record;
use crate::throttle::{Acquaintance, Attempt};
use crate::web::PageError;

const LEAST_TIME: Duration = Duration::from_mins(1);

/// A key to be added.
pub(crate) struct Enrolling<'a> {
    pub(crate) asked: Asked<'a>,
    pub(crate) request: &'a HttpRequest,
    pub(crate) permission: Permission,
}

/// What became of an answer.
#[derive(Debug)]
pub(crate) enum EnrolAnswered {
    Enrolled,
    /// The step goes on: the same QR code, and what was wrong.
    Again(Box<Ceremony>),
    /// It cannot be added, and the ceremony is over.
    Refused(Refused),
    /// This very key is registered already.
    Known,
    /// The session may not add it any more.
    NotPermitted,
    /// They have as many as one may have.
    Full,
    /// It went on in another tab, or took too long.
    Elsewhere,
    /// Too many wrong answers of this person: it was not looked at.
    Throttled {
        minutes: u32,
    },
    Fault,
    Busy,
}

/// Begins to enrol a key of this factor. A step that still waits in this session is shown again with the same QR code.
pub(crate) async fn begin_enrolment(asked: &Asked<'_>, factor: &Descriptor) -> Result<Begun, PageError> {
    let (app, now) = (asked.app, asked.app.now());
    let existing = existing(asked, &factor.id).await?;
    let open = app.store.find_open_ceremony(asked.session.id, None, &factor.id, now).await?;
    if let Some(open) = &open
        && open.purpose == Purpose::Enrolment
        && now.plus(LEAST_TIME) < open.expires_at
    {
        return Ok(Begun::Waiting(Box::new(open.clone())));
    }
    if let Err(often) = asked.may_begin() {
        return Ok(often);
    }
    let id = CeremonyId::draw(app.random.as_ref(), now);
    let occasion = occasion(asked, id, None);
    let told = context(asked, Purpose::Enrolment, occasion.clone(), Diagnosing::Forbidden);
    let step = match app.factors.begin_enrolment(&factor.id, told, &existing).await {
        Ok(step) => step,
        Err(fault) => return failed(asked, &factor.id, None, &fault).await,
    };
    super::note_effects(factor, &step.effects);
    let ceremony = Ceremony {
        id,
        version: 1,
        session: asked.session.id,
        flow: None,
        person: asked.person.id,
        factor: factor.id.clone(),
        purpose: Purpose::Enrolment,
        credentials: Vec::new(),
        reply_tag: step.reply_tag.clone(),
        expires_at: now.plus(step.lifetime.min(Step::LONGEST)),
        contents: Contents { step, occasion, label: None, ending: None },
        created_at: now,
        ended_at: None,
    };
    app.store.execute(Begin { ceremony: ceremony.clone(), instead_of: open, now }).await?;
    Ok(Begun::Waiting(Box::new(ceremony)))
}

/// An open enrolment of this session: to show it again with what is wrong about the name.
pub(crate) async fn find_enrolment(asked: &Asked<'_>, id: CeremonyId) -> Result<Option<Ceremony>, PageError> {
    Ok(find_own(asked, id).await?.filter(|ceremony| ceremony.purpose == Purpose::Enrolment))
}

async fn existing(asked: &Asked<'_>, factor: &str) -> Result<Vec<Credential>, PageError> {
    let mut held = asked.app.store.list_credentials(asked.person.id).await?;
    held.retain(|key| key.factor == factor);
    Ok(held)
}

/// An answer from the page, with the name for the key, which the caller has checked; `None`: the plugin's suggestion. Wrong ones are
/// throttled as those of a challenge are, and apart from them: there is no key yet against which they could count.
pub(crate) async fn answer_enrolment(
    enrolling: &Enrolling<'_>,
    id: CeremonyId,
    label: Option<&str>,
    answer: Answer,
) -> Result<EnrolAnswered, PageError> {
    let asked = &enrolling.asked;
    let app = asked.app;
    let Some(ceremony) = find_enrolment(asked, id).await? else { return Ok(EnrolAnswered::Elsewhere) };
    let Some(factor) = app.factors.find(&ceremony.factor) else { return Ok(EnrolAnswered::Elsewhere) };
    if !fits(&ceremony, &answer) {
        return Ok(EnrolAnswered::Elsewhere);
    }
    let attempt = attempt(asked, &factor.id);
    if let Err(throttled) = app.throttle.check(&attempt, app.now()) {
        return Ok(EnrolAnswered::Throttled { minutes: throttled.minutes() });
    }
    let answered = look_at(enrolling, ceremony, &factor, label, answer).await?;
    match &answered {
        EnrolAnswered::Enrolled => app.throttle.succeeded(&attempt, app.now()),
        EnrolAnswered::Refused(_) | EnrolAnswered::Known => app.throttle.failed(&attempt, app.now()),
        EnrolAnswered::Again(next) if next.contents.step.problem.is_some() => {
            app.throttle.failed(&attempt, app.now());
        }
        _ => app.throttle.withdrawn(&attempt, app.now()),
    }
    Ok(answered)
}

/// Tries of a person with one factor. Whoever signed in never waits for what others in their network do.
fn attempt(asked: &Asked<'_>, factor: &str) -> Attempt {
    let context = format!("throttle-enrolment/{factor}");
    Attempt {
        account: asked.app.sealer.digest(&context, asked.person.id.as_uuid().as_bytes()),
        network: asked.whence.address.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)),
        acquaintance: Acquaintance::Familiar,
    }
}

async fn look_at(
    enrolling: &Enrolling<'_>,
    ceremony: Ceremony,
    factor: &Arc<Descriptor>,
    label: Option<&str>,
    answer: Answer,
) -> Result<EnrolAnswered, PageError> {
    let asked = &enrolling.asked;
    let app = asked.app;
    let existing = existing(asked, &factor.id).await?;
    let told = context(asked, Purpose::Enrolment, same_occasion(&ceremony), Diagnosing::Forbidden);
    let state = &ceremony.contents.step.state;
    match app.factors.finish_enrolment(&factor.id, told, &existing, state, answer).await {
        Ok(EnrolOutcome::Enrolled(new)) => enrol(enrolling, &ceremony, factor, label, new).await,
        Ok(EnrolOutcome::More(step)) => {
            super::note_effects(factor, &step.effects);
            let mut next = next_step(&ceremony, step, app.now());
            next.contents.label = label.map(str::to_owned).or(next.contents.label);
            if !app.store.execute(GoOn { ceremony: next.clone() }).await? {
                return Ok(EnrolAnswered::Elsewhere);
            }
            next.version += 1;
            Ok(EnrolAnswered::Again(Box::new(next)))
        }
        Ok(EnrolOutcome::Rejected(rejection)) => {
            app.metrics.factor(&factor.id, FactorOutcome::Refused);
            let detail = format!("{}: {}", factor.id, word(&rejection.reason));
            let audit = asked.event(AuditKind::FactorRefused, None, Some(&detail));
            app.store.execute(Record { audit }).await?;
            app.store.execute(GoOn { ceremony: Ceremony { ended_at: Some(app.now()), ..ceremony } }).await?;
            Ok(EnrolAnswered::Refused(rejection.into()))
        }
        Err(fault) => {
            asked.note_fault(&factor.id, None, &fault).await?;
            Ok(if fault == Fault::Busy { EnrolAnswered::Busy } else { EnrolAnswered::Fault })
        }
    }
}

async fn enrol(
    enrolling: &Enrolling<'_>,
    ceremony: &Ceremony,
    factor: &Arc<Descriptor>,
    label: Option<&str>,
    new: NewCredential,
) -> Result<EnrolAnswered, PageError> {
    let Enrolling { asked, request, permission } = enrolling;
    let (app, now) = (asked.app, asked.app.now());
    super::note_effects(factor, &new.effects);
    let key = Credential {
        id: CredentialId::draw(app.random.as_ref(), now),
        owner: CredentialOwner::Person(asked.person.id),
        holder: Some(asked.person.id),
        factor: factor.id.clone(),
        lookup: new.lookup,
        label: label.map_or(new.suggested_label, str::to_owned),
        format: new.format,
        secret: new.data,
        device: new.device,
        evidence: new.evidence.within(&factor.ceiling),
        facts: new.facts,
        version: 1,
        created_at: now,
        last_used_at: None,
    };
    let detail = format!("{} ({}): {}", factor.id, permission.right().word(), key.label);
    let command = Enrol {
        ceremony: ceremony.clone(),
        consume: new.consume,
        permission: *permission,
        only_one: !factor.multiple_per_user,
        installed: app.factors.list().iter().map(|factor| factor.id.clone()).collect(),
        audit: asked.event(AuditKind::KeyAdded, None, Some(&detail)),
        mail: mail_of_added_key(app, request, asked.person, &key)?,
        replaced: mail_of_replaced_key(app, request, asked.person, &key)?,
        idle: app.config.session.idle(),
        key,
        now,
    };
    Ok(match app.store.execute(command).await? {
        commands::EnrolOutcome::Done => {
            app.outbox_wake.notify_one();
            EnrolAnswered::Enrolled
        }
        commands::EnrolOutcome::Lost => EnrolAnswered::Elsewhere,
        commands::EnrolOutcome::Known => EnrolAnswered::Known,
        commands::EnrolOutcome::NotPermitted => EnrolAnswered::NotPermitted,
        commands::EnrolOutcome::Full => EnrolAnswered::Full,
    })
}
