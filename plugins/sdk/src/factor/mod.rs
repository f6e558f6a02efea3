//! The world `factor`: a kind of key with which people prove that it is still they.
//!
//! The types are the contract's own; their documentation is in `plugins/wit/factor/factor.wit`. What is added here only makes them
//! shorter to write.

mod ask;
mod outcome;

pub use crate::bindings::factor::exports::keyholder::factor::factor::Guest as Factor;
pub use crate::bindings::factor::keyholder::factor::types::*;

/// Makes the type a plugin: `export_factor!(SoftKey);`, once in a crate.
#[macro_export]
macro_rules! export_factor {
    ($plugin:ident) => {
        #[cfg(target_arch = "wasm32")]
        #[allow(unsafe_code, reason = "the exports that the contract asks for")]
        const _: () = {
            use $crate::private::factor_bindings::export_factor_world;
    export_factor_world!($plugin with_types_in $crate::private::factor_bindings);
        };
    };
}

/// A text of the package by its key: `text!("title")`, or with values for its placeholders: `text!("left", count = 3)`.
#[macro_export]
macro_rules! text {
    ($key:expr $(, $name:ident = $value:expr)* $(,)?) => {
        $crate::factor::Text {
            key: ::std::string::String::from($key),
            args: ::std::vec![$((
                ::std::string::String::from(::std::stringify!($name)),
                ::std::string::ToString::to_string(&$value),
            )),*],
        }
    };
}

impl Context {
    /// A value of `extra` by its name, in JSON.
    pub fn extra(&self, name: &str) -> Option<&str> {
        self.extra.iter().find(|(known, _)| known == name).map(|(_, json)| json.as_str())
    }

    /// Whether a wrong code may be searched for the clock that it fits. The host counts how often.
    pub fn may_diagnose(&self) -> bool {
        self.extra("diagnose") == Some("true")
    }

    /// The reader's first language, without its region: `cy` of `cy-GB`.
    pub fn language(&self) -> &str {
        let first = self.locales.first().map_or("en", String::as_str);
        first.split(['-', '_']).next().unwrap_or("en")
    }
}

impl Answer {
    /// What was typed into a field, if the answer is a form's.
    pub fn field(&self, name: &str) -> Option<&str> {
        match &self.response {
            Response::Fields(fields) => fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str()),
            _ => None,
        }
    }

    /// Whether a box of a form was ticked.
    pub fn ticked(&self, name: &str) -> bool {
        self.field(name).is_some_and(|value| !value.is_empty() && value != "false")
    }
}
