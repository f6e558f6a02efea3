//! The texts of one plugin (Project Fluent), as plain text.

use std::fmt;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use keyholder_core::factor::Text;
use keyholder_core::locale::Language;
use unic_langid::LanguageIdentifier;

use crate::fault::turns_or_hides;
use crate::installed::{Locale, Refused};

/// The longest text that is drawn, in characters.
const LONGEST: usize = 2000;

pub(crate) struct Texts {
    bundles: Vec<(Language, FluentBundle<FluentResource>)>,
}

impl std::fmt::Debug for Texts {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Texts").field("languages", &self.bundles.len()).finish_non_exhaustive()
    }
}

impl Texts {
    pub(crate) fn read(locales: &[Locale]) -> Result<Self, Refused> {
        let bundles = locales.iter().map(|locale| Ok((locale.language, bundle(locale)?))).collect::<Result<_, _>>()?;
        Ok(Self { bundles })
    }

    /// The text in this language, else in English, else its key.
    pub(crate) fn write(&self, language: Language, text: &Text) -> String {
        let languages = [language, Language::En];
        let written = languages.iter().find_map(|language| {
            let (_, bundle) = self.bundles.iter().find(|(of, _)| of == language)?;
            write(bundle, text)
        });
        written.unwrap_or_else(|| text.key.clone())
    }
}

fn bundle(locale: &Locale) -> Result<FluentBundle<FluentResource>, Refused> {
    let tag = locale.language.tag();
    let refused = |why: String| Refused::Texts { language: tag, why };
    let resource = FluentResource::try_new(locale.source.clone())
        .map_err(|(_, errors)| refused(errors.first().map_or_else(String::new, ToString::to_string)))?;
    let identifier = LanguageIdentifier::from_bytes(tag.as_bytes()).unwrap_or_default();
    let mut bundle = FluentBundle::new_concurrent(vec![identifier]);
    // The marks would be seen by whoever copies a text; both languages run from left to right.
    bundle.set_use_isolating(false);
    bundle
        .add_resource(resource)
        .map_err(|errors| refused(errors.first().map_or_else(String::new, ToString::to_string)))?;
    Ok(bundle)
}

fn write(bundle: &FluentBundle<FluentResource>, text: &Text) -> Option<String> {
    let pattern = bundle.get_message(&text.key)?.value()?;
    // A whole number is one, so that plurals can be chosen by it.
    let arguments: FluentArgs<'_> = text
        .args
        .iter()
        .map(|(name, value)| match value.parse::<u32>() {
            Ok(number) if number.to_string() == *value => (name.as_str(), FluentValue::from(number)),
            _ => (name.as_str(), FluentValue::from(value.as_str())),
        })
        .collect();
    let (mut errors, mut written) = (Vec::new(), Bounded::default());
    // What is longer is cut off where it grows, not when it is there: a hundred placeables of a hundred kilobytes are no text.
    let _ = bundle.write_pattern(&mut written, pattern, Some(&arguments), &mut errors);
    // A missing argument leaves its name in braces: better the key, which an author finds.
    errors.is_empty().then_some(written.text)
}

/// A text that takes no more than [`LONGEST`] characters, and no directions that would show its reader another.
#[derive(Default)]
struct Bounded {
    text: String,
    length: usize,
}

impl fmt::Write for Bounded {
    fn write_str(&mut self, more: &str) -> fmt::Result {
        for character in more.chars().filter(|character| is_shown(*character)) {
            if self.length == LONGEST {
                return Err(fmt::Error);
            }
            self.text.push(character);
            self.length += 1;
        }
        Ok(())
    }
}

/// Whether a character stands for itself: none that turns the direction of others round or hides among them.
fn is_shown(character: char) -> bool {
    character == '\n' || (!character.is_control() && !turns_or_hides(character))
}

#[cfg(test)]
mod tests;
