use keyholder_core::locale::Language;

use super::html::Html;
use crate::Theme;
use crate::frame::{Frame, Help, Person, School};
use crate::page::{Consent, Page, SignInEmail};
use crate::samples::{self, Sample};

/// The frames that a page can stand in: the usual one, as little as possible, as much as possible.
pub(super) fn frames(language: Language, sample: &Sample) -> [Frame; 3] {
    let usual = samples::frame(language, sample);
    let bare = Frame { application: None, school: None, person: None, ..usual.clone() };
    let full = Frame {
        application: Some("Safeguarding".to_owned()),
        school: Some(School {
            name: "Ysgol Gynradd Gymraeg y Dŵr".to_owned(),
            slug: "ysgol-y-dwr".to_owned(),
            colour: Some("#12402f".to_owned()),
            logo: Some("https://logos.example/dwr.svg".to_owned()),
            help: Help { name: None, email: Some("swyddfa@dwr.example".to_owned()), phone: None },
        }),
        person: Some(Person { name: "Bethan Pritchard".to_owned(), change_school_href: None }),
        ..usual.clone()
    };
    [usual, bare, full]
}

fn for_every_page(mut check: impl FnMut(&Sample, &Frame, &Html)) {
    let theme = Theme::load(None).unwrap();
    for language in Language::ALL {
        for sample in samples::pages() {
            for frame in frames(language, &sample) {
                let page = theme
                    .draw_sample(&frame, &sample)
                    .unwrap_or_else(|error| panic!("{} \"{}\": {error:?}", sample.page, sample.state));
                let html = std::panic::catch_unwind(|| Html::read(&page));
                let html =
                    html.unwrap_or_else(|_| panic!("{} \"{}\" {language:?}:\n{page}", sample.page, sample.state));
                check(&sample, &frame, &html);
            }
        }
    }
}

#[test]
fn every_page_is_whole_in_every_state_and_language() {
    for_every_page(|sample, frame, html| {
        let checked = std::panic::catch_unwind(|| html.check(frame.language.tag()));
        assert!(checked.is_ok(), "{} \"{}\" {:?}", sample.page, sample.state, frame.language);
    });
}

#[test]
fn a_title_begins_with_error_where_something_is_wrong() {
    for_every_page(|sample, frame, html| {
        let word = if frame.language == Language::En { "Error: " } else { "Gwall: " };
        assert_eq!(html.title().starts_with(word), sample.has_error, "{}", html.title());
        let marked = html.named("input").any(|input| input.get("aria-invalid") == Some("true"));
        assert_eq!(marked, sample.has_error, "{} \"{}\"", sample.page, sample.state);
    });
}

#[test]
fn every_form_of_ours_carries_the_token_and_no_other_form_does() {
    for_every_page(|sample, frame, html| {
        for (place, form) in html.tags.iter().enumerate().filter(|(_, tag)| tag.name == "form") {
            let carries = html.tags.iter().any(|tag| {
                tag.form == Some(place)
                    && tag.get("name") == Some("form_token")
                    && tag.get("value") == Some(frame.form_token.as_str())
            });
            // What goes to an application must not hold it.
            assert_eq!(carries, sample.page != "form-post", "{} {form:?}", sample.page);
        }
    });
}

#[test]
fn no_page_is_a_dead_end() {
    for_every_page(|sample, frame, html| {
        let ways_on = html.tags.iter().filter(|tag| tag.name == "button" || tag.name == "a").count();
        // The frame alone has the skip link, the start page, the language and three in the footer.
        assert!(ways_on >= 6);
        let helps = html
            .texts
            .iter()
            .any(|(element, text)| element == "h2" && ["Who can help", "Pwy all helpu"].contains(&text.as_str()));
        assert!(helps, "{} \"{}\" {:?}", sample.page, sample.state, frame.language);
    });
}

#[test]
fn names_cannot_make_markup() {
    let theme = Theme::load(None).unwrap();
    let attack = "\"><script>alert(1)</script>**b**{{page}}";
    for sample in samples::pages() {
        let mut frame = frames(Language::En, &sample)[2].clone();
        frame.application = Some(attack.to_owned());
        frame.person = Some(Person { name: attack.to_owned(), change_school_href: None });
        let school = frame.school.as_mut().unwrap();
        school.name = attack.to_owned();
        school.help.name = Some(attack.to_owned());
        let mut hostile = sample.clone();
        poison(&mut hostile.context, attack);
        let page = theme.draw_sample(&frame, &hostile).unwrap();
        assert!(!page.contains("<script>") && !page.contains("<b>b</b>"), "{}", sample.page);
        assert!(Html::read(&page).named("script").all(|script| script.get("src").is_some()));
    }
}

/// Puts the attack into every free text of a context.
pub(super) fn poison(value: &mut serde_json::Value, attack: &str) {
    const FREE: [&str; 26] = [
        "value",
        "email",
        "application",
        "school",
        "name",
        "group",
        "host",
        "person",
        "given_name",
        "family_name",
        "reference",
        "slug",
        "action",
        "href",
        "continue_href",
        "label",
        "hint",
        "help",
        "title",
        "message",
        "placeholder",
        "submit",
        "options",
        "own",
        "key",
        "ceremony",
    ];
    match value {
        serde_json::Value::Object(fields) => {
            for (name, field) in fields {
                match field {
                    serde_json::Value::String(text) if FREE.contains(&name.as_str()) => attack.clone_into(text),
                    field => poison(field, attack),
                }
            }
        }
        serde_json::Value::Array(items) => items.iter_mut().for_each(|item| poison(item, attack)),
        _ => {}
    }
}

#[test]
fn allow_and_deny_are_alike() {
    for_every_page(|sample, _, html| {
        if sample.page == Consent::NAME {
            let answers: Vec<_> = html.named("button").filter(|button| button.get("name") == Some("answer")).collect();
            assert_eq!(answers.len(), 2);
            assert_eq!(answers[0].get("class"), answers[1].get("class"));
        }
    });
}

#[test]
fn every_asset_that_a_page_links_is_served() {
    let theme = Theme::load(None).unwrap();
    for_every_page(|_, _, html| {
        let links = html.tags.iter().filter_map(|tag| tag.get("src").or(tag.get("href")));
        for name in links.filter_map(|link| link.strip_prefix("/assets/")) {
            assert!(theme.asset(name).is_some_and(|asset| asset.immutable), "{name}");
        }
    });
    assert!(theme.asset("tokens.css").is_none(), "only under its hashed name");
}

#[test]
fn a_sample_is_drawn_as_the_page_is() {
    let theme = Theme::load(None).unwrap();
    let sample = samples::pages().remove(0);
    let frame = samples::frame(Language::En, &sample);
    let (_, page) = SignInEmail::samples().remove(0);
    assert_eq!(theme.draw(&frame, &page).unwrap(), theme.draw_sample(&frame, &sample).unwrap());
}
