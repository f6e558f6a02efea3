//! The templates of one language. Pages are drawn unrolled, by handlebars itself where that cannot be (`unrolled`); mails by
//! handlebars, since nobody waits for one.

mod calls;
mod helpers;
mod markup;
mod sources;
pub(crate) mod times;
mod unrolled;

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use handlebars::Handlebars;
use keyholder_core::locale::Language;
use serde::Serialize;
use serde_json::Value;

use self::calls::Calls;
use self::sources::Sheaf;
pub(crate) use self::sources::Sources;
use self::unrolled::Unrolled;
use crate::assets::Assets;
use crate::error::{DrawError, ThemeError};
use crate::mail::{DrawnMail, Mail};
use crate::texts::Texts;

pub(crate) struct Templates {
    language: Language,
    sources: Arc<Sources>,
    calls: Arc<Calls>,
    html: Registry,
    plain: Registry,
    /// Pages by name, each unrolled when it is first drawn; `None` where it cannot be.
    unrolled: BTreeMap<String, OnceLock<Option<Unrolled>>>,
}

/// Handlebars, made when it first has to draw.
type Registry = OnceLock<Result<Handlebars<'static>, ThemeError>>;

const PAGES: &str = "pages/";

impl Templates {
    pub(crate) fn load(sources: &Arc<Sources>, language: Language, texts: Texts, assets: &Assets) -> Self {
        let calls = Arc::new(Calls { texts, assets: assets.names().clone() });
        let pages = sources.html.names().filter_map(|name| name.strip_prefix(PAGES));
        let unrolled = pages.map(|page| (page.to_owned(), OnceLock::new())).collect();
        let sources = Arc::clone(sources);
        Self { language, sources, calls, html: Registry::new(), plain: Registry::new(), unrolled }
    }

    pub(crate) fn draw_page(&self, name: &str, context: &impl Serialize) -> Result<String, DrawError> {
        // What cannot be read as JSON is an error of handlebars below.
        let drawn = serde_json::to_value(context).ok().and_then(|context| self.draw_unrolled(name, &context));
        drawn.map_or_else(|| self.draw_by_handlebars(name, context), Ok)
    }

    /// Draws a page with its template as it is written. A mistake is named with its file and line.
    pub(crate) fn draw_by_handlebars(&self, name: &str, context: &impl Serialize) -> Result<String, DrawError> {
        render(self.html()?, format!("{PAGES}{name}"), context)
    }

    pub(crate) fn draw_unrolled(&self, name: &str, context: &Value) -> Option<String> {
        let unrolled = self.unrolled.get(name)?;
        let unrolled =
            unrolled.get_or_init(|| Unrolled::of(&self.sources.html, &format!("{PAGES}{name}"), &self.calls));
        unrolled.as_ref()?.draw(context, &self.calls)
    }

    pub(crate) fn draw_mail(&self, mail: &Mail) -> Result<DrawnMail, DrawError> {
        let when = mail.at().map(|at| times::write(&self.calls.texts, at)).transpose();
        let when = when.map_err(|error| DrawError::Time(Box::new(error)))?;
        let context = MailContext { language: self.language, mail, when };
        let name = mail.name();
        let plain = self.registry(&self.plain, &self.sources.plain)?;
        let subject = render(plain, "mails/subject".to_owned(), &context)?;
        let text = render(plain, format!("mails/{name}"), &context)?;
        let html = render(self.html()?, format!("mails/{name}"), &context)?;
        Ok(DrawnMail { subject: one_line(&subject), text: without_gaps(&text), html })
    }

    /// Lets go of handlebars, which is made again where it has to draw.
    pub(crate) fn forget_handlebars(&mut self) {
        self.html.take();
        self.plain.take();
    }

    fn html(&self) -> Result<&Handlebars<'static>, DrawError> {
        self.registry(&self.html, &self.sources.html)
    }

    fn registry<'a>(&self, registry: &'a Registry, sheaf: &Sheaf) -> Result<&'a Handlebars<'static>, DrawError> {
        let made = registry.get_or_init(|| sheaf.registry(&self.calls));
        made.as_ref().map_err(|error| DrawError::Theme(error.to_string()))
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
