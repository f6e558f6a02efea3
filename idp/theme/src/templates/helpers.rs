//! What templates may call: `text`, `join`, `time`, `date`, `clock`, `qr`, `asset`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use fluent_bundle::{FluentArgs, FluentValue};
use handlebars::{
    Context, Handlebars, Helper, HelperDef, HelperResult, Output, RenderContext, RenderError, RenderErrorReason,
    ScopedJson,
};
use serde_json::Value;

use super::{markup, times};
use crate::assets::Assets;
use crate::texts::{TextError, Texts};

pub(super) fn register(registry: &mut Handlebars<'static>, texts: &Arc<Texts>, assets: &Assets) {
    registry.register_helper("text", Box::new(Text { texts: Arc::clone(texts) }));
    registry.register_helper("join", Box::new(Join));
    registry.register_helper("time", Box::new(Time { texts: Arc::clone(texts), write: times::write }));
    registry.register_helper("date", Box::new(Time { texts: Arc::clone(texts), write: times::write_day }));
    registry.register_helper("clock", Box::new(Time { texts: Arc::clone(texts), write: times::write_time }));
    registry.register_helper("qr", Box::new(Qr));
    registry.register_helper("asset", Box::new(AssetAddress { names: assets.names().clone() }));
}

/// `{{text "id" name=value with=object}}`: a text of the page's language. The fields of `object` are filled in too.
struct Text {
    texts: Arc<Texts>,
}

impl Text {
    fn write(&self, helper: &Helper<'_>) -> Result<(String, String), RenderError> {
        let id = helper
            .param(0)
            .and_then(|id| id.value().as_str())
            .ok_or(RenderErrorReason::ParamNotFoundForIndex("text", 0))?;
        let mut arguments = FluentArgs::new();
        for (name, value) in helper.hash() {
            match value.value() {
                Value::Object(fields) => {
                    for (field, value) in fields {
                        set(&mut arguments, field, value);
                    }
                }
                value => set(&mut arguments, name, value),
            }
        }
        let text = self.texts.write(id, &arguments).map_err(nested)?;
        Ok((id.to_owned(), text))
    }
}

fn set(arguments: &mut FluentArgs<'_>, name: &str, value: &Value) {
    let value = match value {
        Value::String(text) => FluentValue::from(markup::guard(text)),
        Value::Number(number) => FluentValue::from(number.as_f64().unwrap_or_default()),
        // Not there: a text that asks for it is an error.
        _ => return,
    };
    arguments.set(name.to_owned(), value);
}

fn nested(error: TextError) -> RenderError {
    RenderErrorReason::NestedError(Box::new(error)).into()
}

impl HelperDef for Text {
    /// Within another expression, or as a value: plain text, escaped where it is put out.
    fn call_inner<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        _: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
    ) -> Result<ScopedJson<'rc>, RenderError> {
        let (_, text) = self.write(helper)?;
        Ok(ScopedJson::Derived(Value::String(markup::to_plain(&text))))
    }

    fn call<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        registry: &'reg Handlebars<'reg>,
        _: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
        out: &mut dyn Output,
    ) -> HelperResult {
        let (id, text) = self.write(helper)?;
        // The plain registry escapes nothing, and has no emphasis either.
        let plain = registry.get_escape_fn()("<") == "<";
        let written = if plain { markup::to_plain(&text) } else { markup::to_html(&id, &text).map_err(nested)? };
        out.write(&written)?;
        Ok(())
    }
}

/// `(join "problem-" page.kind "-title")`: the parts as one string.
struct Join;

impl HelperDef for Join {
    fn call_inner<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        _: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
    ) -> Result<ScopedJson<'rc>, RenderError> {
        let joined: String = helper
            .params()
            .iter()
            .map(|part| match part.value() {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            })
            .collect();
        Ok(ScopedJson::Derived(Value::String(joined)))
    }
}

/// `{{time at}}`, `{{date at}}`, `{{clock at}}`: milliseconds since the epoch as people read them.
struct Time {
    texts: Arc<Texts>,
    write: fn(&Texts, i64) -> Result<String, times::TimeError>,
}

impl HelperDef for Time {
    fn call_inner<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        _: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
    ) -> Result<ScopedJson<'rc>, RenderError> {
        let at = helper
            .param(0)
            .and_then(|at| at.value().as_i64())
            .ok_or(RenderErrorReason::ParamNotFoundForIndex("time", 0))?;
        let written = (self.write)(&self.texts, at);
        let written = written.map_err(|error| RenderErrorReason::NestedError(Box::new(error)))?;
        Ok(ScopedJson::Derived(Value::String(written)))
    }
}

/// `{{qr value}}`: the value as a QR code (ISO/IEC 18004), dark on nothing, its quiet zone included. Decorative: what stands around it
/// says what it is.
struct Qr;

/// Modules of the quiet zone on each side (ISO/IEC 18004, 6.3.8).
const QUIET: usize = 4;

impl HelperDef for Qr {
    fn call<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        _: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
        out: &mut dyn Output,
    ) -> HelperResult {
        let value = helper.param(0).and_then(|value| value.value().as_str()).unwrap_or_default();
        let code = qrcode::QrCode::with_error_correction_level(value, qrcode::EcLevel::M)
            .map_err(|error| RenderErrorReason::NestedError(Box::new(error)))?;
        let (width, colours) = (code.width(), code.to_colors());
        let side = width + 2 * QUIET;
        let mut path = String::new();
        for (y, row) in colours.chunks(width).enumerate() {
            for (x, _) in row.iter().enumerate().filter(|(_, colour)| **colour == qrcode::Color::Dark) {
                // Into memory: nothing can fail.
                let _ = write!(path, "M{} {}h1v1h-1z", x + QUIET, y + QUIET);
            }
        }
        out.write(&format!(
            "<svg viewBox=\"0 0 {side} {side}\" shape-rendering=\"crispEdges\" aria-hidden=\"true\" focusable=\"false\"><path d=\"{path}\"/></svg>"
        ))?;
        Ok(())
    }
}

/// `{{asset "tokens.css"}}`: the address of an asset.
struct AssetAddress {
    names: BTreeMap<String, String>,
}

impl HelperDef for AssetAddress {
    fn call_inner<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        _: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
    ) -> Result<ScopedJson<'rc>, RenderError> {
        let path = helper.param(0).and_then(|path| path.value().as_str()).unwrap_or_default();
        let name = self.names.get(path).ok_or_else(|| RenderErrorReason::Other(format!("there is no asset {path}")))?;
        Ok(ScopedJson::Derived(Value::String(format!("/assets/{name}"))))
    }
}
