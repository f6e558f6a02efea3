//! The languages that pages and mails are written in. Owns their tags and the choice between them, no text.

use serde::{Deserialize, Serialize};

/// A language in which every page and mail exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// British English.
    #[default]
    En,
    /// Welsh.
    Cy,
}

impl Language {
    /// Every language, in the order in which they are offered.
    pub const ALL: [Self; 2] = [Self::En, Self::Cy];

    /// The primary language subtag (RFC 5646 2.2.1).
    pub fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Cy => "cy",
        }
    }

    /// Reads a language tag such as `cy` or `en-GB`; `None` where no page exists in that language.
    pub fn from_tag(tag: &str) -> Option<Self> {
        let primary = tag.trim().split(['-', '_']).next()?;
        Self::ALL.into_iter().find(|language| language.tag().eq_ignore_ascii_case(primary))
    }

    /// Chooses a language: the first known one of `ui_locales` (`OpenID` Connect Core 3.1.2.1), else the known one that
    /// the `Accept-Language` header (RFC 9110 12.5.4) weighs highest, else English.
    pub fn negotiate(accept_language: &str, ui_locales: &[&str]) -> Self {
        if let Some(language) = ui_locales.iter().find_map(|tag| Self::from_tag(tag)) {
            return language;
        }
        let mut best: Option<(Self, u16)> = None;
        // A header of any length arrives from outside: sixteen entries are more than a browser sends.
        for entry in accept_language.split(',').take(16) {
            let mut parts = entry.split(';');
            let Some(language) = parts.next().and_then(Self::from_tag) else { continue };
            let weight = parts.find_map(|part| part.trim().strip_prefix("q=")).map_or(1000, parse_weight);
            if weight > 0 && best.is_none_or(|(_, highest)| weight > highest) {
                best = Some((language, weight));
            }
        }
        best.map_or_else(Self::default, |(language, _)| language)
    }
}

/// `q` in thousandths; zero where it cannot be read.
fn parse_weight(text: &str) -> u16 {
    let weight: f32 = text.trim().parse().unwrap_or(0.0);
    // Out of range counts as nothing, so the cast stays within bounds.
    if (0.0..=1.0).contains(&weight) {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0..=1000 by the check above")]
        {
            (weight * 1000.0) as u16
        }
    } else {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::Language;

    #[test]
    fn the_highest_weight_wins_and_ui_locales_go_first() {
        assert_eq!(Language::negotiate("fr, en;q=0.4, cy-GB;q=0.8", &[]), Language::Cy);
        assert_eq!(Language::negotiate("cy", &["de", "en-GB"]), Language::En);
        assert_eq!(Language::negotiate("cy;q=0, en;q=0.1", &[]), Language::En);
        assert_eq!(Language::negotiate("", &[]), Language::En);
    }
}
