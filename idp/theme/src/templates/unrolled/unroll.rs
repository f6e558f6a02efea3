//! Walks a template as handlebars would, once for all contexts.
//!
//! A scope here is what handlebars calls a block: names are looked up in them from the innermost outwards, as it does (the parameters
//! of a partial are seen by everything that is drawn within its call), and `../` counts them.

use std::collections::BTreeMap;

use handlebars::template::{DecoratorTemplate, HelperTemplate, Parameter, Template, TemplateElement};
use handlebars::{JsonTruthy, Path, PathSeg};
use serde_json::Value;

use super::draw;
use super::{Call, Given, Part, Way, What};
use crate::templates::calls::Calls;
use crate::templates::sources::Sheaf;

/// More elements than any page has: partials that call each other again and again would never end.
const MOST_ELEMENTS: usize = 20_000;

/// Names that are calls, not values, where they stand alone in braces.
const CALLED: [&str; 24] = [
    "and", "asset", "clock", "date", "each", "eq", "gt", "gte", "if", "join", "len", "log", "lookup", "lt", "lte",
    "ne", "not", "or", "qr", "raw", "text", "time", "unless", "with",
];

pub(super) fn unroll(sheaf: &Sheaf, name: &str, calls: &Calls) -> Option<Vec<Part>> {
    let page = Scope::at(0, None);
    let mut unrolling =
        Unrolling { sheaf, calls, scopes: vec![page], called: vec![name], depth: 0, left: MOST_ELEMENTS };
    unrolling.template(sheaf.template(name)?)
}

struct Unrolling<'t> {
    sheaf: &'t Sheaf,
    calls: &'t Calls,
    /// The innermost last.
    scopes: Vec<Scope<'t>>,
    /// The partials that are being put in place.
    called: Vec<&'t str>,
    /// How many `each` are open.
    depth: usize,
    left: usize,
}

struct Scope<'t> {
    /// Its values begin at the item of the `each` so deep.
    depth: usize,
    /// The `each` of its `@index`, `@first` and `@last`.
    item: Option<usize>,
    /// Parameters of a partial.
    parameters: BTreeMap<&'t str, Given>,
    /// Whether a partial with parameters stands around it, at whose item its values begin: `this` then has the parameters as fields.
    merged: bool,
    /// Partials within the page.
    inlines: BTreeMap<&'t str, &'t Template>,
}

impl Scope<'_> {
    fn at(depth: usize, item: Option<usize>) -> Self {
        Self { depth, item, parameters: BTreeMap::new(), merged: false, inlines: BTreeMap::new() }
    }
}

impl<'t> Unrolling<'t> {
    fn template(&mut self, template: &'t Template) -> Option<Vec<Part>> {
        let mut parts = Vec::new();
        for element in &template.elements {
            self.left = self.left.checked_sub(1)?;
            self.element(element, &mut parts)?;
        }
        // Kept for as long as the server runs.
        for part in &mut parts {
            if let Part::Raw(raw) = part {
                raw.shrink_to_fit();
            }
        }
        parts.shrink_to_fit();
        Some(parts)
    }

    fn branch(&mut self, template: Option<&'t Template>) -> Option<Vec<Part>> {
        template.map_or(Some(Vec::new()), |template| self.template(template))
    }

    fn element(&mut self, element: &'t TemplateElement, parts: &mut Vec<Part>) -> Option<()> {
        match element {
            TemplateElement::RawString(raw) => push_raw(parts, raw),
            TemplateElement::Comment(_) => {}
            TemplateElement::Expression(expression) => self.expression(expression, parts)?,
            TemplateElement::HelperBlock(block) => self.block(block, parts)?,
            TemplateElement::PartialExpression(call) | TemplateElement::PartialBlock(call) => {
                self.partial(call, parts)?;
            }
            // Braces that escape nothing, decorators anywhere else than in the block of a partial.
            _ => return None,
        }
        Some(())
    }

    fn expression(&self, expression: &'t HelperTemplate, parts: &mut Vec<Part>) -> Option<()> {
        let name = name(&expression.name)?;
        let alone = expression.params.is_empty() && expression.hash.is_empty();
        let part = match name {
            _ if alone => match &expression.name {
                Parameter::Path(path) if !CALLED.contains(&name) => Part::Write(self.path(path)?),
                _ => return None,
            },
            "qr" => match (expression.params.as_slice(), expression.hash.is_empty()) {
                ([value], true) => Part::Qr(self.given(value)?),
                _ => return None,
            },
            "text" => Part::Text(self.call(expression)?),
            _ => Part::Write(self.call_or_fold(expression)?),
        };
        let constant = match &part {
            Part::Write(given) | Part::Qr(given) => matches!(given, Given::Literal(_)),
            Part::Text(call) => is_constant(call),
            _ => false,
        };
        // What cannot be written is a mistake only where it is drawn: fonts that are not there stand in a choice that is never taken.
        match constant.then(|| draw::fold_part(&part, self.calls)).flatten() {
            Some(raw) => push_raw(parts, &raw),
            None => parts.push(part),
        }
        Some(())
    }

    fn block(&mut self, block: &'t HelperTemplate, parts: &mut Vec<Part>) -> Option<()> {
        let ([subject], true, None) = (block.params.as_slice(), block.hash.is_empty(), &block.block_param) else {
            return None;
        };
        let subject = self.given(subject)?;
        let (template, inverse) = (block.template.as_ref(), block.inverse.as_ref());
        match name(&block.name)? {
            "if" => self.choice(subject, template, inverse, parts),
            "unless" => self.choice(subject, inverse, template, parts),
            "each" => {
                let Given::Way(list) = subject else { return None };
                self.depth += 1;
                self.scopes.push(Scope::at(self.depth, Some(self.depth)));
                let item = self.template(template?)?;
                self.scopes.pop();
                self.depth -= 1;
                let otherwise = match inverse {
                    Some(inverse) => Some(self.template(inverse)?),
                    None => None,
                };
                parts.push(Part::Each { list, item, otherwise });
                Some(())
            }
            _ => None,
        }
    }

    fn choice(
        &mut self,
        test: Given,
        then: Option<&'t Template>,
        otherwise: Option<&'t Template>,
        parts: &mut Vec<Part>,
    ) -> Option<()> {
        if let Given::Literal(value) = test {
            let chosen = self.branch(if value.is_truthy(false) { then } else { otherwise })?;
            push_all(parts, chosen);
            return Some(());
        }
        let (then, otherwise) = (self.branch(then)?, self.branch(otherwise)?);
        parts.push(Part::If { test, then, otherwise });
        Some(())
    }

    fn partial(&mut self, call: &'t DecoratorTemplate, parts: &mut Vec<Part>) -> Option<()> {
        let name = name(&call.name)?;
        // `@partial-block` is what a block holds besides inline partials; with a parameter without a name it is the whole context.
        if !call.params.is_empty() || call.indent.is_some() || name.starts_with('@') || self.called.contains(&name) {
            return None;
        }
        let inline = self.scopes.iter().rev().find_map(|scope| scope.inlines.get(name).copied());
        let template = inline.or_else(|| self.sheaf.template(name))?;
        let outer = self.scopes.last()?;
        let mut scope = Scope::at(outer.depth, outer.item);
        scope.merged = outer.merged || !call.hash.is_empty();
        for (parameter, given) in &call.hash {
            scope.parameters.insert(parameter, self.given(given).map(or_null)?);
        }
        if let Some(block) = &call.template {
            scope.inlines = inlines(block)?;
        }
        self.scopes.push(scope);
        self.called.push(name);
        let drawn = self.template(template)?;
        self.called.pop();
        self.scopes.pop();
        push_all(parts, drawn);
        Some(())
    }

    fn given(&self, parameter: &'t Parameter) -> Option<Given> {
        match parameter {
            Parameter::Literal(value) => Some(Given::Literal(value.clone())),
            Parameter::Path(path) => self.path(path),
            Parameter::Subexpression(inner) => match inner.as_element() {
                TemplateElement::Expression(expression) => self.call_or_fold(expression),
                _ => None,
            },
            _ => None,
        }
    }

    fn call(&self, expression: &'t HelperTemplate) -> Option<Call> {
        let what = match name(&expression.name)? {
            "text" => What::Text,
            "join" => What::Join,
            "time" => What::Time,
            "date" => What::Date,
            "clock" => What::Clock,
            "asset" => What::Asset,
            "eq" => What::Eq,
            "ne" => What::Ne,
            "gt" => What::Gt,
            "and" => What::And,
            "or" => What::Or,
            "not" => What::Not,
            "len" => What::Len,
            _ => return None,
        };
        let given = expression.params.iter().map(|parameter| self.given(parameter)).collect::<Option<_>>()?;
        let mut named = Vec::with_capacity(expression.hash.len());
        for (name, parameter) in &expression.hash {
            named.push((name.clone(), self.given(parameter)?));
        }
        named.sort_by(|(one, _), (other, _)| one.cmp(other));
        Some(Call { what, given, named })
    }

    fn call_or_fold(&self, expression: &'t HelperTemplate) -> Option<Given> {
        let call = self.call(expression)?;
        let folded = if is_constant(&call) { draw::fold(&call, self.calls) } else { None };
        Some(folded.map_or(Given::Call(call), Given::Literal))
    }

    fn path(&self, path: &Path) -> Option<Given> {
        match path {
            Path::Local((up, name, _)) => {
                let depth = self.scope(*up)?.item?;
                match name.as_str() {
                    "index" => Some(Given::Index { depth }),
                    "first" => Some(Given::First { depth }),
                    "last" => Some(Given::Last { depth }),
                    _ => None,
                }
            }
            Path::Relative((segments, raw)) => {
                let (up, names) = plain(segments, raw)?;
                self.value(up, &names)
            }
        }
    }

    fn value(&self, up: usize, names: &[String]) -> Option<Given> {
        if let Some((first, others)) = names.split_first() {
            // Whatever the `../` before it.
            let parameter = self.scopes.iter().rev().find_map(|scope| scope.parameters.get(first.as_str()));
            match (parameter, others) {
                (None, _) => {}
                (Some(parameter), []) => return Some(parameter.clone()),
                (Some(Given::Way(way)), _) => {
                    let steps = way.steps.iter().chain(others).cloned().collect();
                    return Some(Given::Way(Way { depth: way.depth, steps, or_null: false }));
                }
                // Of null nothing is there, and nothing was asked for within any other constant so far.
                (Some(_), _) => return None,
            }
        }
        let scope = self.scope(up)?;
        // What is no object has its parts as numbered fields beside the parameters.
        if scope.merged && names.first().is_none_or(|first| first.bytes().all(|byte| byte.is_ascii_digit())) {
            return None;
        }
        Some(Given::Way(Way { depth: scope.depth, steps: names.to_vec(), or_null: false }))
    }

    /// The scope so many further out. Handlebars takes the innermost where there are not so many; no template of sense asks.
    fn scope(&self, up: usize) -> Option<&Scope<'t>> {
        self.scopes.iter().rev().nth(up)
    }
}

/// The name of what is called.
fn name(parameter: &Parameter) -> Option<&str> {
    match parameter {
        Parameter::Name(name) => Some(name),
        Parameter::Path(Path::Relative((_, raw)) | Path::Local((_, _, raw))) => Some(raw),
        _ => None,
    }
}

/// How often a path goes up and which names it then follows; `None` where it is written in another way than `../../name.name`.
fn plain(segments: &[PathSeg], raw: &str) -> Option<(usize, Vec<String>)> {
    let mut rest = raw;
    let mut up = 0;
    while let Some(inner) = rest.strip_prefix("../") {
        (rest, up) = (inner, up + 1);
    }
    if rest.contains(['@', '[']) || rest.contains("..") {
        return None;
    }
    let names: Option<Vec<String>> = segments
        .iter()
        .skip(up)
        .map(|segment| match segment {
            PathSeg::Named(name) => Some(name.clone()),
            _ => None,
        })
        .collect();
    Some((up, names?))
}

/// The inline partials of a block. Whatever else it draws is for `@partial-block`, which is not understood.
fn inlines(block: &Template) -> Option<BTreeMap<&str, &Template>> {
    let mut inlines = BTreeMap::new();
    for element in &block.elements {
        match element {
            TemplateElement::RawString(_) | TemplateElement::Comment(_) => {}
            TemplateElement::DecoratorBlock(inline) => match (name(&inline.name)?, inline.params.as_slice()) {
                ("inline", [Parameter::Literal(Value::String(name))]) => {
                    inlines.insert(name.as_str(), inline.template.as_ref()?);
                }
                _ => return None,
            },
            _ => return None,
        }
    }
    Some(inlines)
}

/// A parameter of a partial is there, even where what it was given is not.
fn or_null(given: Given) -> Given {
    match given {
        Given::Way(way) => Given::Way(Way { or_null: true, ..way }),
        other => other,
    }
}

fn is_constant(call: &Call) -> bool {
    call.given.iter().chain(call.named.iter().map(|(_, given)| given)).all(|given| matches!(given, Given::Literal(_)))
}

fn push_raw(parts: &mut Vec<Part>, raw: &str) {
    match parts.last_mut() {
        Some(Part::Raw(before)) => before.push_str(raw),
        _ if raw.is_empty() => {}
        _ => parts.push(Part::Raw(raw.to_owned())),
    }
}

fn push_all(parts: &mut Vec<Part>, others: Vec<Part>) {
    for part in others {
        match part {
            Part::Raw(raw) => push_raw(parts, &raw),
            part => parts.push(part),
        }
    }
}
