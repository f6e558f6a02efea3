//! The templates of one language, compiled: handlebars in strict mode, so that a name that does not exist is an error.
//!
//! Pages are drawn unrolled, by handlebars itself where that cannot be (`unrolled`). Mails are drawn by handlebars: nobody waits for one.

mod calls;
mod helpers;
mod markup;
pub(crate) mod times;
mod unrolled;

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use handlebars::Handlebars;
use keyholder_core::locale::Language;
use serde::Serialize;
use serde_json::Value;

use crate::assets::Assets;
use crate::error::{DrawError, ThemeError};
use crate::files::Files;
use crate::mail::{DrawnMail, Mail};
use crate::templates::calls::Calls;
use crate::templates::unrolled::Unrolled;
use crate::texts::Texts;

pub(crate) struct Templates {
    language: Language,
    calls: Arc<Calls>,
    /// Pages and mails in HTML.
    html: Handlebars<'static>,
    /// Mails and subjects in plain text: nothing is escaped.
    plain: Handlebars<'static>,
    /// Pages by name, each unrolled when it is first drawn; `None` where it cannot be.
    unrolled: BTreeMap<String, OnceLock<Option<Unrolled>>>,
}

const PAGES: &str = "pages/";

impl Templates {
    pub(crate) fn load(files: &Files, language: Language, texts: Texts, assets: &Assets) -> Result<Self, ThemeError> {
        let calls = Arc::new(Calls { texts, assets: assets.names().clone() });
        let mut html = Handlebars::new();
        let mut plain = Handlebars::new();
        plain.register_escape_fn(handlebars::no_escape);
        for registry in [&mut html, &mut plain] {
            registry.set_strict_mode(true);
            registry.set_prevent_indent(true);
            helpers::register(registry, &calls);
        }
        for (path, file) in files {
            let (registry, name) = if let Some(icon) =
                path.strip_prefix("icons/").and_then(|icon| icon.strip_suffix(".svg"))
            {
                (&mut html, format!("icon/{icon}"))
            } else if let Some(mail) = path.strip_prefix("templates/").and_then(|mail| mail.strip_suffix(".txt.hbs")) {
                (&mut plain, mail.to_owned())
            } else if let Some(page) = path.strip_prefix("templates/").and_then(|page| page.strip_suffix(".hbs")) {
                (&mut html, page.trim_start_matches("partials/").trim_end_matches(".html").to_owned())
            } else {
                continue;
            };
            registry
                .register_template_string(&name, file.text()?)
                .map_err(|source| ThemeError::Template { file: file.shown.clone(), source: Box::new(source) })?;
        }
        let pages = html.get_templates().keys().filter_map(|name| name.strip_prefix(PAGES));
        let unrolled = pages.map(|page| (page.to_owned(), OnceLock::new())).collect();
        Ok(Self { language, calls, html, plain, unrolled })
    }

    pub(crate) fn draw_page(&self, name: &str, context: &impl Serialize) -> Result<String, DrawError> {
        // What cannot be read as JSON is an error of handlebars below.
        let drawn = serde_json::to_value(context).ok().and_then(|context| self.draw_unrolled(name, &context));
        drawn.map_or_else(|| self.draw_by_handlebars(name, context), Ok)
    }

    /// Draws a page with its template as it is written. A mistake is named with its file and line.
    pub(crate) fn draw_by_handlebars(&self, name: &str, context: &impl Serialize) -> Result<String, DrawError> {
        render(&self.html, format!("{PAGES}{name}"), context)
    }

    pub(crate) fn draw_unrolled(&self, name: &str, context: &Value) -> Option<String> {
        let unrolled = self.unrolled.get(name)?;
        let unrolled = unrolled.get_or_init(|| Unrolled::of(&self.html, &format!("{PAGES}{name}"), &self.calls));
        unrolled.as_ref()?.draw(context, &self.calls)
    }

    pub(crate) fn draw_mail(&self, mail: &Mail) -> Result<DrawnMail, DrawError> {
        let when = mail.at().map(|at| times::write(&self.calls.texts, at)).transpose();
        let when = when.map_err(|error| DrawError::Time(Box::new(error)))?;
        let context = MailContext { language: self.language, mail, when };
        let name = mail.name();
        let subject = render(&self.plain, "mails/subject".to_owned(), &context)?;
        let text = render(&self.plain, format!("mails/{name}"), &context)?;
        let html = render(&self.html, format!("mails/{name}"), &context)?;
        Ok(DrawnMail { subject: one_line(&subject), text: without_gaps(&text), html })
    }
}

/// What a template of a mail sees.
#[derive(Serialize)]
struct MailContext<'a> {
    language: Language,
    mail: &'a Mail,
    when: Option<String>,
}

fn render(registry: &Handlebars<'static>, template: String, context: &impl Serialize) -> Result<String, DrawError> {
    let rendered =
        handlebars::Context::wraps(context).and_then(|context| registry.render_with_context(&template, &context));
    rendered.map_err(|source| DrawError::Template { template, source: Box::new(source) })
}

/// A subject is one header line, whatever names it holds (RFC 5322 2.2).
pub(crate) fn one_line(text: &str) -> String {
    let spaced: String = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// At most one empty line between paragraphs, none around them.
fn without_gaps(text: &str) -> String {
    let mut lines: Vec<&str> = Vec::new();
    for line in text.trim().lines().map(str::trim_end) {
        if !line.is_empty() || lines.last().is_some_and(|last| !last.is_empty()) {
            lines.push(line);
        }
    }
    lines.join("\n") + "\n"
}
