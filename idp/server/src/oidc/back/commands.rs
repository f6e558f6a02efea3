//! The changes that these endpoints make, each in one transaction. What must be kept although the client is refused is part
//! of the output, not an error (design, invariant 3).

use std::time::Duration;

use async_trait::async_trait;
use keyholder_core::audit::AuditEvent;
use keyholder_core::grant::RefreshToken;
use keyholder_core::id::{GrantId, RefreshTokenId, TokenHash};
use keyholder_core::ports::{Command, SingleUse, StoreError, Transaction};
use keyholder_core::time::Timestamp;
use keyholder_oidc::client_authentication::assertion::Accepted;
use keyholder_oidc::code::KEPT_FOR;

type Result<T> = std::result::Result<T, StoreError>;

/// Writes an event down.
#[derive(Debug)]
pub(super) struct Note(pub(super) AuditEvent);

#[async_trait]
impl Command for Note {
    type Output = ();
    async fn run(&self, transaction: &dyn Transaction) -> Result<()> {
        transaction.insert_audit(&self.0).await
    }
}

/// Spends a client assertion; `false` where it was spent before.
#[derive(Debug)]
pub(super) struct UseAssertion(pub(super) Accepted);

#[async_trait]
impl Command for UseAssertion {
    type Output = bool;
    async fn run(&self, transaction: &dyn Transaction) -> Result<bool> {
        transaction.use_once(SingleUse::ClientAssertion, &self.0.mark, self.0.expires_at).await
    }
}

/// Spends a code, and does what it permits.
#[derive(Debug)]
pub(super) struct RedeemCode {
    pub(super) code: TokenHash,
    pub(super) grant: GrantId,
    pub(super) permits: Permits,
    pub(super) now: Timestamp,
    /// Written where the code was spent before.
    pub(super) replay: AuditEvent,
}

/// What a code permits.
#[derive(Debug)]
pub(super) enum Permits {
    /// Tokens, and a refresh token where the client may have one.
    Tokens(Option<RefreshToken>),
    /// Nothing: the client is refused, and the code is spent all the same.
    Nothing,
}

/// What became of a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Redemption {
    /// This was the first use. Whether it permits anything is known to the caller.
    First,
    /// The grant ended meanwhile.
    GrantEnded,
    /// A replay: the grant and all its tokens are dead (RFC 6749 4.1.2).
    Replayed,
}

/// Longer than any payload is kept, so that a mark never goes before its code.
const MARK_LIFETIME: Duration = KEPT_FOR.saturating_add(Duration::from_mins(1));

#[async_trait]
impl Command for RedeemCode {
    type Output = Redemption;
    async fn run(&self, transaction: &dyn Transaction) -> Result<Redemption> {
        let until = self.now.plus(MARK_LIFETIME);
        if !transaction.use_once(SingleUse::AuthorizationCode, &self.code.0, until).await? {
            if transaction.end_grant(self.grant, self.now).await? {
                transaction.insert_audit(&self.replay).await?;
            }
            return Ok(Redemption::Replayed);
        }
        let Permits::Tokens(refresh_token) = &self.permits else {
            // Nothing can come of the grant any more.
            transaction.end_grant(self.grant, self.now).await?;
            return Ok(Redemption::First);
        };
        let grant = transaction.find_grant(self.grant).await?;
        if !grant.is_some_and(|grant| grant.is_live(self.now)) {
            return Ok(Redemption::GrantEnded);
        }
        if let Some(token) = refresh_token {
            transaction.insert_refresh_token(token).await?;
        }
        Ok(Redemption::First)
    }
}

/// Exchanges a refresh token for its successor; `false` where somebody did so before.
#[derive(Debug)]
pub(super) struct RotateRefreshToken {
    pub(super) former: RefreshTokenId,
    pub(super) successor: RefreshToken,
    /// The successor's value, sealed, for a client that lost the answer.
    pub(super) sealed: Vec<u8>,
    pub(super) now: Timestamp,
}

#[async_trait]
impl Command for RotateRefreshToken {
    type Output = bool;
    async fn run(&self, transaction: &dyn Transaction) -> Result<bool> {
        if !transaction.rotate_refresh_token(self.former, &self.sealed, self.now).await? {
            return Ok(false);
        }
        transaction.insert_refresh_token(&self.successor).await?;
        Ok(true)
    }
}

/// Notes that a refresh token was used and goes on.
#[derive(Debug)]
pub(super) struct TouchRefreshToken {
    pub(super) id: RefreshTokenId,
    pub(super) now: Timestamp,
}

#[async_trait]
impl Command for TouchRefreshToken {
    type Output = ();
    async fn run(&self, transaction: &dyn Transaction) -> Result<()> {
        transaction.touch_refresh_token(self.id, self.now).await
    }
}

/// Ends a grant with all its tokens.
#[derive(Debug)]
pub(super) struct EndGrant {
    pub(super) id: GrantId,
    pub(super) now: Timestamp,
    pub(super) why: AuditEvent,
}

#[async_trait]
impl Command for EndGrant {
    type Output = ();
    async fn run(&self, transaction: &dyn Transaction) -> Result<()> {
        if transaction.end_grant(self.id, self.now).await? {
            transaction.insert_audit(&self.why).await?;
        }
        Ok(())
    }
}

/// Marks an access token as revoked until its end.
#[derive(Debug)]
pub(super) struct RevokeAccessToken {
    pub(super) jti: String,
    pub(super) expires_at: Timestamp,
}

#[async_trait]
impl Command for RevokeAccessToken {
    type Output = ();
    async fn run(&self, transaction: &dyn Transaction) -> Result<()> {
        transaction.use_once(SingleUse::RevokedAccessToken, self.jti.as_bytes(), self.expires_at).await.map(drop)
    }
}
