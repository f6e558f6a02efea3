//! An operator's folder over the default theme.

use std::error::Error;
use std::fs;
use std::path::Path;

use keyholder_core::locale::Language;

use crate::{Theme, ThemeError, samples};

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

/// The error with everything that caused it.
fn complaint(folder: &Path) -> String {
    let error = Theme::load(Some(folder)).unwrap_err();
    let mut said = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        said = format!("{said}: {error}");
        cause = error.source();
    }
    said
}

#[test]
fn a_file_takes_the_place_of_ours_and_the_others_stay() {
    let folder = folder(&[
        ("assets/tokens.css", ":root { --page: url(\"house/paper.png\"); }"),
        ("assets/house/paper.png", "not really"),
        ("templates/partials/wordmark.hbs", "<span class=\"wordmark\">Dales Trust</span>"),
        (".git/config", "ignored"),
    ]);
    let theme = Theme::load(Some(folder.path())).unwrap();
    let sample = samples::pages().remove(0);
    let page = theme.draw_sample(&samples::frame(Language::En, &sample), &sample).unwrap();
    assert!(page.contains("Dales Trust") && page.contains("components."));
    let ours = Theme::load(None).unwrap();
    let name = |theme: &Theme| {
        theme.assets().map(|(name, _)| name.to_owned()).find(|name| name.starts_with("tokens.")).unwrap()
    };
    assert_ne!(name(&theme), name(&ours), "other bytes, other name");
    let paper = theme.assets().map(|(name, _)| name.to_owned()).find(|name| name.starts_with("paper.")).unwrap();
    let css = theme.asset(&name(&theme)).unwrap();
    assert_eq!(&*css.bytes, format!(":root {{ --page: url(\"{paper}\"); }}").as_bytes());
}

#[test]
fn a_misspelt_file_is_named() {
    let folder = folder(&[("templates/pages/sign-in-emial.hbs", "")]);
    assert!(complaint(folder.path()).contains("sign-in-emial.hbs takes the place of no file"));
}

#[test]
fn a_template_that_cannot_be_compiled_is_named() {
    let folder = folder(&[("templates/pages/sign-in-email.hbs", "{{#if page.error}}")]);
    assert!(complaint(folder.path()).contains("sign-in-email.hbs is not a template"));
}

#[test]
fn a_template_that_asks_for_what_is_not_there_is_found_at_start() {
    let folder = folder(&[("templates/pages/sign-out.hbs", "<p>{{page.name}}</p>")]);
    let said = complaint(folder.path());
    assert!(
        said.contains("cannot draw sign-out") && said.contains("pages/sign-out") && said.contains("page.name"),
        "{said}"
    );
}

#[test]
fn a_template_that_asks_for_a_text_that_is_not_there_is_found_at_start() {
    let folder = folder(&[("templates/pages/sign-out.hbs", "<p>\n{{text \"no-such-text\"}}</p>")]);
    let said = complaint(folder.path());
    assert!(
        said.contains("cannot draw sign-out") && said.contains("no-such-text") && said.contains("line 2"),
        "{said}"
    );
}

#[test]
fn a_template_may_be_written_as_ours_are_not() {
    let page = "{{#with page}}{{{cancel_href}}}{{#each fields as |field|}}{{lookup field \"name\"}}{{/each}}{{/with}}";
    let folder = folder(&[("templates/pages/sign-out.hbs", page)]);
    let theme = Theme::load(Some(folder.path())).unwrap();
    let mut drawn = samples::pages()
        .into_iter()
        .filter(|sample| sample.page == "sign-out")
        .map(|sample| theme.draw_sample(&samples::frame(Language::En, &sample), &sample).unwrap());
    assert!(drawn.next().as_deref() == Some("/") && drawn.next().as_deref() == Some("/state"));
}

#[test]
fn a_list_of_texts_that_lacks_one_is_named_with_it() {
    let folder = folder(&[("texts/cy/password.ftl", "forgot-password-title = Cyfrinair\n")]);
    let said = complaint(folder.path());
    assert!(said.contains("password.ftl") && said.contains("it lacks "), "{said}");
}

#[test]
fn a_list_of_texts_that_cannot_be_read_is_named() {
    let folder = folder(&[("texts/en/frame.ftl", "title = {")]);
    assert!(complaint(folder.path()).contains("frame.ftl is not a list of texts"));
}

#[test]
fn a_stylesheet_that_asks_for_a_missing_picture_is_named() {
    let folder = folder(&[("assets/tokens.css", "body { background: url(\"paper.png\"); }")]);
    assert!(complaint(folder.path()).contains("tokens.css asks for paper.png"));
}

#[test]
fn bytes_that_are_no_text_are_refused() {
    let folder = folder(&[]);
    fs::create_dir_all(folder.path().join("texts/en")).unwrap();
    fs::write(folder.path().join("texts/en/frame.ftl"), [0xff, 0xfe]).unwrap();
    assert!(matches!(Theme::load(Some(folder.path())), Err(ThemeError::NotText { .. })));
}

#[test]
fn a_folder_that_is_not_there_is_named() {
    let folder = folder(&[]);
    let missing = folder.path().join("missing");
    assert!(complaint(&missing).contains("missing"));
}
