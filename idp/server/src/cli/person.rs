//! `keyholder person`: the accounts of people, at the command line.

use std::io::BufRead as _;
use std::path::PathBuf;

use clap::Subcommand;
use keyholder_core::locale::Language;
use keyholder_core::person::Person;
use keyholder_core::ports::{PersonFilter, Queries as _};
use keyholder_core::random::{Random, draw_bytes};
use keyholder_store::SqlStore;
use secrecy::{ExposeSecret as _, SecretString};

use super::apply::Mode;
use super::context::{Context, describe_membership, load_person, load_school, parse_email};
use super::error::CliError;
use super::import::{self, Batch, Place, Wanted, WantedMembership, check_name};
use super::person_commands::{AskNewAddress, Disable, Enable, MakePass, PASS_HOURS, SetAddress, SetPassword};
use crate::account::keys::read_pass;
use crate::digest::hash_token;
use crate::password::policy::Context as PolicyContext;
use crate::password::pool::PasswordPool;

/// `keyholder person ...`.
#[derive(Debug, Subcommand)]
pub(super) enum PersonCommand {
    /// Add one person to a school.
    Add {
        email: String,
        #[arg(long)]
        given_name: String,
        #[arg(long)]
        family_name: String,
        /// Slug of the school.
        #[arg(long)]
        school: String,
        /// Slug of the user group in that school.
        #[arg(long)]
        group: String,
        /// Makes them an Admin Key Holder of that school.
        #[arg(long)]
        admin_key_holder: bool,
        /// `en` or `cy`.
        #[arg(long)]
        language: Option<String>,
        /// Mails them a link with which they set their first password.
        #[arg(long)]
        invite: bool,
    },
    /// Add and change people from a file of JSON lines.
    Import {
        file: PathBuf,
        /// Only say what would happen.
        #[arg(long)]
        dry_run: bool,
    },
    /// List people.
    List {
        /// Only those of one school, former ones included.
        #[arg(long)]
        school: Option<String>,
    },
    /// Show one person.
    Show { email: String },
    /// Set a password, read from standard input. Ends all sessions of the person.
    SetPassword {
        email: String,
        /// Required: a password never stands on the command line, where others see it.
        #[arg(long, required = true)]
        stdin: bool,
    },
    /// Change the address. It counts once the new one has answered a mail.
    SetEmail {
        email: String,
        new_email: String,
        /// Changes it at once, unverified; the old address is told.
        #[arg(long)]
        unverified: bool,
    },
    /// Make an access pass: with it and their password somebody adds a first security key. Hand it over in person; it works once, for
    /// 24 hours, and a former one dies.
    AccessPass { email: String },
    /// Refuse every sign-in of a person and end all their sessions.
    Disable { email: String },
    /// Permit sign-ins again.
    Enable { email: String },
}

pub(super) async fn run(context: &mut Context, command: PersonCommand) -> Result<(), CliError> {
    if let PersonCommand::Import { file, dry_run } = &command {
        return import::run(context, file, if *dry_run { Mode::DryRun } else { Mode::Write }).await;
    }
    let store = context.open_store().await?;
    let outcome = run_on(context, &store, command).await;
    store.close().await;
    outcome
}

async fn run_on(context: &mut Context, store: &SqlStore, command: PersonCommand) -> Result<(), CliError> {
    match command {
        PersonCommand::Import { .. } => Ok(()),
        PersonCommand::Add { .. } => add(context, store, command).await,
        PersonCommand::List { school } => list(context, store, school).await,
        PersonCommand::Show { email } => show(context, store, &email).await,
        PersonCommand::SetPassword { email, .. } => set_password(context, store, &email).await,
        PersonCommand::SetEmail { email, new_email, unverified } => {
            set_email(context, store, &email, &new_email, unverified).await
        }
        PersonCommand::AccessPass { email } => access_pass(context, store, &email).await,
        PersonCommand::Disable { email } => {
            let person = load_person(store, &email).await?;
            let ended = store.execute(Disable { person: person.id, surroundings: context.surroundings() }).await?;
            let sessions = if ended == 1 { "1 session was".to_owned() } else { format!("{ended} sessions were") };
            context.say(&format!("{} can no longer sign in; {sessions} ended", person.email))
        }
        PersonCommand::Enable { email } => {
            let person = load_person(store, &email).await?;
            store.execute(Enable { person: person.id, surroundings: context.surroundings() }).await?;
            context.say(&format!("{} can sign in", person.email))
        }
    }
}

async fn add(context: &mut Context, store: &SqlStore, command: PersonCommand) -> Result<(), CliError> {
    let PersonCommand::Add { email, given_name, family_name, school, group, admin_key_holder, language, invite } =
        command
    else {
        return Ok(());
    };
    let email = parse_email(&email)?;
    for name in [&given_name, &family_name] {
        check_name(name).map_err(CliError::Refused)?;
    }
    let language = match language {
        None => None,
        Some(tag) => Some(
            Language::from_tag(&tag)
                .ok_or_else(|| CliError::Refused(format!("`{tag}` is not known; expected `en` or `cy`")))?,
        ),
    };
    if store.find_person_by_email(&email.key()).await?.is_some() {
        return Err(CliError::Refused(format!("somebody has the address {email} already")));
    }
    let school = load_school(store, &school).await?;
    let groups = store.list_groups(school.id).await?;
    let Some(found) = groups.iter().find(|known| known.slug == group) else {
        let hint = crate::config::faults::suggestion(&group, groups.iter().map(|known| known.slug.as_str()));
        return Err(CliError::Refused(format!("`{}` has no group `{group}`{hint}", school.slug)));
    };
    let membership = WantedMembership {
        school: school.id,
        group: found.id,
        pupil_scopes: Vec::new(),
        admin_key_holder: Some(admin_key_holder),
        starts_at: None,
        ends_at: None,
    };
    let wanted = Wanted {
        place: Place { line: 1, column: 1 },
        email: email.clone(),
        given_name: given_name.trim().to_owned(),
        family_name: family_name.trim().to_owned(),
        language,
        password_hash: None,
        memberships: vec![membership],
    };
    let batch = Batch {
        people: vec![wanted],
        mode: Mode::Write,
        now: context.clock.now(),
        random: context.random.clone(),
        source: "keyholder person add",
        invite,
    };
    store.execute(batch).await?;
    let next = if invite {
        "a link to set a password is on its way"
    } else {
        "Forgot Password on the sign-in page sets the first password"
    };
    context.say(&format!("{email} was added to {}; {next}", school.name))
}

async fn list(context: &mut Context, store: &SqlStore, school: Option<String>) -> Result<(), CliError> {
    let filter = match school {
        None => PersonFilter::All,
        Some(slug) => PersonFilter::OfSchool(load_school(store, &slug).await?.id),
    };
    for person in store.list_people(filter).await? {
        let state = if person.disabled_at.is_some() { "  (disabled)" } else { "" };
        context.say(&format!("{}  {}{state}", person.email, person.display_name()))?;
    }
    Ok(())
}

async fn show(context: &mut Context, store: &SqlStore, email: &str) -> Result<(), CliError> {
    let person = load_person(store, email).await?;
    let memberships = store.list_memberships(person.id).await?;
    let password = store.find_password(person.id).await?;
    let sessions = store.list_live_sessions(person.id, context.clock.now()).await?;
    let verified = if person.email_verified_at.is_some() { "verified" } else { "not verified" };
    let mut lines = vec![
        format!("name        {}", person.display_name()),
        format!("e-mail      {} ({verified})", person.email),
        format!("subject     {}", person.subject),
        format!("password    {}", if password.is_some() { "set" } else { "not set" }),
        format!("sessions    {}", sessions.len()),
    ];
    if let Some(at) = person.disabled_at {
        lines.push(format!("disabled    since {}", super::london::date_of(at)));
    }
    lines.extend(memberships.iter().map(|member| format!("membership  {}", describe_membership(member))));
    for line in lines {
        context.say(&line)?;
    }
    Ok(())
}

async fn set_password(context: &mut Context, store: &SqlStore, email: &str) -> Result<(), CliError> {
    let person = load_person(store, email).await?;
    let password = read_password()?;
    let pool = PasswordPool::new(&context.config.password, context.random.clone())?;
    let memberships = store.list_memberships(person.id).await?;
    let names: Vec<_> = memberships.iter().map(|member| member.school.name.as_str()).collect();
    pool.policy()
        .check(&password, &PolicyContext { email: person.email.as_str(), names: &names })
        .map_err(|refusal| CliError::Refused(format!("the password {refusal}")))?;
    let hash = pool.hash(password).await?;
    let command = SetPassword { person: person.id, hash, surroundings: context.surroundings() };
    store.execute(command).await?;
    context.say(&format!("the password of {} was set; all sessions were ended", person.email))
}

/// One line of standard input, without its end.
fn read_password() -> Result<SecretString, CliError> {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    let password = SecretString::from(line.trim_end_matches(['\r', '\n']));
    zeroize::Zeroize::zeroize(&mut line);
    if password.expose_secret().is_empty() {
        return Err(CliError::Refused("there is no password on standard input".into()));
    }
    Ok(password)
}

async fn set_email(
    context: &mut Context,
    store: &SqlStore,
    email: &str,
    new_email: &str,
    unverified: bool,
) -> Result<(), CliError> {
    let person: Person = load_person(store, email).await?;
    let address = parse_email(new_email)?;
    let taken = store.find_person_by_email(&address.key()).await?.is_some_and(|other| other.id != person.id);
    if taken {
        return Err(CliError::Refused(format!("somebody else has the address {address} already")));
    }
    let surroundings = context.surroundings();
    if unverified {
        store.execute(SetAddress { person: person.id, address: address.clone(), surroundings }).await?;
        return context.say(&format!("the address is {address} now, not verified; {} is told", person.email));
    }
    store.execute(AskNewAddress { person: person.id, address: address.clone(), surroundings }).await?;
    context.say(&format!("{address} is asked to confirm; until then the address stays {}", person.email))
}

async fn access_pass(context: &mut Context, store: &SqlStore, email: &str) -> Result<(), CliError> {
    let person = load_person(store, email).await?;
    let pass = draw_pass(context.random.as_ref());
    let token = hash_token(&read_pass(&pass));
    let surroundings = context.surroundings();
    store.execute(MakePass { person: person.id, token, surroundings }).await?;
    context.say(&format!(
        "access pass for {} ({}), good once, for {PASS_HOURS} hours:",
        person.display_name(),
        person.email
    ))?;
    context.say(&format!("  {pass}"))
}

/// Sixteen letters and digits of Crockford's base 32, 80 random bits, in groups of four.
fn draw_pass(random: &dyn Random) -> String {
    const LETTERS: [char; 32] = [
        '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'J', 'K', 'M', 'N',
        'P', 'Q', 'R', 'S', 'T', 'V', 'W', 'X', 'Y', 'Z',
    ];
    let bytes: [u8; 16] = draw_bytes(random);
    let letters = bytes.iter().map(|byte| LETTERS.get(usize::from(byte % 32)).copied().unwrap_or('0'));
    let mut pass = String::new();
    for (place, letter) in letters.enumerate() {
        if place > 0 && place % 4 == 0 {
            pass.push('-');
        }
        pass.push(letter);
    }
    pass
}
