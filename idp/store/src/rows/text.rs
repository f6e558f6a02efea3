//! The text of statements that only ever differ in their values, written once: writing one costs more than what it looks up.

use std::sync::OnceLock;

use sea_orm::{ConnectionTrait, DbBackend, Statement, StatementBuilder, Value};

/// The text of one statement.
pub(crate) struct Text(OnceLock<(DbBackend, String)>);

/// A text of the place where this stands.
macro_rules! text {
    () => {{
        static TEXT: $crate::rows::text::Text = $crate::rows::text::Text::new();
        &TEXT
    }};
}
pub(crate) use text;

/// Those that write rows of one table.
pub(crate) struct Texts {
    pub(crate) insert: Text,
    pub(crate) put: Text,
    pub(crate) add: Text,
}

impl Texts {
    pub(crate) const fn new() -> Self {
        Self { insert: Text::new(), put: Text::new(), add: Text::new() }
    }
}

impl Text {
    pub(crate) const fn new() -> Self {
        Self(OnceLock::new())
    }

    /// The statement with these values, which stand in the order of the text. `write` is what would be written. Where debug assertions
    /// are on, as in tests, it is written each time and compared.
    pub(crate) fn with<C, S>(&self, db: &C, values: Vec<Value>, write: impl Fn(&[Value]) -> S) -> Statement
    where
        C: ConnectionTrait,
        S: StatementBuilder,
    {
        let backend = db.get_database_backend();
        let written = || backend.build(&write(&values));
        let (of, text) = self.0.get_or_init(|| (backend, written().sql));
        if cfg!(debug_assertions) {
            let anew = written();
            debug_assert_eq!(*text, anew.sql, "a text is of one statement");
            debug_assert_eq!(Some(&values), anew.values.as_ref().map(|values| &values.0), "in {text}");
        }
        // A process talks to one kind of database, tests aside.
        let text = if *of == backend { text.clone() } else { written().sql };
        Statement::from_sql_and_values(backend, text, values)
    }
}
