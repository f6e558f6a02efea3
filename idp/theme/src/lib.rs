//! Pages, translations and mails: typed contexts in, text out.
//!
//! Owns the words, the markup and the look (`themes/default`). Does not own what is shown to whom: contexts are filled by the
//! server. Specification of the look: `docs/look.md`.

mod assets;
mod brand;
mod error;
mod files;
pub mod frame;
pub mod mail;
pub mod page;
pub mod samples;
mod templates;
mod texts;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use keyholder_core::locale::Language;
use serde::Serialize;

pub use crate::assets::Asset;
use crate::assets::Assets;
pub use crate::error::{DrawError, ThemeError};
use crate::frame::Frame;
use crate::mail::{DrawnMail, Mail};
use crate::page::Page;
use crate::templates::{Sources, Templates};
use crate::texts::Texts;

/// The pages and mails of one installation.
pub struct Theme {
    assets: Assets,
    sources: Arc<Sources>,
    templates: BTreeMap<&'static str, OfLanguage>,
}

/// The texts and templates of a language, loaded when somebody first needs them: a start waits for none, and a language that nobody reads
/// takes no memory.
type OfLanguage = OnceLock<Result<Templates, ThemeError>>;

/// Without what is in it: dozens of pages of templates.
impl std::fmt::Debug for Theme {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Theme").field("languages", &self.templates.keys()).finish_non_exhaustive()
    }
}

/// What a template of a page sees.
#[derive(Serialize)]
struct Context<'a, P> {
    frame: &'a Frame,
    page: &'a P,
    has_error: bool,
    wide: bool,
    /// After how many seconds the browser reads the page again.
    refresh: Option<u32>,
    other_language: Option<Language>,
    has_font: bool,
}

/// What a page says of itself.
struct Drawn {
    wide: bool,
    has_error: bool,
    refresh: Option<u32>,
}

impl Theme {
    /// Loads the embedded theme. A file in `folder` takes the place of ours of the same path; then all of it is compiled, and every
    /// sample of every page and mail is drawn once, so that a mistake is found now and not by a teacher.
    pub fn load(folder: Option<&Path>) -> Result<Self, ThemeError> {
        let files = files::load(folder)?;
        let assets = Assets::load(&files)?;
        let sources = Arc::new(Sources::load(&files)?);
        let mut templates = BTreeMap::new();
        for language in Language::ALL {
            let cell = OfLanguage::new();
            if folder.is_some() {
                let texts = Texts::load(&files, language)?;
                cell.get_or_init(|| Ok(Templates::load(&sources, language, texts, &assets)));
            }
            templates.insert(language.tag(), cell);
        }
        let mut theme = Self { assets, sources, templates };
        if folder.is_some() {
            theme.sources.check()?;
            theme.check()?;
            // Of what only the check needs, nothing is kept.
            theme
                .templates
                .values_mut()
                .filter_map(|cell| cell.get_mut()?.as_mut().ok())
                .for_each(Templates::forget_handlebars);
        }
        Ok(theme)
    }

    /// Draws a page as HTML.
    pub fn draw<P: Page>(&self, frame: &Frame, page: &P) -> Result<String, DrawError> {
        let drawn = Drawn { wide: P::WIDE, has_error: page.has_error(), refresh: page.refresh_seconds() };
        self.of(frame.language)?.draw_page(P::NAME, &self.context(frame, &drawn, page))
    }

    /// Draws a mail.
    pub fn draw_mail(&self, language: Language, mail: &Mail) -> Result<DrawnMail, DrawError> {
        self.of(language)?.draw_mail(mail)
    }

    /// The asset under the name by which pages link it.
    pub fn asset(&self, name: &str) -> Option<&Asset> {
        self.assets.get(name)
    }

    /// Every asset with its name.
    pub fn assets(&self) -> impl Iterator<Item = (&str, &Asset)> {
        self.assets.iter()
    }

    /// The stylesheet of a school's colour; `None` where it is not `#rrggbb` or white is not legible on it.
    pub fn brand_stylesheet(&self, colour: &str) -> Option<String> {
        brand::stylesheet(colour)
    }

    /// Draws a sample.
    pub fn draw_sample(&self, frame: &Frame, sample: &samples::Sample) -> Result<String, DrawError> {
        self.of(frame.language)?.draw_page(sample.page, &self.context_of(frame, sample))
    }

    /// Draws every sample once, with the templates as they are written.
    fn check(&self) -> Result<(), ThemeError> {
        for language in Language::ALL {
            for sample in samples::pages() {
                let frame = samples::frame(language, &sample);
                self.of(language)
                    .and_then(|templates| templates.draw_by_handlebars(sample.page, &self.context_of(&frame, &sample)))
                    .map_err(|source| ThemeError::Sample { page: sample.page, state: sample.state, source })?;
            }
            for (state, mail) in samples::mails() {
                self.draw_mail(language, &mail).map_err(|source| ThemeError::Sample {
                    page: mail.name(),
                    state,
                    source,
                })?;
            }
        }
        Ok(())
    }

    fn context<'a, P>(&self, frame: &'a Frame, drawn: &Drawn, page: &'a P) -> Context<'a, P> {
        let Drawn { wide, has_error, refresh } = *drawn;
        let other_language = Language::ALL.into_iter().find(|language| *language != frame.language);
        Context { frame, page, has_error, wide, refresh, other_language, has_font: self.assets.has_font() }
    }

    fn context_of<'a>(&self, frame: &'a Frame, sample: &'a samples::Sample) -> Context<'a, serde_json::Value> {
        let samples::Sample { wide, has_error, refresh, .. } = *sample;
        self.context(frame, &Drawn { wide, has_error, refresh }, &sample.context)
    }

    fn of(&self, language: Language) -> Result<&Templates, DrawError> {
        let cell = self.templates.get(language.tag()).ok_or(DrawError::Language)?;
        // Only of the embedded theme, which the tests load: the other one is loaded already.
        let loaded = cell.get_or_init(|| {
            let texts = Texts::load(&files::load(None)?, language)?;
            Ok(Templates::load(&self.sources, language, texts, &self.assets))
        });
        loaded.as_ref().map_err(|error| DrawError::Theme(error.to_string()))
    }
}

#[cfg(test)]
mod tests;
