//! The templates of a theme as they are written, for all languages.
//!
//! Parsing is most of what the first page after a start costs: each template is parsed when a page first needs it, and once for both
//! languages. Handlebars proper wants all of them at once; it gets them where it has to draw.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use handlebars::Handlebars;
use handlebars::template::Template;

use super::calls::Calls;
use super::helpers;
use crate::error::ThemeError;
use crate::files::{File, Files};

/// All of them.
pub(crate) struct Sources {
    /// Pages and mails in HTML.
    pub(super) html: Sheaf,
    /// Mails and subjects in plain text: nothing is escaped.
    pub(super) plain: Sheaf,
}

impl Sources {
    pub(crate) fn load(files: &Files) -> Result<Self, ThemeError> {
        let (mut html, mut plain) = (Sheaf::default(), Sheaf::default());
        plain.escapes_nothing = true;
        for (path, file) in files {
            let (sheaf, name) = if let Some(icon) =
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
            sheaf.add(name, file)?;
        }
        Ok(Self { html, plain })
    }

    /// Parses all of them now.
    pub(crate) fn check(&self) -> Result<(), ThemeError> {
        self.html.check()?;
        self.plain.check()
    }
}

/// Templates that may call each other, by name.
#[derive(Default)]
pub(super) struct Sheaf {
    sources: BTreeMap<String, Source>,
    escapes_nothing: bool,
}

struct Source {
    /// How messages name its file.
    shown: String,
    text: Cow<'static, str>,
    parsed: OnceLock<Option<Template>>,
}

impl Sheaf {
    pub(super) fn add(&mut self, name: String, file: &File) -> Result<(), ThemeError> {
        let not_text = |_| ThemeError::NotText { file: file.shown.clone() };
        let text = match &file.bytes {
            Cow::Borrowed(bytes) => std::str::from_utf8(bytes).map(Cow::Borrowed),
            Cow::Owned(bytes) => std::str::from_utf8(bytes).map(|text| Cow::Owned(text.to_owned())),
        };
        let source = Source { shown: file.shown.clone(), text: text.map_err(not_text)?, parsed: OnceLock::new() };
        self.sources.insert(name, source);
        Ok(())
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.sources.keys().map(String::as_str)
    }

    /// A template, parsed; `None` where there is none or it cannot be.
    pub(super) fn template(&self, name: &str) -> Option<&Template> {
        let source = self.sources.get(name)?;
        source.parsed.get_or_init(|| source.parse(name).ok()).as_ref()
    }

    /// Handlebars with all of them, in strict mode: a name that does not exist is an error.
    pub(super) fn registry(&self, calls: &Arc<Calls>) -> Result<Handlebars<'static>, ThemeError> {
        let mut registry = Handlebars::new();
        registry.set_strict_mode(true);
        registry.set_prevent_indent(true);
        if self.escapes_nothing {
            registry.register_escape_fn(handlebars::no_escape);
        }
        helpers::register(&mut registry, calls);
        for (name, source) in &self.sources {
            registry.register_template(name, self.template(name).cloned().map_or_else(|| source.parse(name), Ok)?);
        }
        Ok(registry)
    }

    fn check(&self) -> Result<(), ThemeError> {
        for (name, source) in &self.sources {
            let template = source.parse(name)?;
            source.parsed.get_or_init(|| Some(template));
        }
        Ok(())
    }
}

impl Source {
    fn parse(&self, name: &str) -> Result<Template, ThemeError> {
        // A registry of its own: nothing else parses without carrying the indent of a call over to what is called.
        let mut registry = Handlebars::new();
        registry.set_prevent_indent(true);
        registry
            .register_template_string(name, &self.text)
            .map_err(|source| ThemeError::Template { file: self.shown.clone(), source: Box::new(source) })?;
        Ok(registry.get_template(name).cloned().unwrap_or_default())
    }
}
