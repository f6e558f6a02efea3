//! Answers: pages drawn by the theme with their content security policy, and redirects.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION};
use keyholder_theme::frame::Frame;
use keyholder_theme::page::Page;
use url::Url;

use super::PageError;
use super::headers::OPENER_POLICY;
use crate::app::App;

/// Where the forms of a page lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leads {
    /// To pages of ours: `form-action 'self'`.
    Home,
    /// Possibly on to an application: no `form-action`, which Chromium applies to every redirect after the form. No opener policy
    /// either: it would cut off applications that sign people in within a window that they opened.
    Away,
}

/// Draws a page.
pub fn draw<P: Page>(
    app: &App,
    status: StatusCode,
    frame: &Frame,
    page: &P,
    leads: Leads,
) -> Result<HttpResponse, PageError> {
    draw_with_frames(app, status, frame, page, leads, &[])
}

/// Draws a page that loads these addresses in frames.
pub fn draw_with_frames<P: Page>(
    app: &App,
    status: StatusCode,
    frame: &Frame,
    page: &P,
    leads: Leads,
    frames: &[Url],
) -> Result<HttpResponse, PageError> {
    let text = app.theme.draw(frame, page)?;
    let mut answer = HttpResponse::build(status);
    answer.insert_header((CONTENT_TYPE, "text/html; charset=utf-8"));
    answer.insert_header((CONTENT_SECURITY_POLICY, policy(frame, leads, frames)));
    if leads == Leads::Home {
        answer.insert_header((OPENER_POLICY, "same-origin"));
    }
    Ok(answer.body(text))
}

/// Goes on with a GET elsewhere (RFC 9110 15.4.4). What an address cannot hold as it is (RFC 3986 2) is percent-encoded: part of a path
/// comes decoded out of the address of the request.
pub fn see_other(location: &str) -> HttpResponse {
    let mut encoded = String::with_capacity(location.len());
    for byte in location.bytes() {
        if byte.is_ascii_graphic() {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            let digits = [byte >> 4, byte & 0x0F].map(|half| char::from_digit(u32::from(half), 16).unwrap_or_default());
            encoded.extend(digits.map(|digit| digit.to_ascii_uppercase()));
        }
    }
    HttpResponse::SeeOther().insert_header((LOCATION, encoded)).finish()
}

fn policy(frame: &Frame, leads: Leads, frames: &[Url]) -> String {
    let logo = frame.school.as_ref().and_then(|school| school.logo.as_deref()).and_then(|logo| Url::parse(logo).ok());
    let images = match logo.filter(|logo| logo.scheme() == "https") {
        Some(logo) => format!("'self' {}", logo.origin().ascii_serialization()),
        None => "'self'".to_owned(),
    };
    let forms = if leads == Leads::Home { "; form-action 'self'" } else { "" };
    let mut origins: Vec<String> = frames.iter().map(|address| address.origin().ascii_serialization()).collect();
    origins.sort_unstable();
    origins.dedup();
    let frames = if origins.is_empty() { String::new() } else { format!("; frame-src {}", origins.join(" ")) };
    format!(
        "default-src 'none'; style-src 'self'; img-src {images}; font-src 'self'; script-src 'nonce-{}'; \
         base-uri 'none'; frame-ancestors 'none'{forms}{frames}",
        frame.nonce
    )
}
