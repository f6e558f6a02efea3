//! Sessions and the browsers that a person used.

use keyholder_core::id::{PersonId, SessionId, TokenHash};
use keyholder_core::ports::Familiarity;
use keyholder_core::session::{KnownBrowser, Session, SessionInFull};
use keyholder_core::time::Timestamp;
use sea_orm::sea_query::{Expr, Query, SelectStatement};
use sea_orm::{ColumnTrait, EntityTrait, ExprTrait, JoinType, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Value};
use uuid::Uuid;

use super::ceremonies::end_ceremonies;
use super::people::{MemberRow, join_members, read_members, read_person};
use super::text::text;
use super::{
    Listing, Result, add, change, columns_of, find, insert, instant, millis, one, read_json, read_token, replace_if,
    write_json,
};
use crate::entities::{ceremonies, grants, known_browsers, memberships, people, sessions};
use crate::error::stored;
use crate::sqlite::record::Database;

pub(crate) fn read_session(row: sessions::Model) -> Result<Session> {
    Ok(Session {
        id: SessionId::from_uuid(row.id),
        person: PersonId::from_uuid(row.person_id),
        token: read_token(&row.token)?,
        browser: read_token(&row.browser)?,
        proofs: read_json("proofs", &row.proofs)?,
        elevated_until: instant(row.elevated_until),
        started_at: Timestamp::from_millis(row.started_at),
        last_seen_at: Timestamp::from_millis(row.last_seen_at),
        expires_at: Timestamp::from_millis(row.expires_at),
        ended_at: instant(row.ended_at),
        address: row.address,
        user_agent: row.user_agent,
        version: row.version,
    })
}

fn write_session(session: &Session, version: i64) -> Result<sessions::Model> {
    Ok(sessions::Model {
        id: session.id.as_uuid(),
        person_id: session.person.as_uuid(),
        token: session.token.0.to_vec(),
        browser: session.browser.0.to_vec(),
        proofs: write_json(&session.proofs)?,
        elevated_until: millis(session.elevated_until),
        started_at: session.started_at.as_millis(),
        last_seen_at: session.last_seen_at.as_millis(),
        expires_at: session.expires_at.as_millis(),
        ended_at: millis(session.ended_at),
        address: session.address.clone(),
        user_agent: session.user_agent.clone(),
        version,
    })
}

pub(crate) async fn find_session<C: Database>(db: &C, id: SessionId) -> Result<Option<Session>> {
    find::<sessions::Entity, C, _>(db, text!(), [(sessions::Column::Id, id.as_uuid().into())])
        .await?
        .map(read_session)
        .transpose()
}

pub(crate) async fn find_session_by_token<C: Database>(db: &C, token: TokenHash) -> Result<Option<Session>> {
    find::<sessions::Entity, C, _>(db, text!(), [(sessions::Column::Token, token.0.to_vec().into())])
        .await?
        .map(read_session)
        .transpose()
}

pub(crate) async fn find_session_in_full<C: Database>(db: &C, token: TokenHash) -> Result<Option<SessionInFull>> {
    let statement = text!().with(db, vec![token.0.to_vec().into()], |_| in_full(token));
    // One for each pupil scope of each membership; session and person are the same in all of them.
    let mut rows = db.records::<InFull>(statement).await.map_err(stored)?.into_iter();
    let Some((session, person, member)) = rows.next() else { return Ok(None) };
    let members = member.into_iter().chain(rows.filter_map(|(.., member)| member));
    Ok(Some(SessionInFull {
        session: read_session(session)?,
        person: read_person(person)?,
        memberships: read_members(members)?,
    }))
}

type InFull = (sessions::Model, people::Model, Option<MemberRow>);

fn in_full(token: TokenHash) -> SelectStatement {
    use sessions::Column::{PersonId, Token};
    let person = sessions::Entity::belongs_to(people::Entity).from(PersonId).to(people::Column::Id).into();
    let member =
        sessions::Entity::belongs_to(memberships::Entity).from(PersonId).to(memberships::Column::PersonId).into();
    let select = sessions::Entity::find()
        .join(JoinType::InnerJoin, person)
        .join(JoinType::LeftJoin, member)
        .filter(Token.eq(token.0.to_vec()));
    columns_of::<InFull, _>(join_members(select, JoinType::LeftJoin))
}

pub(crate) async fn list_live_sessions<C: Database>(db: &C, person: PersonId, now: Timestamp) -> Result<Vec<Session>> {
    let rows = sessions::Entity::find()
        .filter(sessions::Column::PersonId.eq(person.as_uuid()))
        .filter(sessions::Column::EndedAt.is_null())
        .filter(sessions::Column::ExpiresAt.gt(now.as_millis()))
        .order_by_asc(sessions::Column::StartedAt)
        .order_by_asc(sessions::Column::Id)
        .records(db)
        .await?;
    rows.into_iter().map(read_session).collect()
}

pub(crate) async fn insert_session<C: Database>(db: &C, session: &Session) -> Result<()> {
    insert::<sessions::Entity, C>(db, write_session(session, session.version)?).await
}

pub(crate) async fn swap_session<C: Database>(db: &C, session: &Session) -> Result<bool> {
    let row = write_session(session, session.version.saturating_add(1))?;
    let same = [(sessions::Column::Id, row.id.into()), (sessions::Column::Version, session.version.into())];
    replace_if::<sessions::Entity, C, _>(db, text!(), row, same).await
}

pub(crate) async fn touch_session<C: Database>(db: &C, id: SessionId, now: Timestamp) -> Result<()> {
    let now = now.as_millis();
    let touch = |_: &[Value]| {
        sessions::Entity::update_many()
            .col_expr(sessions::Column::LastSeenAt, Expr::val(now))
            .filter(sessions::Column::Id.eq(id.as_uuid()))
            .filter(sessions::Column::LastSeenAt.lt(now))
            .into_query()
    };
    let values = vec![now.into(), id.as_uuid().into(), now.into()];
    db.execute_raw(text!().with(db, values, touch)).await.map_err(stored)?;
    Ok(())
}

pub(crate) async fn end_session<C: Database>(db: &C, id: SessionId, now: Timestamp) -> Result<bool> {
    let done = sessions::Entity::update_many()
        .col_expr(sessions::Column::EndedAt, Expr::val(now.as_millis()))
        .col_expr(sessions::Column::Version, Expr::col(sessions::Column::Version).add(1))
        .filter(sessions::Column::Id.eq(id.as_uuid()))
        .filter(sessions::Column::EndedAt.is_null())
        .exec(db)
        .await
        .map_err(stored)?;
    grants::Entity::update_many()
        .col_expr(grants::Column::EndedAt, Expr::val(now.as_millis()))
        .filter(grants::Column::SessionId.eq(id.as_uuid()))
        .filter(grants::Column::Offline.eq(false))
        .filter(grants::Column::EndedAt.is_null())
        .exec(db)
        .await
        .map_err(stored)?;
    end_ceremonies(db, ceremonies::Column::SessionId.eq(id.as_uuid()), now).await?;
    Ok(done.rows_affected > 0)
}

pub(crate) async fn end_sessions_of<C: Database>(
    db: &C,
    person: PersonId,
    except: Option<SessionId>,
    now: Timestamp,
) -> Result<Vec<SessionId>> {
    let mut running = sessions::Entity::find()
        .select_only()
        .column(sessions::Column::Id)
        .filter(sessions::Column::PersonId.eq(person.as_uuid()))
        .filter(sessions::Column::EndedAt.is_null());
    let mut of_grants = grants::Entity::update_many()
        .col_expr(grants::Column::EndedAt, Expr::val(now.as_millis()))
        .filter(grants::Column::PersonId.eq(person.as_uuid()))
        .filter(grants::Column::EndedAt.is_null());
    if let Some(except) = except {
        running = running.filter(sessions::Column::Id.ne(except.as_uuid()));
        of_grants = of_grants.filter(grants::Column::SessionId.ne(except.as_uuid()));
    }
    let ids: Vec<Uuid> =
        running.order_by_asc(sessions::Column::StartedAt).into_tuple().all(db).await.map_err(stored)?;
    // One by one, so that of two that compete each session is reported by exactly one.
    let mut ended = Vec::with_capacity(ids.len());
    for id in ids {
        let done = sessions::Entity::update_many()
            .col_expr(sessions::Column::EndedAt, Expr::val(now.as_millis()))
            .col_expr(sessions::Column::Version, Expr::col(sessions::Column::Version).add(1))
            .filter(sessions::Column::Id.eq(id))
            .filter(sessions::Column::EndedAt.is_null())
            .exec(db)
            .await
            .map_err(stored)?;
        if done.rows_affected > 0 {
            ended.push(SessionId::from_uuid(id));
        }
        end_ceremonies(db, ceremonies::Column::SessionId.eq(id), now).await?;
    }
    of_grants.exec(db).await.map_err(stored)?;
    Ok(ended)
}

pub(crate) async fn note_browser<C: Database>(
    db: &C,
    person: PersonId,
    browser: TokenHash,
    user_agent: &str,
    now: Timestamp,
) -> Result<Familiarity> {
    let set = [
        (known_browsers::Column::LastSeenAt, now.as_millis().into()),
        (known_browsers::Column::UserAgent, user_agent.into()),
    ];
    let same = [
        (known_browsers::Column::PersonId, person.as_uuid().into()),
        (known_browsers::Column::Browser, browser.0.to_vec().into()),
    ];
    if change::<known_browsers::Entity, C, _>(db, text!(), set, same, None).await? {
        return Ok(Familiarity::Known);
    }
    let others = |_: &[Value]| {
        let used = known_browsers::Entity::find().filter(known_browsers::Column::PersonId.eq(person.as_uuid()));
        Query::select().expr(Expr::exists(used.into_query())).to_owned()
    };
    let others: Option<bool> = one(db, text!().with(db, vec![person.as_uuid().into()], others)).await?;
    let row = known_browsers::Model {
        person_id: person.as_uuid(),
        browser: browser.0.to_vec(),
        first_seen_at: now.as_millis(),
        last_seen_at: now.as_millis(),
        user_agent: user_agent.to_owned(),
    };
    let added = add::<known_browsers::Entity, C>(db, row).await?;
    Ok(match (added, others.unwrap_or_default()) {
        (false, _) => Familiarity::Known,
        (true, true) => Familiarity::New,
        (true, false) => Familiarity::First,
    })
}

pub(crate) async fn forget_browser<C: Database>(db: &C, person: PersonId, browser: TokenHash) -> Result<bool> {
    let done = known_browsers::Entity::delete_many()
        .filter(known_browsers::Column::PersonId.eq(person.as_uuid()))
        .filter(known_browsers::Column::Browser.eq(browser.0.to_vec()))
        .exec(db)
        .await
        .map_err(stored)?;
    Ok(done.rows_affected > 0)
}

pub(crate) async fn list_known_browsers<C: Database>(db: &C, person: PersonId) -> Result<Vec<KnownBrowser>> {
    let rows = known_browsers::Entity::find()
        .filter(known_browsers::Column::PersonId.eq(person.as_uuid()))
        .order_by_desc(known_browsers::Column::LastSeenAt)
        .order_by_asc(known_browsers::Column::Browser)
        .records(db)
        .await?;
    let read = |row: known_browsers::Model| {
        Ok(KnownBrowser {
            browser: read_token(&row.browser)?,
            user_agent: row.user_agent,
            first_seen_at: Timestamp::from_millis(row.first_seen_at),
            last_seen_at: Timestamp::from_millis(row.last_seen_at),
        })
    };
    rows.into_iter().map(read).collect()
}
