//! What a plugin is told.

use keyholder_core::ceremony::Ceremony;
use keyholder_core::factor::{Context, Occasion, Purpose};
use keyholder_core::id::{CeremonyId, PersonId};
use keyholder_core::random::{Random, draw_bytes};

use super::{Asked, Errand};
use crate::app::App;

/// How the issuer calls itself to authenticators and apps.
const ISSUER_NAME: &str = "Keyholder";

/// Whether a wrong code may be searched for the clock that it fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Diagnosing {
    Allowed,
    Forbidden,
}

/// The context of a call.
pub(super) fn context(asked: &Asked<'_>, purpose: Purpose, occasion: Occasion, diagnosing: Diagnosing) -> Context {
    let app = asked.app;
    Context {
        now: app.now(),
        purpose,
        user_handle: user_handle(app, asked.person.id),
        user_name: asked.person.email.as_str().to_owned(),
        user_display_name: asked.person.display_name(),
        issuer: app.config.issuer().to_owned(),
        issuer_name: ISSUER_NAME.to_owned(),
        // WebAuthn Level 3, 5.1.3: a domain, neither scheme nor port.
        rp_id: app.config.issuer.host_str().unwrap_or_default().to_owned(),
        origins: vec![app.config.issuer.origin().ascii_serialization()],
        languages: vec![asked.language],
        occasion,
        diagnose: diagnosing == Diagnosing::Allowed,
    }
}

/// A pseudonym of the person that stays the same for ever: keys hold it (WebAuthn Level 3, 14.6.1).
pub(super) fn user_handle(app: &App, person: PersonId) -> [u8; 32] {
    app.sealer.digest("factor-user-handle", person.as_uuid().as_bytes())
}

/// The occasion of a new ceremony. A number to be repeated is drawn where a device may approve a sign-in.
pub(super) fn occasion(asked: &Asked<'_>, id: CeremonyId, errand: Option<&Errand>) -> Occasion {
    let app = asked.app;
    Occasion {
        ceremony: id.to_string(),
        application: errand.and_then(|errand| errand.application.as_ref()).map(|(_, name)| name.clone()),
        school: errand.map(|errand| errand.school.1.clone()),
        browser: asked.whence.browser().unwrap_or_default(),
        address: asked.whence.address.map(|address| address.to_canonical().to_string()),
        place: None,
        began_at: app.now(),
        number: errand.map(|_| draw_number(app.random.as_ref())),
    }
}

/// Two digits, 10 to 99, each as likely.
fn draw_number(random: &dyn Random) -> String {
    loop {
        let [byte] = draw_bytes::<1>(random);
        // 180 is the largest multiple of 90 that fits.
        if byte < 180 {
            return (10 + byte % 90).to_string();
        }
    }
}

/// The occasion as it was told at first: an approval covers it.
pub(super) fn same_occasion(ceremony: &Ceremony) -> Occasion {
    ceremony.contents.occasion.clone()
}

#[cfg(test)]
mod tests {
    use super::draw_number;
    use crate::wiring::SystemRandom;

    #[test]
    fn the_number_has_two_digits() {
        for _ in 0..500 {
            let number: u8 = draw_number(&SystemRandom).parse().unwrap();
            assert!((10..=99).contains(&number));
        }
    }
}
