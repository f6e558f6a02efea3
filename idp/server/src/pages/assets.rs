//! The theme's assets. Their names hold a hash of their bytes, so that browsers keep them for a year.

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, EntityTag, Header, IfNoneMatch};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use keyholder_theme::Asset;
use keyholder_theme::page::ProblemKind;

use crate::app::App;
use crate::web::PageError;

/// `GET /assets/{name}`
pub(super) async fn asset(app: Data<App>, request: HttpRequest, name: Path<String>) -> Result<HttpResponse, PageError> {
    let asset = app.theme.asset(&name).ok_or_else(|| PageError::problem(ProblemKind::NotFound).way_home())?;
    Ok(serve(&request, &name, asset))
}

/// `GET /favicon.ico`: for browsers that ask without reading the page.
pub(super) async fn icon(app: Data<App>, request: HttpRequest) -> Result<HttpResponse, PageError> {
    let icon = app.theme.assets().find(|(name, _)| name.starts_with("favicon."));
    let (name, asset) = icon.ok_or_else(|| PageError::problem(ProblemKind::NotFound).way_home())?;
    Ok(serve(&request, name, &Asset { immutable: false, ..asset.clone() }))
}

fn serve(request: &HttpRequest, name: &str, asset: &Asset) -> HttpResponse {
    let tag = EntityTag::new_strong(name.to_owned());
    let known = IfNoneMatch::parse(request).is_ok_and(|known| match known {
        IfNoneMatch::Any => true,
        IfNoneMatch::Items(tags) => tags.iter().any(|known| known.weak_eq(&tag)),
    });
    let mut answer = if known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    let life = if asset.immutable { "public, max-age=31536000, immutable" } else { "public, max-age=3600" };
    answer.insert_header((CACHE_CONTROL, life));
    answer.insert_header((ETAG, tag.to_string()));
    if known {
        return answer.finish();
    }
    answer.insert_header((CONTENT_TYPE, asset.content_type));
    answer.body(asset.bytes.clone())
}
