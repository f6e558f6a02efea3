//! What templates may call, as functions of values: the helpers of handlebars and the unrolled pages call the same.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use fluent_bundle::{FluentArgs, FluentValue};
use qrcode::types::QrError;
use serde_json::Value;

use super::markup;
use crate::texts::{TextError, Texts};

/// What the calls of one language draw from.
pub(super) struct Calls {
    pub(super) texts: Texts,
    /// The names under which assets are served, by path.
    pub(super) assets: BTreeMap<String, String>,
}

impl Calls {
    /// A text, filled in; its emphasis is still marked. The fields of an object are filled in too.
    pub(super) fn text<'v>(
        &self,
        id: &str,
        fillings: impl IntoIterator<Item = (&'v str, &'v Value)>,
    ) -> Result<String, TextError> {
        let mut arguments = FluentArgs::new();
        for (name, value) in fillings {
            match value {
                Value::Object(fields) => {
                    for (field, value) in fields {
                        set(&mut arguments, field, value);
                    }
                }
                value => set(&mut arguments, name, value),
            }
        }
        self.texts.write(id, &arguments)
    }

    /// The address of an asset.
    pub(super) fn asset(&self, path: &str) -> Option<String> {
        self.assets.get(path).map(|name| format!("/assets/{name}"))
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

/// The parts as one string.
pub(super) fn join<'v>(parts: impl IntoIterator<Item = &'v Value>) -> String {
    let mut joined = String::new();
    for part in parts {
        match part {
            Value::String(text) => joined.push_str(text),
            // Into memory: nothing can fail.
            other => drop(write!(joined, "{other}")),
        }
    }
    joined
}

/// Modules of the quiet zone on each side (ISO/IEC 18004, 6.3.8).
const QUIET: usize = 4;

/// The value as a QR code (ISO/IEC 18004), dark on nothing, its quiet zone included. Decorative: what stands around it says what it is.
pub(super) fn qr(value: &str) -> Result<String, QrError> {
    let code = qrcode::QrCode::with_error_correction_level(value, qrcode::EcLevel::M)?;
    let (width, colours) = (code.width(), code.to_colors());
    let side = width + 2 * QUIET;
    let mut path = String::new();
    for (y, row) in colours.chunks(width).enumerate() {
        for (x, _) in row.iter().enumerate().filter(|(_, colour)| **colour == qrcode::Color::Dark) {
            // Into memory: nothing can fail.
            let _ = write!(path, "M{} {}h1v1h-1z", x + QUIET, y + QUIET);
        }
    }
    Ok(format!(
        "<svg viewBox=\"0 0 {side} {side}\" shape-rendering=\"crispEdges\" aria-hidden=\"true\" focusable=\"false\"><path d=\"{path}\"/></svg>"
    ))
}
