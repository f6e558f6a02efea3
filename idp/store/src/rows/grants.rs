//! Grants and refresh tokens.

use keyholder_core::grant::{Grant, GrantInFull, RefreshToken};
use keyholder_core::id::{
    ApplicationId, GrantId, MembershipId, PersonId, RefreshTokenId, SchoolId, SessionId, TokenHash,
};
use keyholder_core::ports::SingleUse;
use keyholder_core::time::Timestamp;
use sea_orm::sea_query::{Expr, SelectStatement};
use sea_orm::{ColumnTrait, EntityTrait, JoinType, QueryFilter, QueryOrder, QuerySelect, Value};

use super::flows;
use super::people::{MemberRow, join_members, read_members, read_person};
use super::sessions::read_session;
use super::text::text;
use super::{Listing, Result, change, columns_of, find, insert, instant, millis, read_json, read_token, write_json};
use crate::entities::{grants, memberships, people, refresh_tokens, sessions};
use crate::error::{corrupt, stored};
use crate::sqlite::record::Database;

fn read_grant(row: grants::Model) -> Result<Grant> {
    Ok(Grant {
        id: GrantId::from_uuid(row.id),
        session: SessionId::from_uuid(row.session_id),
        person: PersonId::from_uuid(row.person_id),
        application: ApplicationId::from_uuid(row.application_id),
        school: SchoolId::from_uuid(row.school_id),
        membership: MembershipId::from_uuid(row.membership_id),
        subject: row.subject,
        scopes: read_json("scopes", &row.scopes)?,
        claims_request: row.claims_request,
        proofs: read_json("proofs", &row.proofs)?,
        elevated_until: instant(row.elevated_until),
        offline: row.offline,
        created_at: Timestamp::from_millis(row.created_at),
        expires_at: Timestamp::from_millis(row.expires_at),
        ended_at: instant(row.ended_at),
    })
}

fn read_refresh_token(row: refresh_tokens::Model) -> Result<RefreshToken> {
    Ok(RefreshToken {
        id: RefreshTokenId::from_uuid(row.id),
        token: read_token(&row.token)?,
        grant: GrantId::from_uuid(row.grant_id),
        scopes: read_json("scopes", &row.scopes)?,
        created_at: Timestamp::from_millis(row.created_at),
        expires_at: Timestamp::from_millis(row.expires_at),
        rotated_at: instant(row.rotated_at),
        successor: row.successor,
        used_at: instant(row.used_at),
    })
}

pub(crate) async fn find_grant<C: Database>(db: &C, id: GrantId) -> Result<Option<Grant>> {
    find::<grants::Entity, C, _>(db, text!(), [(grants::Column::Id, id.as_uuid().into())])
        .await?
        .map(read_grant)
        .transpose()
}

pub(crate) async fn find_grant_in_full<C: Database>(
    db: &C,
    id: GrantId,
    mark: Option<(SingleUse, &[u8])>,
) -> Result<Option<GrantInFull>> {
    let marked = mark.map(|(kind, value)| flows::mark_of(kind, value)).transpose()?;
    let select = |_: &[Value]| in_full(id, marked.as_ref());
    let by_id = id.as_uuid().into();
    let statement = match &marked {
        None => text!().with(db, vec![false.into(), by_id], select),
        Some(digest) => text!().with(db, vec![digest.clone().into(), by_id], select),
    };
    // One for each pupil scope; all else is the same in all of them.
    let mut rows = db.records::<InFull>(statement).await.map_err(stored)?.into_iter();
    let Some((grant, session, person, member, is_marked)) = rows.next() else { return Ok(None) };
    let mut members = read_members(std::iter::once(member).chain(rows.map(|(_, _, _, member, _)| member)))?;
    Ok(Some(GrantInFull {
        grant: read_grant(grant)?,
        session: session.map(read_session).transpose()?,
        person: read_person(person)?,
        member: members.pop().ok_or_else(|| corrupt("membership"))?,
        is_marked,
    }))
}

type InFull = (grants::Model, Option<sessions::Model>, people::Model, MemberRow, bool);

/// A grant with what is around it; with a mark, whether that is set.
fn in_full(id: GrantId, mark: Option<&Vec<u8>>) -> SelectStatement {
    use grants::Column::{Id, MembershipId, PersonId, SessionId};
    let session = grants::Entity::belongs_to(sessions::Entity).from(SessionId).to(sessions::Column::Id).into();
    let person = grants::Entity::belongs_to(people::Entity).from(PersonId).to(people::Column::Id).into();
    let member = grants::Entity::belongs_to(memberships::Entity).from(MembershipId).to(memberships::Column::Id).into();
    let select = grants::Entity::find()
        .join(JoinType::LeftJoin, session)
        .join(JoinType::InnerJoin, person)
        .join(JoinType::InnerJoin, member)
        .filter(Id.eq(id.as_uuid()));
    let mut select = columns_of::<InFull, _>(join_members(select, JoinType::InnerJoin));
    select.expr(mark.map_or_else(|| Expr::val(false), |digest| flows::is_marked(digest.clone())));
    select
}

pub(crate) async fn list_live_grants<C: Database>(db: &C, session: SessionId, now: Timestamp) -> Result<Vec<Grant>> {
    list_live(db, grants::Column::SessionId.eq(session.as_uuid()), now).await
}

pub(crate) async fn list_live_grants_of_person<C: Database>(
    db: &C,
    person: PersonId,
    now: Timestamp,
) -> Result<Vec<Grant>> {
    list_live(db, grants::Column::PersonId.eq(person.as_uuid()), now).await
}

async fn list_live<C: Database>(db: &C, whose: Expr, now: Timestamp) -> Result<Vec<Grant>> {
    let rows = grants::Entity::find()
        .filter(whose)
        .filter(grants::Column::EndedAt.is_null())
        .filter(grants::Column::ExpiresAt.gt(now.as_millis()))
        .order_by_asc(grants::Column::CreatedAt)
        .order_by_asc(grants::Column::Id)
        .records(db)
        .await?;
    rows.into_iter().map(read_grant).collect()
}

pub(crate) async fn list_grants_of_session<C: Database>(db: &C, session: SessionId) -> Result<Vec<Grant>> {
    let rows = grants::Entity::find()
        .filter(grants::Column::SessionId.eq(session.as_uuid()))
        .order_by_asc(grants::Column::CreatedAt)
        .order_by_asc(grants::Column::Id)
        .records(db)
        .await?;
    rows.into_iter().map(read_grant).collect()
}

pub(crate) async fn insert_grant<C: Database>(db: &C, grant: &Grant) -> Result<()> {
    let row = grants::Model {
        id: grant.id.as_uuid(),
        session_id: grant.session.as_uuid(),
        person_id: grant.person.as_uuid(),
        application_id: grant.application.as_uuid(),
        school_id: grant.school.as_uuid(),
        membership_id: grant.membership.as_uuid(),
        subject: grant.subject.clone(),
        scopes: write_json(&grant.scopes)?,
        claims_request: grant.claims_request.clone(),
        proofs: write_json(&grant.proofs)?,
        elevated_until: millis(grant.elevated_until),
        offline: grant.offline,
        created_at: grant.created_at.as_millis(),
        expires_at: grant.expires_at.as_millis(),
        ended_at: millis(grant.ended_at),
    };
    insert::<grants::Entity, C>(db, row).await
}

pub(crate) async fn end_grant<C: Database>(db: &C, id: GrantId, now: Timestamp) -> Result<bool> {
    let done = grants::Entity::update_many()
        .col_expr(grants::Column::EndedAt, Expr::val(now.as_millis()))
        .filter(grants::Column::Id.eq(id.as_uuid()))
        .filter(grants::Column::EndedAt.is_null())
        .exec(db)
        .await
        .map_err(stored)?;
    Ok(done.rows_affected > 0)
}

pub(crate) async fn find_refresh_token<C: Database>(db: &C, token: TokenHash) -> Result<Option<RefreshToken>> {
    let row =
        find::<refresh_tokens::Entity, C, _>(db, text!(), [(refresh_tokens::Column::Token, token.0.to_vec().into())])
            .await?;
    row.map(read_refresh_token).transpose()
}

pub(crate) async fn insert_refresh_token<C: Database>(db: &C, token: &RefreshToken) -> Result<()> {
    let row = refresh_tokens::Model {
        id: token.id.as_uuid(),
        token: token.token.0.to_vec(),
        grant_id: token.grant.as_uuid(),
        scopes: write_json(&token.scopes)?,
        created_at: token.created_at.as_millis(),
        expires_at: token.expires_at.as_millis(),
        rotated_at: millis(token.rotated_at),
        successor: token.successor.clone(),
        used_at: millis(token.used_at),
    };
    insert::<refresh_tokens::Entity, C>(db, row).await
}

pub(crate) async fn rotate_refresh_token<C: Database>(
    db: &C,
    id: RefreshTokenId,
    successor: &[u8],
    now: Timestamp,
) -> Result<bool> {
    let set = [
        (refresh_tokens::Column::RotatedAt, now.as_millis().into()),
        (refresh_tokens::Column::Successor, successor.to_vec().into()),
    ];
    let same = [(refresh_tokens::Column::Id, id.as_uuid().into())];
    change::<refresh_tokens::Entity, C, _>(db, text!(), set, same, Some(refresh_tokens::Column::RotatedAt)).await
}

pub(crate) async fn touch_refresh_token<C: Database>(db: &C, id: RefreshTokenId, now: Timestamp) -> Result<()> {
    let set = [(refresh_tokens::Column::UsedAt, now.as_millis().into())];
    let same = [(refresh_tokens::Column::Id, id.as_uuid().into())];
    change::<refresh_tokens::Entity, C, _>(db, text!(), set, same, None).await.map(drop)
}
