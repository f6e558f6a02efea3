//! What a response must be before somebody is signed in by it (saml-profiles-2.0-os 4.1.4.3).
//!
//! samael checks the signature by the pinned keys, issuer, destination, recipient, audience, `InResponseTo` and the times that it
//! finds. What it does not miss is checked here.

use samael::crypto::ReduceMode;
use samael::schema::{Assertion, AuthnStatement, Conditions};

use super::gate::Shaped;
use super::{CLOCK_SKEW, PERSISTENT, Provider};
use crate::claims::{Person, PupilScope, School};

/// A phishing-resistant sign-in (`OpenID` Provider Authentication Policy Extension 1.0, 4), and the word that OpenID Connect has for it.
pub(super) const PHISHING_RESISTANT: (&str, &str) =
    ("http://schemas.openid.net/pape/policies/2007/06/phishing-resistant", "phr");
const MAIL: &str = "urn:oid:0.9.2342.19200300.100.1.3";
const DISPLAY_NAME: &str = "urn:oid:2.16.840.1.113730.3.1.241";

/// What a response said.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    SignedIn(Box<SignedIn>),
    /// The most particular status code.
    Refused(String),
}

/// Somebody for whom the identity provider vouches.
#[derive(Debug, Clone)]
pub(crate) struct SignedIn {
    pub(crate) person: Person,
    pub(crate) name_id: String,
    pub(crate) session_index: String,
    /// The assertion's id, and until when it could come again.
    pub(super) assertion: (String, i64),
}

impl Provider {
    /// Checks a response to the request of that id. Blocks.
    pub(super) fn check(&self, shaped: Shaped, request_id: &str, now: i64) -> Result<Answer, String> {
        if let Some(code) = shaped.failure {
            // May be unsigned: it lets nobody in.
            let ours = shaped.in_response_to.as_deref() == Some(request_id);
            return if ours { Ok(Answer::Refused(code)) } else { Err("a refusal of another request".to_owned()) };
        }
        let read = self.samael.parse_xml_response_with_mode(&shaped.xml, Some(&[request_id]), ReduceMode::PreDigest);
        let assertion = read.map_err(|error| error.to_string())?;
        self.signed_in(&assertion, now).map(|signed_in| Answer::SignedIn(Box::new(signed_in))).map_err(str::to_owned)
    }

    fn signed_in(&self, assertion: &Assertion, now: i64) -> Result<SignedIn, &'static str> {
        let conditions = assertion.conditions.as_ref().ok_or("no conditions")?;
        let until = self.check_conditions(conditions, now)?;
        let name_id = assertion.subject.as_ref().and_then(|subject| subject.name_id.as_ref()).ok_or("no NameID")?;
        // A transient one would be another person each time.
        if name_id.format.as_deref() != Some(PERSISTENT) || name_id.value.is_empty() {
            return Err("no persistent NameID");
        }
        let statements = assertion.authn_statements.as_deref().unwrap_or_default();
        let [statement] = statements else { return Err("not one authentication statement") };
        let session_index = statement.session_index.clone().ok_or("no SessionIndex")?;
        if statement.session_not_on_or_after.is_some_and(|end| end.timestamp() + CLOCK_SKEW <= now) {
            return Err("the session has ended");
        }
        Ok(SignedIn {
            person: self.person(assertion, &name_id.value, statement, &session_index),
            name_id: name_id.value.clone(),
            session_index,
            assertion: (assertion.id.clone(), until),
        })
    }

    /// samael finds an assertion without times or audience good for ever and for everybody, and one audience of several enough.
    fn check_conditions(&self, conditions: &Conditions, now: i64) -> Result<i64, &'static str> {
        let not_before = conditions.not_before.ok_or("no NotBefore")?.timestamp();
        let until = conditions.not_on_or_after.ok_or("no NotOnOrAfter")?.timestamp();
        if now + CLOCK_SKEW < not_before || now >= until + CLOCK_SKEW {
            return Err("not valid now");
        }
        let audiences = conditions.audience_restrictions.as_deref().unwrap_or_default();
        let named = |audience: &samael::schema::AudienceRestriction| audience.audience.contains(&self.own.entity_id);
        if audiences.is_empty() || !audiences.iter().all(named) {
            return Err("not for us");
        }
        Ok(until + CLOCK_SKEW)
    }

    fn person(&self, assertion: &Assertion, subject: &str, statement: &AuthnStatement, session_index: &str) -> Person {
        let own = |name: &str| format!("{}/attributes/{name}", self.idp.entity_id.trim_end_matches("/metadata"));
        let values = |name: &str| -> Vec<String> {
            let statements = assertion.attribute_statements.iter().flatten();
            let attributes = statements.flat_map(|statement| &statement.attributes);
            let named = attributes.filter(|attribute| attribute.name.as_deref() == Some(name));
            named.flat_map(|attribute| &attribute.values).filter_map(|value| value.value.clone()).collect()
        };
        let one = |name: &str| values(name).into_iter().next();
        let class = statement.authn_context.as_ref().and_then(|context| context.value.as_ref());
        let class = class.and_then(|class| class.value.clone());
        Person {
            subject: subject.to_owned(),
            name: one(DISPLAY_NAME),
            email: one(MAIL),
            // Its number is all that is told of a school: an application knows those that use it.
            school: one(&own("school-urn")).map(|urn| School {
                name: format!("School {urn}"),
                id: urn,
                ukprn: one(&own("school-ukprn")),
                urn: None,
            }),
            groups: values(&own("groups")),
            pupil_scopes: pupils(&values(&own("pupil-scopes"))),
            acr: class.map(|class| if class == PHISHING_RESISTANT.0 { PHISHING_RESISTANT.1.to_owned() } else { class }),
            amr: Vec::new(),
            auth_time: statement.authn_instant.map(|instant| instant.timestamp()),
            elevated_until: None,
            sid: Some(session_index.to_owned()),
        }
    }
}

/// Which pupils somebody works with. `None`: nobody said. Only the word for it is all of them: what cannot be read matches nobody.
fn pupils(values: &[String]) -> Option<Vec<PupilScope>> {
    match values {
        [] => None,
        [all] if all == "all" => Some(Vec::new()),
        some => Some(some.iter().map(|value| scope(value)).collect()),
    }
}

fn scope(value: &str) -> PupilScope {
    let (kind, name) = value.split_once(':').unwrap_or(("", value));
    PupilScope { kind: kind.to_owned(), name: name.to_owned() }
}
