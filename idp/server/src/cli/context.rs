//! What commands of the command line share: configuration, clock, randomness, the store beside a running server, output.

use std::io::Write;
use std::sync::Arc;

use keyholder_core::membership::MembershipInFull;
use keyholder_core::person::{Email, Person};
use keyholder_core::ports::{Queries as _, Sealer};
use keyholder_core::random::Random;
use keyholder_core::school::School;
use keyholder_core::time::Clock;
use keyholder_store::{Access, SqlStore};
use secrecy::SecretString;

use super::error::CliError;
use super::person_commands::Surroundings;
use super::plain::plain;
use crate::config::Config;
use crate::config::faults::suggestion;
use crate::serve::DataFolder;

/// The surroundings of a command.
pub(super) struct Context {
    pub(super) config: Config,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) random: Arc<dyn Random>,
    /// The master key, where the environment gives it instead of a file.
    pub(super) master_key: Option<SecretString>,
    pub(super) output: Box<dyn Write>,
}

impl Context {
    /// Prints a line, in which nothing steers the terminal.
    pub(super) fn say(&mut self, line: &str) -> Result<(), CliError> {
        Ok(writeln!(self.output, "{}", plain(line))?)
    }

    /// Prints text as it is.
    pub(super) fn print(&mut self, text: &str) -> Result<(), CliError> {
        Ok(write!(self.output, "{text}")?)
    }

    /// When, and with what randomness, a command runs.
    pub(super) fn surroundings(&self) -> Surroundings {
        Surroundings { now: self.clock.now(), random: self.random.clone(), issuer: self.config.issuer().to_owned() }
    }

    pub(super) fn data(&self) -> DataFolder {
        DataFolder::new(&self.config.data)
    }

    /// The key that seals.
    pub(super) fn sealer(&self) -> Result<Arc<dyn Sealer>, CliError> {
        Ok(self.data().sealer(self.master_key.as_ref(), self.random.clone())?)
    }

    /// Opens the store beside a server that may be running: neither creates nor migrates.
    pub(super) async fn open_store(&self) -> Result<SqlStore, CliError> {
        let data = self.data();
        data.must_exist()?;
        Ok(data.open_store(Access::Beside, self.sealer()?).await?)
    }
}

/// The school with a slug.
pub(super) async fn load_school(store: &SqlStore, slug: &str) -> Result<School, CliError> {
    if let Some(school) = store.find_school_by_slug(slug).await? {
        return Ok(school);
    }
    let schools = store.list_schools().await?;
    let hint = suggestion(slug, schools.iter().map(|school| school.slug.as_str()));
    Err(CliError::Refused(format!("there is no school `{slug}`{hint}")))
}

/// The person with an address.
pub(super) async fn load_person(store: &SqlStore, email: &str) -> Result<Person, CliError> {
    let address = parse_email(email)?;
    match store.find_person_by_email(&address.key()).await? {
        Some(person) => Ok(person),
        None => Err(CliError::Refused(format!("nobody has the address {address}"))),
    }
}

pub(super) fn parse_email(text: &str) -> Result<Email, CliError> {
    Email::parse(text).map_err(|error| CliError::Refused(format!("`{text}` is not an e-mail address: {error}")))
}

/// Such as `oakfield/teachers`, and what is special about it.
pub(super) fn describe_membership(member: &MembershipInFull) -> String {
    use std::fmt::Write as _;
    let admin = if member.membership.admin_key_holder { ", Admin Key Holder" } else { "" };
    let mut text = format!("{}/{}{admin}", member.school.slug, member.group.slug);
    if !member.pupil_scopes.is_empty() {
        let names: Vec<_> = member.pupil_scopes.iter().map(|scope| scope.name.as_str()).collect();
        let _ = write!(text, ", pupils of {}", names.join(" and "));
    }
    if let Some(start) = member.membership.starts_at {
        let _ = write!(text, ", from {}", super::london::date_of(start));
    }
    if let Some(end) = member.membership.ends_at {
        // The first instant at which the person no longer belongs: the day before it is the last.
        let last = super::london::date_of(end.minus(std::time::Duration::from_millis(1)));
        let _ = write!(text, ", until {last}");
    }
    text
}
