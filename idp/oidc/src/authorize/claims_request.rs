//! The `claims` request parameter (`OpenID` Connect Core 5.5).
//!
//! Owns its form. Which claims are given is decided where tokens are made.

use std::collections::BTreeMap;

use keyholder_core::assurance::Assurance;
use keyholder_core::flow::{AskedAssurance, Weight};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, from_value};

/// Individual claims that were asked for, by where they go. Members that are not understood are ignored (Core 5.5).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimsRequest {
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub userinfo: BTreeMap<String, Option<ClaimRequest>>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub id_token: BTreeMap<String, Option<ClaimRequest>>,
}

/// How one claim was asked for; `None` in its place is a voluntary claim of any value (Core 5.5.1).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimRequest {
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub essential: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<Value>,
}

impl ClaimsRequest {
    /// Reads the parameter.
    pub fn parse(text: &str) -> Result<Self, serde_json::Error> {
        // Through maps: serde would read a struct from an array as well.
        let whole: Map<String, Value> = serde_json::from_str(text)?;
        let read = |name: &str| match whole.get(name) {
            None => Ok(BTreeMap::new()),
            Some(part) => BTreeMap::<String, Option<Map<String, Value>>>::deserialize(part)?
                .into_iter()
                .map(|(claim, asked)| Ok((claim, asked.map(|asked| from_value(asked.into())).transpose()?)))
                .collect::<Result<_, serde_json::Error>>(),
        };
        Ok(Self { userinfo: read("userinfo")?, id_token: read("id_token")? })
    }

    /// The subject that the ID token must have (Core 5.5.1, 3.1.2.2).
    pub(crate) fn subject(&self) -> Result<Option<&str>, NotText> {
        match self.id_token.get("sub").and_then(Option::as_ref).and_then(|sub| sub.value.as_ref()) {
            None => Ok(None),
            Some(Value::String(subject)) => Ok(Some(subject)),
            Some(_) => Err(NotText),
        }
    }

    /// The authentication context classes asked for, the preferred first; `None` where `acr` was not asked for by value.
    pub fn assurance(&self) -> Option<AskedAssurance> {
        let asked = self.id_token.get("acr")?.as_ref()?;
        let mut values = asked.value.iter().chain(&asked.values).peekable();
        values.peek()?;
        let classes: Vec<Assurance> = values.filter_map(Value::as_str).filter_map(Assurance::from_acr).collect();
        match asked.essential {
            // Core 5.5.1.1: "the Authorization Server MUST treat that outcome as a failed authentication attempt": a class
            // that nobody here knows is never reached, so an empty list stays.
            true => Some(AskedAssurance { classes, weight: Weight::Essential }),
            false if classes.is_empty() => None,
            false => Some(AskedAssurance { classes, weight: Weight::Voluntary }),
        }
    }

    /// Writes `acr_values` as what it stands for: `acr` as a voluntary claim (Core 3.1.2.1). What `claims` says of `acr` by
    /// value goes first (Core 5.5.1.1 leaves both together undefined).
    pub(crate) fn add_acr_values(&mut self, acr_values: &str) {
        if self.assurance().is_none() {
            let values = acr_values.split(' ').filter(|value| !value.is_empty()).map(Value::from).collect();
            self.id_token.insert("acr".to_owned(), Some(ClaimRequest { values, ..ClaimRequest::default() }));
        }
    }
}

/// `sub` is text (Core 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotText;
