//! `keyholder school`: what schools there are. They are made by `apply` and by the first run.

use clap::Subcommand;
use keyholder_core::ports::Queries as _;
use keyholder_store::SqlStore;

use super::context::{Context, load_school};
use super::error::CliError;

/// `keyholder school ...`.
#[derive(Debug, Subcommand)]
pub(super) enum SchoolCommand {
    /// List schools.
    List,
    /// Show one school: its groups, pupil scopes and applications.
    Show { slug: String },
}

pub(super) async fn run(context: &mut Context, command: SchoolCommand) -> Result<(), CliError> {
    let store = context.open_store().await?;
    let lines = match command {
        SchoolCommand::List => list(&store).await,
        SchoolCommand::Show { slug } => show(&store, &slug).await,
    };
    store.close().await;
    for line in lines? {
        context.say(&line)?;
    }
    Ok(())
}

async fn list(store: &SqlStore) -> Result<Vec<String>, CliError> {
    let schools = store.list_schools().await?;
    Ok(schools.iter().map(|school| format!("{}  {}", school.slug, school.name)).collect())
}

async fn show(store: &SqlStore, slug: &str) -> Result<Vec<String>, CliError> {
    let school = load_school(store, slug).await?;
    let mut lines = vec![format!("name         {}", school.name)];
    if let Some(id) = school.trust
        && let Some(trust) = store.find_trust(id).await?
    {
        lines.push(format!("trust        {} ({})", trust.slug, trust.name));
    }
    lines.extend(school.urn.iter().map(|urn| format!("URN          {urn}")));
    lines.extend(school.ukprn.iter().map(|ukprn| format!("UKPRN        {ukprn}")));
    for group in store.list_groups(school.id).await? {
        lines.push(format!(
            "group        {} ({}): {}",
            group.slug,
            group.name,
            if group.full.is_empty() { "nothing".to_owned() } else { group.full.join(", ") }
        ));
    }
    for scope in store.list_pupil_scopes(school.id).await? {
        lines.push(format!("pupils       {}", scope.name));
    }
    for application in store.list_applications().await? {
        if application.offered_to.serves(&school) {
            lines.push(format!("application  {} ({})", application.client.client_id, application.name));
        }
    }
    Ok(lines)
}
