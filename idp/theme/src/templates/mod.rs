//! The templates of one language, compiled: handlebars in strict mode, so that a name that does not exist is an error.

mod helpers;
mod markup;
pub(crate) mod times;

use std::sync::Arc;

use handlebars::Handlebars;
use keyholder_core::locale::Language;
use serde::Serialize;

use crate::assets::Assets;
use crate::error::{DrawError, ThemeError};
use crate::files::Files;
use crate::mail::{DrawnMail, Mail};
use crate::texts::Texts;

pub(crate) struct Templates {
    language: Language,
    texts: Arc<Texts>,
    /// Pages and mails in HTML.
    html: Handlebars<'static>,
    /// Mails and subjects in plain text: nothing is escaped.
    plain: Handlebars<'static>,
}

impl Templates {
    pub(crate) fn load(files: &Files, language: Language, texts: Texts, assets: &Assets) -> Result<Self, ThemeError> {
        let texts = Arc::new(texts);
        let mut html = Handlebars::new();
        let mut plain = Handlebars::new();
        plain.register_escape_fn(handlebars::no_escape);
        for registry in [&mut html, &mut plain] {
            registry.set_strict_mode(true);
            registry.set_prevent_indent(true);
            helpers::register(registry, &texts, assets);
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
        Ok(Self { language, texts, html, plain })
    }

    pub(crate) fn draw_page(&self, name: &str, context: &impl Serialize) -> Result<String, DrawError> {
        render(&self.html, format!("pages/{name}"), context)
    }

    pub(crate) fn draw_mail(&self, mail: &Mail) -> Result<DrawnMail, DrawError> {
        let when = mail.at().map(|at| times::write(&self.texts, at)).transpose();
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
