//! `ui_locales`: the first language in which pages exist; others "SHOULD NOT" be an error (`OpenID` Connect Core 3.1.2.1).

use keyholder_core::locale::Language;

use super::super::UnverifiedRequest;

pub(crate) fn ui_locales(request: &UnverifiedRequest) -> Option<Language> {
    request.ui_locales.as_deref()?.split(' ').find_map(Language::from_tag)
}
