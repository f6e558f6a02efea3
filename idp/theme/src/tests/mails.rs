use keyholder_core::locale::Language;

use super::html::Html;
use crate::Theme;
use crate::mail::{Circumstances, Mail};
use crate::samples;

#[test]
fn every_mail_says_what_it_is_for_in_both_languages_and_forms() {
    let theme = Theme::load(None).unwrap();
    for language in Language::ALL {
        for (state, mail) in samples::mails() {
            let drawn =
                theme.draw_mail(language, &mail).unwrap_or_else(|error| panic!("{} {state}: {error:?}", mail.name()));
            let html = Html::read(&drawn.html);
            assert_eq!(html.named("html").next().unwrap().get("lang"), Some(language.tag()));
            assert_eq!(html.title(), drawn.subject);
            assert_eq!(html.named("script").count() + html.named("img").count(), 0, "nothing is fetched on opening");
            assert!(drawn.text.contains("Bethan Pritchard") && drawn.html.contains("Bethan Pritchard"));
            // Never a bare link: what to do if it was not you stands in both forms.
            let advice = if language == Language::En { "If it was not you" } else { "Os nad chi oedd yno" };
            assert!(drawn.text.contains(advice) && drawn.html.contains(advice));
            assert!(!drawn.text.contains("**") && !drawn.text.contains("&#") && !drawn.text.contains("\n\n\n"));
            if let Mail::PasswordLink { link, .. } | Mail::ConfirmEmail { link, .. } = &mail {
                assert!(drawn.text.lines().any(|line| line == link), "the link is whole and alone on its line");
                assert!(html.named("a").any(|tag| tag.get("href") == Some(link.as_str())));
            }
        }
    }
}

#[test]
fn times_are_those_of_london() {
    let theme = Theme::load(None).unwrap();
    let text = |language, at| {
        let circumstances =
            Circumstances { at, browser: None, address: None, sign_in_href: "https://id.example/".to_owned() };
        let mail = Mail::PasswordChanged { name: "Ann".to_owned(), circumstances };
        theme.draw_mail(language, &mail).unwrap().text
    };
    assert!(text(Language::En, 1_709_973_240_000).contains("When: 09 March, 2024 08:34"));
    assert!(text(Language::Cy, 1_709_973_240_000).contains("Pryd: 09 Mawrth, 2024 08:34"));
    // 2024-07-01T07:34:00Z: summer time.
    assert!(text(Language::En, 1_719_819_240_000).contains("01 July, 2024 08:34"));
}

#[test]
fn a_name_cannot_begin_a_header_or_make_markup() {
    let theme = Theme::load(None).unwrap();
    let name = "Ann\r\nBcc: everybody@school.example\u{2028}<script>alert(1)</script>**";
    let link = "https://id.example/link/a?b=\"><script>";
    for language in Language::ALL {
        let mail = Mail::PasswordLink { name: name.to_owned(), link: link.to_owned(), minutes: 60, first: true };
        let drawn = theme.draw_mail(language, &mail).unwrap();
        assert!(!drawn.subject.chars().any(char::is_control));
        assert!(!drawn.html.contains("<script>"));
        assert!(drawn.text.contains("<script>alert(1)</script>**"), "plain text is not escaped");
    }
    assert_eq!(crate::templates::one_line("Sign-in\r\nBcc: a@b.example\t\u{85}x"), "Sign-in Bcc: a@b.example x");
}
