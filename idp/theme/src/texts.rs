//! The texts of one language (Project Fluent).

use std::collections::BTreeSet;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use fluent_syntax::ast::Entry;
use keyholder_core::locale::Language;
use unic_langid::LanguageIdentifier;

use crate::error::ThemeError;
use crate::files::{File, Files};

/// Why a text could not be written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TextError {
    #[error("there is no text {0}")]
    Missing(String),
    #[error("the text {id} cannot be filled in: {reason}")]
    Arguments { id: String, reason: String },
    #[error("the text {0} begins an emphasis that it does not end")]
    Emphasis(String),
}

pub(crate) struct Texts {
    bundle: FluentBundle<FluentResource>,
}

impl std::fmt::Debug for Texts {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Texts").field("locales", &self.bundle.locales).finish_non_exhaustive()
    }
}

impl Texts {
    pub(crate) fn load(files: &Files, language: Language) -> Result<Self, ThemeError> {
        // Welsh has plurals of its own (zero, one, two, few, many, other).
        let identifier = LanguageIdentifier::from_bytes(language.tag().as_bytes()).unwrap_or_default();
        let mut bundle = FluentBundle::new_concurrent(vec![identifier]);
        // The marks would be seen by whoever copies a text; both languages run from left to right.
        bundle.set_use_isolating(false);
        let folder = format!("texts/{}/", language.tag());
        for (_, file) in files.iter().filter(|(path, _)| path.starts_with(&folder)) {
            let failed = |reason| ThemeError::Texts { file: file.shown.clone(), reason };
            let resource = parse(file)?;
            if let Some(former) = &file.former {
                let present = ids(&resource);
                if let Some(missing) = ids(&parse(former)?).into_iter().find(|id| !present.contains(id)) {
                    return Err(failed(format!("it lacks {missing}")));
                }
            }
            bundle
                .add_resource(resource)
                .map_err(|errors| failed(errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")))?;
        }
        Ok(Self { bundle })
    }

    /// The text `id`, filled in. Emphasis is still marked as `**such**`.
    pub(crate) fn write(&self, id: &str, arguments: &FluentArgs<'_>) -> Result<String, TextError> {
        let pattern = self
            .bundle
            .get_message(id)
            .and_then(|message| message.value())
            .ok_or_else(|| TextError::Missing(id.to_owned()))?;
        let mut errors = Vec::new();
        let text = self.bundle.format_pattern(pattern, Some(arguments), &mut errors).into_owned();
        match errors.first() {
            None => Ok(text),
            Some(error) => Err(TextError::Arguments { id: id.to_owned(), reason: error.to_string() }),
        }
    }
}

fn parse(file: &File) -> Result<FluentResource, ThemeError> {
    FluentResource::try_new(file.text()?.to_owned()).map_err(|(_, errors)| ThemeError::Texts {
        file: file.shown.clone(),
        reason: errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "),
    })
}

fn ids(resource: &FluentResource) -> BTreeSet<String> {
    let messages = resource.entries().filter_map(|entry| match entry {
        Entry::Message(message) => Some(message.id.name.to_owned()),
        _ => None,
    });
    messages.collect()
}
