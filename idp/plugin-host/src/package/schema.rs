//! The schema of a plugin's settings: a subset of JSON Schema 2020-12 (`docs/plugins/package.md`).
//!
//! Owns which keywords are understood: any other is refused, so that nothing is thought to be enforced that is not. Does not own
//! what the plugin itself says of its settings (`check-config`).

use serde_json::{Map, Value};

const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";
const MOST_PROPERTIES: usize = 64;
/// The most characters of a text without `maxLength`.
const MOST_CHARACTERS: u64 = 4096;
/// The most items of a list without `maxItems`.
const MOST_ITEMS: u64 = 256;

/// What may be set.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Schema {
    pub title: Option<String>,
    pub description: Option<String>,
    /// By name.
    pub properties: Vec<Property>,
}

/// One setting.
#[derive(Debug, Clone, PartialEq)]
pub struct Property {
    pub name: String,
    pub title: Option<String>,
    pub description: Option<String>,
    pub kind: PropertyKind,
    pub required: bool,
    pub default: Option<Value>,
    /// `writeOnly`: never shown.
    pub secret: bool,
}

/// What its value must be.
#[derive(Debug, Clone, PartialEq)]
pub enum PropertyKind {
    Text(TextLimits),
    Whole { least: Option<i64>, most: Option<i64> },
    Number { least: Option<f64>, most: Option<f64> },
    Switch,
    List { items: TextLimits, least: u64, most: u64, unique: bool },
}

/// What a text must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextLimits {
    /// In characters.
    pub least: u64,
    /// In characters.
    pub most: u64,
    /// `enum`; empty: any text.
    pub choices: Vec<String>,
}

/// What is wrong with a setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingFault {
    /// JSON pointer (RFC 6901).
    pub pointer: String,
    pub problem: String,
}

impl std::fmt::Display for SettingFault {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "`{}`: {}", self.pointer.trim_start_matches('/'), self.problem)
    }
}

impl Schema {
    /// Reads a schema.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn parse(text: &str) -> Result<Self, String> {
        let value: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let mut top = Keywords::of(&value, "")?;
        if let Some(dialect) = top.text("$schema")?
            && dialect.trim_end_matches('#') != DIALECT
        {
            return Err(format!("/$schema: expected `{DIALECT}`"));
        }
        top.text("$id")?;
        if top.text("type")?.as_deref() != Some("object") {
            return Err("/type: expected `object`".into());
        }
        if top.take("additionalProperties").is_some_and(|value| *value != Value::Bool(false)) {
            return Err("/additionalProperties: expected `false`".into());
        }
        let (title, description) = (top.text("title")?, top.text("description")?);
        let required = top.texts("required")?;
        let properties = match top.take("properties") {
            None => Vec::new(),
            Some(Value::Object(properties)) if properties.len() <= MOST_PROPERTIES => {
                let read = |(name, value): (&String, &Value)| read_property(name, value, required.contains(name));
                properties.iter().map(read).collect::<Result<_, _>>()?
            }
            Some(_) => return Err(format!("/properties: expected an object of at most {MOST_PROPERTIES}")),
        };
        top.finish()?;
        if let Some(name) = required.iter().find(|name| properties.iter().all(|property| property.name != **name)) {
            return Err(format!("/required: there is no property `{name}`"));
        }
        Ok(Self { title, description, properties })
    }

    /// Checks settings and fills the defaults in.
    ///
    /// # Errors
    /// Every setting that is wrong, missing or unknown.
    pub fn complete(&self, settings: &Map<String, Value>) -> Result<Map<String, Value>, Vec<SettingFault>> {
        let mut faults = Vec::new();
        let mut complete = Map::new();
        for property in &self.properties {
            match settings.get(&property.name).or(property.default.as_ref()) {
                Some(value) => match property.kind.problem(value) {
                    None => drop(complete.insert(property.name.clone(), value.clone())),
                    Some((below, problem)) => faults.push(fault(&property.name, &below, problem)),
                },
                None if property.required => faults.push(fault(&property.name, "", "it is missing".into())),
                None => {}
            }
        }
        let known = |name: &str| self.properties.iter().any(|property| property.name == name);
        for name in settings.keys().filter(|name| !known(name)) {
            faults.push(fault(name, "", "there is no such setting".into()));
        }
        if faults.is_empty() { Ok(complete) } else { Err(faults) }
    }

    /// Reads a setting as it is typed: text as it is, everything else as JSON, a list also with commas.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read_setting(&self, name: &str, typed: &str) -> Result<Value, SettingFault> {
        let property = self.properties.iter().find(|property| property.name == name);
        let property = property.ok_or_else(|| fault(name, "", "there is no such setting".into()))?;
        let value = match &property.kind {
            PropertyKind::Text(_) => Value::String(typed.to_owned()),
            PropertyKind::List { .. } if !typed.trim_start().starts_with('[') => {
                typed.split(',').map(str::trim).filter(|item| !item.is_empty()).collect()
            }
            kind => {
                serde_json::from_str(typed).map_err(|_| fault(name, "", format!("expected {}", kind.expected())))?
            }
        };
        match property.kind.problem(&value) {
            None => Ok(value),
            Some((below, problem)) => Err(fault(name, &below, problem)),
        }
    }
}

fn fault(name: &str, below: &str, problem: String) -> SettingFault {
    SettingFault { pointer: format!("/{}{below}", name.replace('~', "~0").replace('/', "~1")), problem }
}

impl PropertyKind {
    /// What is expected, for people.
    pub fn expected(&self) -> String {
        let range = |least: Option<String>, most: Option<String>| match (least, most) {
            (Some(least), Some(most)) => format!(" from {least} to {most}"),
            (Some(least), None) => format!(" of at least {least}"),
            (None, Some(most)) => format!(" of at most {most}"),
            (None, None) => String::new(),
        };
        match self {
            Self::Text(limits) => limits.expected(),
            Self::Whole { least, most } => {
                format!("a whole number{}", range(least.map(|n| n.to_string()), most.map(|n| n.to_string())))
            }
            Self::Number { least, most } => {
                format!("a number{}", range(least.map(|n| n.to_string()), most.map(|n| n.to_string())))
            }
            Self::Switch => "`true` or `false`".into(),
            Self::List { least, most, .. } => format!("a list of {least} to {most} texts"),
        }
    }

    /// Where below the setting, and what, is wrong with a value.
    fn problem(&self, value: &Value) -> Option<(String, String)> {
        let fits = match self {
            Self::Text(limits) => value.as_str().is_some_and(|text| limits.fit(text)),
            Self::Whole { least, most } => value.as_i64().is_some_and(|number| {
                least.is_none_or(|least| number >= least) && most.is_none_or(|most| number <= most)
            }),
            Self::Number { least, most } => value.as_f64().is_some_and(|number| {
                least.is_none_or(|least| number >= least) && most.is_none_or(|most| number <= most)
            }),
            Self::Switch => value.is_boolean(),
            Self::List { items, least, most, unique } => {
                let Some(list) = value.as_array() else {
                    return Some((String::new(), format!("expected {}", self.expected())));
                };
                let wrong = list.iter().position(|item| !item.as_str().is_some_and(|text| items.fit(text)));
                if let Some(place) = wrong {
                    return Some((format!("/{place}"), format!("expected {}", items.expected())));
                }
                let twice =
                    list.iter().enumerate().find(|(place, item)| list.iter().take(*place).any(|one| one == *item));
                if let Some((place, _)) = twice.filter(|_| *unique) {
                    return Some((format!("/{place}"), "it stands in the list already".into()));
                }
                (*least..=*most).contains(&(list.len() as u64))
            }
        };
        (!fits).then(|| (String::new(), format!("expected {}", self.expected())))
    }
}

impl TextLimits {
    fn fit(&self, text: &str) -> bool {
        let characters = text.chars().count() as u64;
        (self.least..=self.most).contains(&characters)
            && (self.choices.is_empty() || self.choices.iter().any(|choice| choice == text))
    }

    fn expected(&self) -> String {
        if !self.choices.is_empty() {
            return format!("one of `{}`", self.choices.join("`, `"));
        }
        match self.least {
            0 => format!("text of at most {} characters", self.most),
            least => format!("text of {least} to {} characters", self.most),
        }
    }
}

fn read_property(name: &str, value: &Value, required: bool) -> Result<Property, String> {
    let at = format!("/properties/{name}");
    let mut words = Keywords::of(value, &at)?;
    let (title, description) = (words.text("title")?, words.text("description")?);
    let secret = words.switch("writeOnly")?;
    let default = words.take("default").cloned();
    let kind = match words.text("type")?.as_deref() {
        Some("string") => PropertyKind::Text(read_text(&mut words)?),
        Some("integer") => PropertyKind::Whole { least: words.whole("minimum")?, most: words.whole("maximum")? },
        Some("number") => PropertyKind::Number { least: words.number("minimum")?, most: words.number("maximum")? },
        Some("boolean") => PropertyKind::Switch,
        Some("array") => {
            let at = format!("{at}/items");
            let mut below = Keywords::of(words.take("items").unwrap_or(&Value::Null), &at)?;
            if below.text("type")?.as_deref() != Some("string") {
                return Err(format!("{at}/type: expected `string`"));
            }
            let items = read_text(&mut below)?;
            below.finish()?;
            PropertyKind::List {
                items,
                least: words.count("minItems")?.unwrap_or(0),
                most: words.count("maxItems")?.unwrap_or(MOST_ITEMS).min(MOST_ITEMS),
                unique: words.switch("uniqueItems")?,
            }
        }
        _ => return Err(format!("{at}/type: expected `string`, `integer`, `number`, `boolean` or `array`")),
    };
    words.finish()?;
    if let Some((below, problem)) = default.as_ref().and_then(|default| kind.problem(default)) {
        return Err(format!("{at}/default{below}: {problem}"));
    }
    Ok(Property { name: name.to_owned(), title, description, kind, required, default, secret })
}

fn read_text(words: &mut Keywords<'_>) -> Result<TextLimits, String> {
    Ok(TextLimits {
        least: words.count("minLength")?.unwrap_or(0),
        most: words.count("maxLength")?.unwrap_or(MOST_CHARACTERS).min(MOST_CHARACTERS),
        choices: words.texts("enum")?,
    })
}

/// The keywords of one object, each taken once; what is left at the end is not understood.
struct Keywords<'a> {
    at: String,
    left: Vec<(&'a String, &'a Value)>,
}

impl<'a> Keywords<'a> {
    fn of(value: &'a Value, at: &str) -> Result<Self, String> {
        let object =
            value.as_object().ok_or_else(|| format!("{}: expected an object", if at.is_empty() { "/" } else { at }))?;
        Ok(Self { at: at.to_owned(), left: object.iter().collect() })
    }

    fn take(&mut self, keyword: &str) -> Option<&'a Value> {
        let place = self.left.iter().position(|(name, _)| *name == keyword)?;
        Some(self.left.swap_remove(place).1)
    }

    fn read<T>(&mut self, keyword: &str, what: &str, read: impl Fn(&Value) -> Option<T>) -> Result<Option<T>, String> {
        let Some(value) = self.take(keyword) else { return Ok(None) };
        read(value).map(Some).ok_or_else(|| format!("{}/{keyword}: expected {what}", self.at))
    }

    fn text(&mut self, keyword: &str) -> Result<Option<String>, String> {
        self.read(keyword, "text", |value| value.as_str().map(str::to_owned))
    }

    fn texts(&mut self, keyword: &str) -> Result<Vec<String>, String> {
        let read = |value: &Value| value.as_array()?.iter().map(|item| item.as_str().map(str::to_owned)).collect();
        Ok(self.read(keyword, "a list of texts", read)?.unwrap_or_default())
    }

    fn switch(&mut self, keyword: &str) -> Result<bool, String> {
        Ok(self.read(keyword, "`true` or `false`", Value::as_bool)?.unwrap_or(false))
    }

    fn whole(&mut self, keyword: &str) -> Result<Option<i64>, String> {
        self.read(keyword, "a whole number", Value::as_i64)
    }

    fn number(&mut self, keyword: &str) -> Result<Option<f64>, String> {
        self.read(keyword, "a number", Value::as_f64)
    }

    fn count(&mut self, keyword: &str) -> Result<Option<u64>, String> {
        self.read(keyword, "a whole number that is not negative", Value::as_u64)
    }

    fn finish(self) -> Result<(), String> {
        match self.left.first() {
            None => Ok(()),
            Some((keyword, _)) => Err(format!("{}/{keyword}: this keyword is not supported", self.at)),
        }
    }
}
