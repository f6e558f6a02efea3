//! A page with its partials put in place and everything done beforehand that is the same on every drawing.
//!
//! By profile, most of what drawing cost was handlebars calling partials: each call clones the whole context, and within it each name
//! clones what it stands for. So the template that handlebars parsed is walked once per language (`unroll`): partials and inline
//! blocks are put where they are called, their parameters where they are named, and texts, addresses and comparisons of constants are
//! written out. What is left are long raw strings, the values of the page, and the choices that depend on them (`draw`).
//!
//! Owns no syntax and no semantics: handlebars parses, and says what a template means. What is not understood here in every detail
//! (`with`, block parameters, `lookup`, an operator's way of writing that ours has not), and whatever goes wrong while drawing, a
//! missing text or value first of all, is `None`: handlebars then draws that page, or names the mistake, its file and its line. The
//! tests hold both ways of drawing to the same bytes, and allow no page of ours to be left to handlebars.

mod draw;
mod unroll;

use serde_json::Value;

use super::calls::Calls;
use super::sources::Sheaf;

/// A page of one language.
pub(super) struct Unrolled {
    parts: Vec<Part>,
    /// Bytes that it takes at most without its values: where its output begins, so as not to grow in steps.
    length: usize,
}

/// What is put out one after the other.
enum Part {
    Raw(String),
    /// Escaped.
    Write(Given),
    /// A text with its emphasis.
    Text(Call),
    Qr(Given),
    If {
        test: Given,
        then: Vec<Part>,
        otherwise: Vec<Part>,
    },
    Each {
        list: Way,
        item: Vec<Part>,
        /// Where the list is empty.
        otherwise: Option<Vec<Part>>,
    },
}

/// Where a value comes from.
#[derive(Clone)]
enum Given {
    Literal(Value),
    Way(Way),
    Index { depth: usize },
    First { depth: usize },
    Last { depth: usize },
    Call(Call),
}

/// A value of the page.
#[derive(Clone)]
struct Way {
    /// How many `each` stand around the one whose item the way begins at; 0: it begins at the page.
    depth: usize,
    steps: Vec<String>,
    /// As the parameter of a partial it is null where it is missing; elsewhere nothing missing can be written.
    or_null: bool,
}

#[derive(Clone)]
struct Call {
    what: What,
    given: Vec<Given>,
    /// In the order of their names.
    named: Vec<(String, Given)>,
}

/// What is called.
#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    Text,
    Join,
    Time,
    Date,
    Clock,
    Asset,
    Eq,
    Ne,
    Gt,
    And,
    Or,
    Not,
    Len,
}

impl Unrolled {
    /// Unrolls the template `name`; `None` where handlebars has to draw it.
    pub(super) fn of(sheaf: &Sheaf, name: &str, calls: &Calls) -> Option<Self> {
        let parts = unroll::unroll(sheaf, name, calls)?;
        let length = length(&parts);
        Some(Self { parts, length })
    }

    /// Draws the page; `None` where handlebars has to, be it to name the mistake.
    pub(super) fn draw(&self, context: &Value, calls: &Calls) -> Option<String> {
        draw::draw(&self.parts, self.length, context, calls)
    }
}

fn length(parts: &[Part]) -> usize {
    let of = |part: &Part| match part {
        Part::Raw(raw) => raw.len(),
        Part::If { then, otherwise, .. } => length(then).max(length(otherwise)),
        Part::Each { item, .. } => length(item),
        // Most are addresses, names and short texts.
        Part::Write(_) | Part::Text(_) | Part::Qr(_) => 32,
    };
    parts.iter().map(of).sum()
}

#[cfg(test)]
mod tests;
