//! A signed-in browser. Knows the person and the proofs; no school (a [`Grant`](crate::grant::Grant) has one).

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::assurance::{self, Assurance, Method, Proof, Reach, Role};
use crate::id::{CredentialId, PersonId, SchoolId, SessionId, TokenHash};
use crate::membership::MembershipInFull;
use crate::person::Person;
use crate::time::Timestamp;

/// How long a first key may be enrolled once a link or a pass permitted it.
const FIRST_KEY: Duration = Duration::from_mins(30);

/// A signed-in browser.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    pub id: SessionId,
    pub person: PersonId,
    /// Digest of the cookie's value; replaced at each new proof.
    pub token: TokenHash,
    /// The browser that it belongs to: digest of the browser cookie.
    pub browser: TokenHash,
    pub proofs: Vec<Proof>,
    /// Until when a factor counts on Keyholder's own pages; `None`: none was used, or the person stepped down.
    pub elevated_until: Option<Timestamp>,
    pub started_at: Timestamp,
    pub last_seen_at: Timestamp,
    /// The absolute end.
    pub expires_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    /// The peer's address when it began.
    pub address: String,
    pub user_agent: String,
    /// Raised by each compare-and-swap.
    pub version: i64,
}

/// A session with its person and all their memberships, ended ones included, as they were at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionInFull {
    pub session: Session,
    pub person: Person,
    /// In the order of creation.
    pub memberships: Vec<MembershipInFull>,
}

/// A browser in which a person signed in, remembered beyond its sessions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownBrowser {
    /// Digest of the browser cookie.
    pub browser: TokenHash,
    /// As sent at the last sign-in.
    pub user_agent: String,
    pub first_seen_at: Timestamp,
    pub last_seen_at: Timestamp,
}

/// Where proofs are weighed: a school, and how long an elevation lasts for the person's group there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    pub school: SchoolId,
    pub elevation: Duration,
}

impl Place {
    /// The place of a membership.
    pub fn of(member: &crate::membership::MembershipInFull) -> Self {
        let elevation = Duration::from_mins(member.group.elevation_minutes.into());
        Self { school: member.school.id, elevation }
    }
}

impl Session {
    /// Whether the session still counts: not ended, not past its absolute end, not idle for longer than `idle`.
    pub fn is_live(&self, now: Timestamp, idle: Duration) -> bool {
        self.ended_at.is_none() && now < self.expires_at && now.since(self.last_seen_at) < idle
    }

    /// The proofs that count for an application in this school: the first proof, and the factors that reach it and were
    /// used no longer ago than the group's elevation lasts.
    pub fn proofs_in(&self, place: Place, now: Timestamp) -> Vec<Proof> {
        self.proofs.iter().filter(|proof| self.counts(proof, place, now)).cloned().collect()
    }

    /// What those proofs are worth. Sessions are made by a first proof, so there is always one.
    pub fn assurance_in(&self, place: Place, now: Timestamp) -> Assurance {
        assurance::assess(&self.proofs_in(place, now)).unwrap_or_default()
    }

    /// When what was reached there ends; `None` where no factor counts. A weaker key that was used later does not lengthen what a
    /// stronger one reached.
    pub fn elevated_in(&self, place: Place, now: Timestamp) -> Option<Timestamp> {
        let strong = self.assurance_in(place, now) == Assurance::PhishingResistant;
        let reached = |proof: &&Proof| proof.method.role() == Role::Factor && (proof.phishing_resistant || !strong);
        let factors = self.proofs.iter().filter(reached);
        factors.filter(|proof| self.counts(proof, place, now)).map(|proof| proof.at.plus(place.elevation)).max()
    }

    fn counts(&self, proof: &Proof, place: Place, now: Timestamp) -> bool {
        match proof.method.role() {
            Role::FirstProof => return true,
            Role::Enrolment => return false,
            Role::Factor => {}
        }
        let reaches = match proof.reach {
            Reach::Everywhere => true,
            Reach::School(school) => school == place.school,
            Reach::KeyManagement => false,
        };
        reaches && self.elevated_until.is_some() && now < proof.at.plus(place.elevation)
    }

    /// Until when this session may add, rename and remove keys: it used one of the person's own, or a recovery code. A managed key
    /// that was used since does not lengthen it.
    pub fn manages_keys_until(&self, now: Timestamp) -> Option<Timestamp> {
        let elevated_until = self.elevated_until?;
        let own = |proof: &&Proof| {
            proof.method.role() == Role::Factor && matches!(proof.reach, Reach::Everywhere | Reach::KeyManagement)
        };
        let ends = self.proofs.iter().filter(own).map(|proof| proof.until.unwrap_or(elevated_until));
        ends.filter(|until| now < *until).max()
    }

    /// By what a first key may be enrolled in this session now: a mailed link or an access pass.
    pub fn enrols_first_key(&self, now: Timestamp) -> Option<Method> {
        let permissions = self.proofs.iter().filter(|proof| proof.method.role() == Role::Enrolment);
        permissions.filter(|proof| now < proof.at.plus(FIRST_KEY)).map(|proof| proof.method).next_back()
    }

    /// With the permission to enrol a first key, by a method whose role is enrolment.
    #[must_use]
    pub fn permit_first_key(mut self, method: Method, now: Timestamp) -> Self {
        self.proofs.retain(|proof| proof.method.role() != Role::Enrolment);
        self.proofs.push(Proof::of_first_key(method, now));
        self
    }

    /// Without what a key that is gone proved. `here`: its proof still opens the keys, so that a lost phone can be replaced in one go.
    /// What no other factor holds up is no longer elevated.
    #[must_use]
    pub fn forget_key(mut self, key: CredentialId, here: bool) -> Self {
        let (spent, mut proofs): (Vec<Proof>, Vec<Proof>) =
            self.proofs.into_iter().partition(|proof| proof.credential == Some(key));
        if here {
            proofs.extend(spent.into_iter().map(|proof| Proof { reach: Reach::KeyManagement, ..proof }));
        }
        self.proofs = proofs;
        let factors = self.proofs.iter().filter(|proof| proof.method.role() == Role::Factor);
        let held = factors.map(|proof| proof.until.or(self.elevated_until)).max().flatten();
        self.elevated_until = self.elevated_until.min(held);
        self
    }

    /// Raised by a factor: a proof of the same key replaces the former one.
    #[must_use]
    pub fn elevate(mut self, proof: Proof, until: Timestamp) -> Self {
        self.proofs.retain(|former| former.method.role() == Role::FirstProof || former.credential != proof.credential);
        self.proofs.push(Proof { until: Some(until), ..proof });
        self.elevated_until = self.elevated_until.max(Some(until));
        self
    }

    /// **Step down**: no factor counts any more.
    #[must_use]
    pub fn step_down(mut self) -> Self {
        self.proofs.retain(|proof| proof.method.role() == Role::FirstProof);
        self.elevated_until = None;
        self
    }

    /// When they last proved who they are.
    pub fn first_proved_at(&self) -> Timestamp {
        let first = self.proofs.iter().filter(|proof| proof.method.role() == Role::FirstProof);
        first.map(|proof| proof.at).max().unwrap_or(self.started_at)
    }

    /// When the person last proved anything.
    pub fn authenticated_at(&self) -> Timestamp {
        assurance::last_proof_at(&self.proofs).unwrap_or(self.started_at)
    }
}

#[cfg(test)]
mod tests;
