//! Delivers what waits in the outbox: at least once, in no order, with ever longer waits between tries.
//!
//! Mails and notices to applications wait in lanes of their own, so that a receiver that hangs holds up no mail.
//!
//! Owns claims, tries and giving up. A message is claimed in one transaction, delivered while none is open, and removed or
//! put off in another: whoever dies in between delivers it again, under the same `Message-ID`.

use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt as _;
use keyholder_core::id::OutboxId;
use keyholder_core::locale::Language;
use keyholder_core::outbox::{Delivery, Lane, OutboxMessage};
use keyholder_core::ports::{Command, Queries as _, Sealer, StoreError, Transaction};
use keyholder_core::random::{Random, draw_bytes};
use keyholder_core::time::{Clock, Timestamp};
use keyholder_store::SqlStore;
use keyholder_theme::Theme;
use keyholder_theme::mail::Mail;

use super::{back_channel, describe, password_link, saml_logout};
use crate::app::App;
use crate::keys::KeyRing;
use crate::mail::{Letter, Mailer};
use crate::metrics::{DeliveryOutcome, Metrics};
use crate::outbound::Fetcher;
use crate::saml::keys::SamlKeys;

/// Messages claimed at once.
const BATCH: u64 = 16;
/// Mails delivered at once: what a school's mail server takes from one sender.
const PARALLEL_MAILS: usize = 4;
/// Notices delivered at once: each goes to somebody else, and few at a time would wait for one that hangs.
const PARALLEL_NOTICES: usize = 16;
/// How long a claim holds: longer than all messages of a batch take with a mail server that answers nothing.
const CLAIM: Duration = Duration::from_mins(10);
/// The wait after the first failure; three times as long after each further one.
const FIRST_WAIT: Duration = Duration::from_secs(5);
const LONGEST_WAIT: Duration = Duration::from_hours(1);
/// Tries before a message is given up: with the waits above a bit more than a day, so that a mail server may be down
/// overnight.
const TRIES: u32 = 32;

/// What a delivery needs.
#[derive(Debug, Clone, Copy)]
pub struct Post<'a> {
    pub store: &'a SqlStore,
    pub theme: &'a Theme,
    pub mailer: &'a Mailer,
    pub clock: &'a dyn Clock,
    pub random: &'a dyn Random,
    pub sealer: &'a dyn Sealer,
    pub fetcher: &'a Fetcher,
    pub keys: &'a KeyRing,
    pub saml: &'a SamlKeys,
    /// Begins the addresses in mails, and signs logout tokens; without a slash at its end.
    pub issuer: &'a str,
    pub metrics: &'a Metrics,
}

impl<'a> Post<'a> {
    /// Of the wired application.
    pub fn of(app: &'a App) -> Self {
        Self {
            store: &app.store,
            theme: &app.theme,
            mailer: &app.mailer,
            clock: app.clock.as_ref(),
            random: app.random.as_ref(),
            sealer: app.sealer.as_ref(),
            fetcher: &app.fetcher,
            keys: &app.keys,
            saml: &app.saml,
            issuer: app.config.issuer(),
            metrics: &app.metrics,
        }
    }
}

/// What became of one message.
#[derive(Debug)]
pub(super) enum Outcome {
    /// It left; the row goes.
    Delivered,
    /// The row is gone already, in the transaction of what it asked for.
    Answered,
    /// Not now.
    Later(String),
    /// Never.
    Never(String),
}

/// Delivers everything of a lane that is due. Answers how many messages were tried. Writes nothing where nothing waits.
pub async fn deliver_due(post: &Post<'_>, worker: &str, lane: Lane) -> Result<usize, StoreError> {
    let parallel = match lane {
        Lane::Mails => PARALLEL_MAILS,
        Lane::Notices => PARALLEL_NOTICES,
    };
    let mut tried = 0;
    while post.store.count_waiting_outbox().await? > 0 {
        let now = post.clock.now();
        let claimed = post.store.execute(Claim { worker: worker.to_owned(), lane, now }).await?;
        if claimed.is_empty() {
            break;
        }
        tried += claimed.len();
        let mut settled = futures::stream::iter(claimed)
            .map(|message| async move {
                let outcome = deliver(post, &message).await;
                settle(post, &message, outcome).await
            })
            .buffer_unordered(parallel);
        let mut first_error = Ok(());
        while let Some(result) = settled.next().await {
            first_error = first_error.and(result);
        }
        first_error?;
    }
    Ok(tried)
}

async fn deliver(post: &Post<'_>, message: &OutboxMessage) -> Outcome {
    if message.attempts > TRIES {
        return Outcome::Never("whoever tried to deliver it died".into());
    }
    match &message.delivery {
        Delivery::PasswordLinkAsked { email, language, resume } => {
            match password_link::answer(post, message.id, email, *language, resume.as_deref()).await {
                Ok(_) => Outcome::Answered,
                Err(error) => Outcome::Later(describe(&error)),
            }
        }
        Delivery::Mail { to, language, mail } => match serde_json::from_value(mail.clone()) {
            Ok(mail) => send(post, message, to, *language, &mail).await,
            Err(_) => Outcome::Never("the stored mail cannot be read".into()),
        },
        Delivery::BackChannelLogout { application, session, subject } => {
            back_channel::tell(post, *application, *session, subject).await
        }
        Delivery::SamlLogout { application, told } => saml_logout::tell(post, *application, told).await,
    }
}

async fn send(post: &Post<'_>, message: &OutboxMessage, to: &str, language: Language, mail: &Mail) -> Outcome {
    let content = Content::of(mail);
    if content.life.is_some_and(|life| post.clock.now() >= message.created_at.plus(life)) {
        return Outcome::Never("the link in it has expired".into());
    }
    let drawn = match post.theme.draw_mail(language, mail) {
        Ok(drawn) => drawn,
        Err(error) => return Outcome::Later(describe(&error)),
    };
    let letter = Letter {
        id: message.id,
        written_at: message.created_at,
        name: content.name,
        address: to,
        drawn: &drawn,
        link: content.link,
    };
    match post.mailer.send(&letter).await {
        Ok(()) => Outcome::Delivered,
        Err(error) if error.is_temporary() => Outcome::Later(describe(&error)),
        Err(error) => Outcome::Never(describe(&error)),
    }
}

async fn settle(post: &Post<'_>, message: &OutboxMessage, outcome: Outcome) -> Result<(), StoreError> {
    post.metrics.delivery(match &outcome {
        Outcome::Answered | Outcome::Delivered => DeliveryOutcome::Delivered,
        Outcome::Later(_) if message.attempts < TRIES => DeliveryOutcome::Postponed,
        Outcome::Later(_) | Outcome::Never(_) => DeliveryOutcome::GivenUp,
    });
    // The claim has counted this try.
    let (kind, tries) = (&message.delivery, message.attempts);
    match outcome {
        Outcome::Answered => Ok(()),
        Outcome::Delivered => post.store.execute(Remove { id: message.id }).await,
        Outcome::Later(error) if tries < TRIES => {
            let wait = wait(tries, post.random);
            tracing::warn!(id = %message.id, ?kind, tries, wait = wait.as_secs(), error, "not delivered, tried again");
            let due_at = Some(post.clock.now().plus(wait));
            post.store.execute(PutOff { id: message.id, due_at, error }).await
        }
        Outcome::Later(error) | Outcome::Never(error) => {
            tracing::error!(id = %message.id, ?kind, tries, error, "not delivered, given up");
            post.store.execute(PutOff { id: message.id, due_at: None, error }).await
        }
    }
}

/// The wait after so many failures, drawn from a range of a fifth around its mean, so that what failed together does not
/// come back together.
fn wait(tries: u32, random: &dyn Random) -> Duration {
    let factor = 3_u32.checked_pow(tries.saturating_sub(1)).unwrap_or(u32::MAX);
    let mean = FIRST_WAIT.saturating_mul(factor).min(LONGEST_WAIT);
    let thousandths = 900 + u32::from(u16::from_be_bytes(draw_bytes(random))) * 200 / u32::from(u16::MAX);
    mean * thousandths / 1000
}

/// What a mail says beside its words.
struct Content<'a> {
    name: &'a str,
    link: Option<&'a str>,
    /// How long the link lives; a mail that leaves later helps nobody.
    life: Option<Duration>,
}

impl<'a> Content<'a> {
    fn of(mail: &'a Mail) -> Self {
        match mail {
            Mail::PasswordLink { name, link, minutes, .. }
            | Mail::ConfirmEmail { name, link, minutes }
            | Mail::FirstKey { name, link, minutes } => {
                Self { name, link: Some(link), life: Some(Duration::from_mins(u64::from(*minutes))) }
            }
            // Late, they still tell what happened.
            Mail::KeyAdded { name, link, .. } | Mail::KeyReplaced { name, link, .. } => {
                Self { name, link: Some(link), life: None }
            }
            Mail::PasswordChanged { name, .. }
            | Mail::EmailChanged { name, .. }
            | Mail::NewBrowser { name, .. }
            | Mail::KeyRenamed { name, .. }
            | Mail::KeyIssued { name, .. }
            | Mail::KeyRemoved { name, .. }
            | Mail::RecoveryCodeUsed { name, .. } => Self { name, link: None, life: None },
        }
    }
}

/// Takes due messages for this worker.
#[derive(Debug)]
struct Claim {
    worker: String,
    lane: Lane,
    now: Timestamp,
}

#[async_trait]
impl Command for Claim {
    type Output = Vec<OutboxMessage>;

    async fn run(&self, transaction: &dyn Transaction) -> Result<Vec<OutboxMessage>, StoreError> {
        transaction.claim_outbox(self.lane, &self.worker, self.now, self.now.plus(CLAIM), BATCH).await
    }
}

/// Removes a delivered message.
#[derive(Debug)]
struct Remove {
    id: OutboxId,
}

#[async_trait]
impl Command for Remove {
    type Output = ();

    async fn run(&self, transaction: &dyn Transaction) -> Result<(), StoreError> {
        transaction.delete_outbox(self.id).await
    }
}

/// Puts a message off, or gives it up.
#[derive(Debug)]
struct PutOff {
    id: OutboxId,
    due_at: Option<Timestamp>,
    error: String,
}

#[async_trait]
impl Command for PutOff {
    type Output = ();

    async fn run(&self, transaction: &dyn Transaction) -> Result<(), StoreError> {
        transaction.retry_outbox(self.id, self.due_at, &self.error).await
    }
}

#[cfg(test)]
mod tests;
