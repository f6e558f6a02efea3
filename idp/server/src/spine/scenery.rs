//! What the pages of a flow tell around the question: the application, the school, the language asked for.

use std::sync::Arc;

use keyholder_core::application::{OfferedTo, RelyingApplication};
use keyholder_core::flow::Flow;
use keyholder_core::ports::{Queries, StoreError};
use keyholder_core::school::School;

use crate::app::App;
use crate::web::{About, Asked};

/// The application that asked.
pub(super) async fn find_application(app: &App, flow: &Flow) -> Result<Option<Arc<RelyingApplication>>, StoreError> {
    match flow.origin.application() {
        Some(id) => app.applications.find_by_id(app, id).await,
        None => Ok(None),
    }
}

/// The frame of a flow's pages before anybody is known. The school comes from whoever asked, never from the typed address.
pub(crate) async fn about(
    app: &App,
    flow: &Flow,
    application: Option<&RelyingApplication>,
) -> Result<About, StoreError> {
    Ok(with_school(flow, application, find_school(app, flow, application).await?))
}

/// The same where the school is known.
pub(crate) fn about_in(flow: &Flow, application: Option<&RelyingApplication>, school: &School) -> About {
    with_school(flow, application, Some(school.clone()))
}

fn with_school(flow: &Flow, application: Option<&RelyingApplication>, school: Option<School>) -> About {
    let about = About { asked: asked(flow), school, ..About::default() };
    match application {
        Some(application) => about.application(application),
        None => about,
    }
}

/// The language that the application asked for.
pub(super) fn asked(flow: &Flow) -> Option<Asked> {
    flow.ask.language.map(|language| Asked { language, at: flow.began_at })
}

async fn find_school(
    app: &App,
    flow: &Flow,
    application: Option<&RelyingApplication>,
) -> Result<Option<School>, StoreError> {
    if let Some(slug) = &flow.ask.school {
        return app.store.find_school_by_slug(slug).await;
    }
    match application.map(|application| &application.offered_to) {
        Some(OfferedTo::Schools(schools)) => match schools.as_slice() {
            [only] => app.store.find_school(*only).await,
            _ => Ok(None),
        },
        _ => Ok(None),
    }
}
