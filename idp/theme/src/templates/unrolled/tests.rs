#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::borrow::Cow;
use std::sync::Arc;

use handlebars::Context;
use keyholder_core::locale::Language;
use serde_json::{Value, json};

use super::Unrolled;
use crate::assets::Assets;
use crate::files::{self, File};
use crate::templates::calls::Calls;
use crate::templates::sources::Sheaf;
use crate::texts::Texts;

/// Templates around `page`.
struct Theme {
    sheaf: Sheaf,
    calls: Arc<Calls>,
}

impl Theme {
    fn new() -> Self {
        let files = files::load(None).unwrap();
        let texts = Texts::load(&files, Language::En).unwrap();
        let assets = Assets::load(&files).unwrap().names().clone();
        let calls = Arc::new(Calls { texts, assets });
        Self { sheaf: Sheaf::default(), calls }
    }

    fn add(&mut self, templates: &[(&str, &str)]) {
        for (name, template) in templates {
            let bytes = Cow::Owned(template.as_bytes().to_vec());
            let file = File { shown: (*name).to_owned(), bytes, former: None };
            self.sheaf.add((*name).to_owned(), &file).unwrap();
        }
    }

    fn unrolled(&self) -> Option<String> {
        Unrolled::of(&self.sheaf, "page", &self.calls)?.draw(&context(), &self.calls)
    }

    fn by_handlebars(&self) -> Result<String, handlebars::RenderError> {
        self.sheaf.registry(&self.calls).unwrap().render_with_context("page", &Context::from(context()))
    }
}

fn context() -> Value {
    json!({
        "name": "O'Neill <b>**x**</b> & \"Co\" `=`", "yes": true, "no": false, "null": null, "zero": 0, "count": 3, "ratio": 1.5,
        "empty": [], "words": ["one", "two", "<three>"], "object": { "field": "value", "list": [1, 2] }, "at": 1_709_973_240_000_i64,
        "people": [
            { "name": "Ann", "keys": ["a", "b"], "school": { "name": "Oakfield" } },
            { "name": "Bob", "keys": [], "school": null },
        ],
    })
}

fn same(templates: &[(&str, &str)]) {
    let mut theme = Theme::new();
    theme.add(templates);
    let expected = theme.by_handlebars().unwrap_or_else(|error| panic!("{templates:?}: {error}"));
    let unrolled = theme.unrolled().unwrap_or_else(|| panic!("{templates:?} is left to handlebars"));
    assert_eq!(unrolled, expected, "{templates:?}");
}

#[test]
fn what_is_not_there_is_no_mistake_in_a_choice_that_is_not_taken() {
    for page in [
        "a{{#if no}}{{asset \"no-such-font.woff2\"}}{{/if}}b",
        "a{{#if no}}{{text \"no-such-text\"}}{{else}}{{text \"skip\"}}{{/if}}b",
        "a{{#if no}}{{join \"x\" (asset \"no-such-font.woff2\")}}{{/if}}b",
    ] {
        same(&[("page", page)]);
    }
}

#[test]
fn values_choices_and_lists_are_drawn_as_handlebars_draws_them() {
    for page in [
        "{{name}} {{yes}} {{no}} [{{null}}] {{zero}} {{count}} {{ratio}} {{object.field}} {{object/field}} {{./name}} {{this.name}}",
        "{{words.0}}{{words.2}}{{people.1.name}}",
        "{{#if yes}}a{{else}}b{{/if}}{{#if zero}}a{{else}}b{{/if}}{{#if missing}}a{{/if}}{{#unless empty}}c{{/unless}}{{#if words}}d{{/if}}",
        "{{#if no}}1{{else if count}}2{{else}}3{{/if}}",
        "{{#if (eq name \"x\")}}1{{/if}}{{#if (ne object.field \"x\")}}2{{/if}}{{#if (and yes count)}}3{{/if}}{{#if (or no null)}}4{{/if}}",
        "{{#if (gt (len words) 1)}}1{{/if}}{{#if (gt count 3)}}2{{/if}}{{#if (not no)}}3{{/if}}{{len name}}{{len object}}{{eq 1 1}}",
        "{{#each people}}{{@index}}{{#if @first}}first{{/if}}{{name}}{{../name}}{{#each keys}}{{this}}{{@../index}}{{../name}}{{../../count}}{{else}}none{{/each}}{{#unless @last}}, {{/unless}}{{/each}}",
        "{{#each empty}}a{{/each}}{{#each empty}}a{{else}}b{{/each}}{{#each missing}}a{{else}}b{{/each}}{{#each object.no}}a{{else}}b{{/each}}",
        "{{join \"<\" name count}}{{time at}}{{date at}}{{clock at}}{{qr name}}{{asset \"once.js\"}}",
        "{{text \"skip\"}}{{text \"title\" title=name}}{{text (join \"ti\" \"tle\") title=(text \"skip\")}}{{text \"who-can-help-office-of\" school=name}}",
        "  {{#if yes}}\n  line\n  {{/if}}\n{{!-- said --}}\n a {{~name~}} b\n",
        "{{#if (eq \"a\" \"a\")}}1{{else}}{{#with no}}{{/with}}{{/if}}{{#unless null}}2{{/unless}}{{#if \"\"}}3{{/if}}",
        r"\{{name}}",
    ] {
        same(&[("page", page)]);
    }
}

#[test]
fn partials_see_what_handlebars_shows_them() {
    for (page, one, two) in [
        // What is given to a partial is seen by what it calls, and not after it.
        ("{{> one a=\"1\"}}", "{{> two}}{{a}}", "{{a}}"),
        ("{{> one a=\"1\"}}", "{{> two a=\"2\"}}{{a}}", "{{a}}"),
        ("{{> one name=count}}{{name}}", "{{name}}{{../name}}", ""),
        // Within a list, it comes before the fields of the items.
        ("{{> one name=\"given\"}}", "{{#each people}}{{name}}{{../name}}{{/each}}", ""),
        (
            "{{#each people}}{{> one a=../name b=keys c=@index}}{{/each}}",
            "{{#each b}}{{a}}{{c}}{{this}}{{@index}}{{@../index}}{{/each}}",
            "",
        ),
        (
            "{{#each people}}{{> one school=school}}{{/each}}",
            "{{#if school}}{{school.name}}{{else}}[{{school}}]{{/if}}",
            "",
        ),
        (
            "{{#each people}}{{> one person=this}}{{/each}}",
            "{{person.name}}{{name}}{{#each person.keys}}{{../person.name}}{{this}}{{/each}}",
            "",
        ),
        // A call is one step up.
        ("{{#each people}}{{> one}}{{/each}}", "{{name}}{{../name}}{{../../name}}{{@index}}{{@../index}}", ""),
        (
            "{{#each people}}{{> one}}{{/each}}",
            "{{#each keys}}{{../name}}{{../../name}}{{/each}}{{> two}}",
            "{{../../name}}",
        ),
        // What is missing is null as a parameter.
        (
            "{{> one a=missing b=null c=object.missing}}",
            "[{{a}}{{b}}{{c}}]{{#if a}}1{{else}}2{{/if}}{{#if a.b}}3{{/if}}",
            "",
        ),
        ("{{> one a=(text \"title\" title=name) b=(join \"x\" count)}}", "{{a}}{{b}}{{#if a}}{{a}}{{/if}}", ""),
        (
            "{{> one a=object}}",
            "{{a.field}}{{#each a.list}}{{this}}{{/each}}{{> two b=a.list}}",
            "{{len b}}{{#each b}}{{@last}}{{/each}}",
        ),
        // Inline partials: seen by what is called in the same block, before those of the theme.
        ("{{#> one a=\"1\"}}{{#*inline \"two\"}}{{a}}{{name}}{{/inline}}{{/one}}{{> two}}", "<{{> two}}>", "outside"),
        (
            "{{#> one}}{{#*inline \"in\"}}1{{/inline}}{{/one}}",
            "{{#> two}}{{#*inline \"in\"}}2{{/inline}}{{/two}}{{> in}}",
            "{{> in}}",
        ),
        (
            "{{#> one}}\n{{#*inline \"in\"}}\n{{#each people}}\n{{name}}\n{{/each}}\n{{/inline}}\n{{/one}}\n",
            "{{#each words}}\n{{> in people=../people}}\n{{/each}}\n",
            "",
        ),
        (
            "{{#each words}}{{> one a=\"1\"}}{{/each}}",
            "{{#each ../../people}}{{> two}}{{/each}}",
            "{{this.name}}{{a}}{{#each this.keys}}{{this}}{{/each}}",
        ),
    ] {
        same(&[("page", page), ("one", one), ("two", two)]);
    }
}

#[test]
fn what_is_not_understood_is_left_to_handlebars() {
    for (page, one) in [
        ("{{{name}}}", ""),
        ("{{&name}}", ""),
        ("{{#with object}}{{field}}{{/with}}", ""),
        ("{{lookup object \"field\"}}", ""),
        ("{{#each words as |word|}}{{word}}{{/each}}", ""),
        ("{{#each object}}{{@key}}{{/each}}", ""),
        ("{{#if zero includeZero=true}}a{{/if}}", ""),
        ("{{@root.name}}", ""),
        ("{{words.[2]}}", ""),
        ("{{object}}{{words}}", ""),
        ("{{> one object}}", "{{field}}"),
        ("{{#each words}}{{> one a=1}}{{/each}}", "{{this}}{{0}}"),
        ("{{#each words}}{{> one a=1}}{{/each}}", "{{> two}}"),
        ("{{#> one}}block{{/one}}", "{{> @partial-block}}"),
        ("{{#> nowhere}}block{{/nowhere}}", ""),
        ("{{#if no}}{{> one}}{{/if}}", "{{#if no}}{{> page}}{{/if}}"),
        ("{{#*inline \"in\"}}a{{/inline}}{{> in}}", ""),
        ("{{gt 1.5 1}}{{gt -1 -2}}", ""),
    ] {
        let mut theme = Theme::new();
        theme.add(&[("page", page), ("one", one), ("two", "{{this}}")]);
        theme.by_handlebars().unwrap_or_else(|error| panic!("{page}: {error}"));
        assert_eq!(theme.unrolled(), None, "{page} {one}");
    }
}

#[test]
fn a_mistake_is_left_to_handlebars_to_name() {
    for page in [
        "{{missing}}",
        "{{#each missing}}{{/each}}",
        "{{text \"nowhere\"}}",
        "{{text (join \"no\" \"where\")}}",
        "{{text (join \"no\" name)}}",
        "{{text \"title\"}}",
        "{{text \"title\" title=null}}",
        "{{asset \"nowhere\"}}",
        "{{> nowhere}}",
        "{{time name}}",
        "{{#if (eq missing 1)}}{{/if}}",
        "{{nohelper name}}",
        "{{text}}",
        "{{words.name}}",
    ] {
        let mut theme = Theme::new();
        theme.add(&[("page", page)]);
        assert!(theme.by_handlebars().is_err(), "{page} is no mistake");
        assert_eq!(theme.unrolled(), None, "{page}");
    }
}

#[test]
fn partials_that_call_partials_over_and_over_are_left_to_handlebars() {
    let mut theme = Theme::new();
    theme.add(&[("page", "{{> p0}}"), ("p24", "")]);
    for depth in 0..24 {
        let next = format!("{{{{> p{0}}}}}{{{{> p{0}}}}}", depth + 1);
        theme.add(&[(&format!("p{depth}"), &next)]);
    }
    assert!(Unrolled::of(&theme.sheaf, "page", &theme.calls).is_none());
}
