//! Draws an unrolled page.

use std::fmt::Write as _;

use handlebars::JsonTruthy;
use serde_json::Value;

use super::{Call, Given, Part, Way, What};
use crate::templates::calls::{self, Calls};
use crate::templates::{markup, times};

pub(super) fn draw(parts: &[Part], length: usize, context: &Value, calls: &Calls) -> Option<String> {
    let page = Item { value: context, index: 0, last: true };
    let mut drawing = Drawing { calls, items: vec![page], out: String::with_capacity(length) };
    drawing.parts(parts)?;
    Some(drawing.out)
}

/// What a call comes to where only constants are given.
pub(super) fn fold(call: &Call, calls: &Calls) -> Option<Value> {
    match (Drawing { calls, items: Vec::new(), out: String::new() }).call(call)? {
        Got::Made(value) => Some(value),
        Got::Missing | Got::There(_) => None,
    }
}

/// Constant parts as they are put out.
pub(super) fn fold_part(part: &Part, calls: &Calls) -> Option<String> {
    let mut drawing = Drawing { calls, items: Vec::new(), out: String::new() };
    drawing.part(part)?;
    Some(drawing.out)
}

struct Drawing<'a> {
    calls: &'a Calls,
    /// The page, and the item of each `each` that is open.
    items: Vec<Item<'a>>,
    out: String,
}

struct Item<'a> {
    value: &'a Value,
    index: usize,
    last: bool,
}

enum Got<'a> {
    Missing,
    There(&'a Value),
    Made(Value),
}

impl Got<'_> {
    fn value(&self) -> &Value {
        match self {
            Self::Missing => &Value::Null,
            Self::There(value) => value,
            Self::Made(value) => value,
        }
    }

    /// The value, where there is one.
    fn present(&self) -> Option<&Value> {
        (!matches!(self, Self::Missing)).then(|| self.value())
    }
}

impl<'a> Drawing<'a> {
    fn parts(&mut self, parts: &'a [Part]) -> Option<()> {
        parts.iter().try_for_each(|part| self.part(part))
    }

    fn part(&mut self, part: &'a Part) -> Option<()> {
        match part {
            Part::Raw(raw) => self.out.push_str(raw),
            Part::Write(given) => {
                let got = self.get(given)?;
                write_escaped(got.present()?, &mut self.out)?;
            }
            Part::Text(call) => {
                let (id, text) = self.text(call)?;
                self.out.push_str(&markup::to_html(&id, &text).ok()?);
            }
            Part::Qr(given) => {
                let got = self.get(given)?;
                self.out.push_str(&calls::qr(got.value().as_str().unwrap_or_default()).ok()?);
            }
            Part::If { test, then, otherwise } => {
                let holds = self.get(test)?.value().is_truthy(false);
                self.parts(if holds { then } else { otherwise })?;
            }
            Part::Each { list, item, otherwise } => match (self.way(list)?, otherwise) {
                (Got::There(Value::Array(values)), _) if !values.is_empty() => self.each(values, item)?,
                (Got::There(Value::Array(_)), None) => {}
                // Over its fields.
                (Got::There(Value::Object(_)), _) => return None,
                (_, otherwise) => self.parts(otherwise.as_ref()?)?,
            },
        }
        Some(())
    }

    fn each(&mut self, values: &'a [Value], item: &'a [Part]) -> Option<()> {
        for (index, value) in values.iter().enumerate() {
            self.items.push(Item { value, index, last: index + 1 == values.len() });
            self.parts(item)?;
            self.items.pop();
        }
        Some(())
    }

    fn get(&self, given: &'a Given) -> Option<Got<'a>> {
        Some(match given {
            Given::Literal(value) => Got::There(value),
            Given::Way(way) => self.way(way)?,
            Given::Index { depth } => Got::Made(self.items.get(*depth)?.index.into()),
            Given::First { depth } => Got::Made((self.items.get(*depth)?.index == 0).into()),
            Given::Last { depth } => Got::Made(self.items.get(*depth)?.last.into()),
            Given::Call(call) => self.call(call)?,
        })
    }

    fn way(&self, way: &Way) -> Option<Got<'a>> {
        let mut value = Some(self.items.get(way.depth)?.value);
        for step in &way.steps {
            value = match value {
                Some(Value::Object(fields)) => fields.get(step),
                Some(Value::Array(values)) => values.get(step.parse::<usize>().ok()?),
                _ => None,
            };
        }
        Some(match value {
            Some(value) => Got::There(value),
            None if way.or_null => Got::There(&Value::Null),
            None => Got::Missing,
        })
    }

    fn text(&self, call: &'a Call) -> Option<(String, String)> {
        let id = self.get(call.given.first()?)?;
        let id = id.value().as_str()?;
        let mut fillings = Vec::with_capacity(call.named.len());
        for (name, given) in &call.named {
            fillings.push((name.as_str(), self.get(given)?));
        }
        let text = self.calls.text(id, fillings.iter().map(|(name, got)| (*name, got.value()))).ok()?;
        Some((id.to_owned(), text))
    }

    fn call(&self, call: &'a Call) -> Option<Got<'a>> {
        let given = |place: usize| self.get(call.given.get(place)?);
        let made: Value = match call.what {
            What::Text => markup::to_plain(&self.text(call)?.1).into(),
            What::Join => {
                let parts: Vec<Got<'_>> = call.given.iter().map(|part| self.get(part)).collect::<Option<_>>()?;
                calls::join(parts.iter().map(Got::value)).into()
            }
            What::Time => times::write(&self.calls.texts, given(0)?.value().as_i64()?).ok()?.into(),
            What::Date => times::write_day(&self.calls.texts, given(0)?.value().as_i64()?).ok()?.into(),
            What::Clock => times::write_time(&self.calls.texts, given(0)?.value().as_i64()?).ok()?.into(),
            What::Asset => self.calls.asset(given(0)?.value().as_str()?)?.into(),
            What::Eq => (given(0)?.present()? == given(1)?.present()?).into(),
            What::Ne => (given(0)?.present()? != given(1)?.present()?).into(),
            What::Gt => (given(0)?.present()?.as_u64()? > given(1)?.present()?.as_u64()?).into(),
            What::And => self.truths(call)?.1.into(),
            What::Or => self.truths(call)?.0.into(),
            What::Not => (!given(0)?.present()?.is_truthy(false)).into(),
            What::Len => match given(0)?.present()? {
                Value::Array(values) => values.len(),
                Value::Object(fields) => fields.len(),
                Value::String(text) => text.len(),
                _ => 0,
            }
            .into(),
        };
        Some(Got::Made(made))
    }

    /// Whether any is true and whether all are. Handlebars looks at them all before it decides: a mistake in the last one is one.
    fn truths(&self, call: &'a Call) -> Option<(bool, bool)> {
        call.given.iter().try_fold((false, true), |(any, all), given| {
            let truth = self.get(given)?.value().is_truthy(false);
            Some((any || truth, all && truth))
        })
    }
}

fn write_escaped(value: &Value, out: &mut String) -> Option<()> {
    match value {
        Value::String(text) => markup::escape(text, out),
        Value::Bool(yes) => out.push_str(if *yes { "true" } else { "false" }),
        // Into memory: nothing can fail.
        Value::Number(number) => drop(write!(out, "{number}")),
        Value::Null => {}
        // No template of sense writes them.
        Value::Array(_) | Value::Object(_) => return None,
    }
    Some(())
}
