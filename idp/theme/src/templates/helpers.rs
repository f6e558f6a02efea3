//! What templates may call, for handlebars: `text`, `join`, `time`, `date`, `clock`, `qr`, `asset`.

use std::error::Error;
use std::sync::Arc;

use handlebars::{
    Context, Handlebars, Helper, HelperDef, HelperResult, Output, PathAndJson, RenderContext, RenderError,
    RenderErrorReason, ScopedJson,
};
use serde_json::Value;

use super::calls::{self, Calls};
use super::{markup, times};
use crate::texts::Texts;

pub(super) fn register(registry: &mut Handlebars<'static>, calls: &Arc<Calls>) {
    registry.register_helper("text", Box::new(Text { calls: Arc::clone(calls) }));
    registry.register_helper("join", Box::new(Join));
    registry.register_helper("time", Box::new(Time { calls: Arc::clone(calls), write: times::write }));
    registry.register_helper("date", Box::new(Time { calls: Arc::clone(calls), write: times::write_day }));
    registry.register_helper("clock", Box::new(Time { calls: Arc::clone(calls), write: times::write_time }));
    registry.register_helper("qr", Box::new(Qr));
    registry.register_helper("asset", Box::new(AssetAddress { calls: Arc::clone(calls) }));
}

fn nested(error: impl Error + Send + Sync + 'static) -> RenderError {
    RenderErrorReason::NestedError(Box::new(error)).into()
}

/// `{{text "id" name=value with=object}}`: a text of the page's language. The fields of `object` are filled in too.
struct Text {
    calls: Arc<Calls>,
}

impl Text {
    fn write(&self, helper: &Helper<'_>) -> Result<(String, String), RenderError> {
        let id = helper
            .param(0)
            .and_then(|id| id.value().as_str())
            .ok_or(RenderErrorReason::ParamNotFoundForIndex("text", 0))?;
        let fillings = helper.hash().iter().map(|(name, value)| (*name, value.value()));
        let text = self.calls.text(id, fillings).map_err(nested)?;
        Ok((id.to_owned(), text))
    }
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
        let joined = calls::join(helper.params().iter().map(PathAndJson::value));
        Ok(ScopedJson::Derived(Value::String(joined)))
    }
}

/// `{{time at}}`, `{{date at}}`, `{{clock at}}`: milliseconds since the epoch as people read them.
struct Time {
    calls: Arc<Calls>,
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
        let written = (self.write)(&self.calls.texts, at).map_err(nested)?;
        Ok(ScopedJson::Derived(Value::String(written)))
    }
}

/// `{{qr value}}`.
struct Qr;

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
        out.write(&calls::qr(value).map_err(nested)?)?;
        Ok(())
    }
}

/// `{{asset "tokens.css"}}`: the address of an asset.
struct AssetAddress {
    calls: Arc<Calls>,
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
        let address =
            self.calls.asset(path).ok_or_else(|| RenderErrorReason::Other(format!("there is no asset {path}")))?;
        Ok(ScopedJson::Derived(Value::String(address)))
    }
}
