//! Draws every page and mail in both languages, with the assets beside them, to look at:
//! `cargo run -p keyholder-theme --example draw -- FOLDER`.

use std::error::Error;
use std::fs;
use std::path::PathBuf;

use keyholder_core::locale::Language;
use keyholder_theme::{Theme, samples};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or("which folder?")?);
    let theme = Theme::load(None)?;
    fs::create_dir_all(folder.join("assets"))?;
    for (name, asset) in theme.assets() {
        fs::write(folder.join("assets").join(name), &asset.bytes)?;
    }
    for language in Language::ALL {
        for sample in samples::pages() {
            let html = theme.draw_sample(&samples::frame(language, &sample), &sample)?;
            // Relative, so that a browser opens them from the folder.
            let html = html.replace("\"/assets/", "\"assets/");
            fs::write(folder.join(file_name(sample.page, sample.state, language, "html")), html)?;
        }
        for (state, mail) in samples::mails() {
            let drawn = theme.draw_mail(language, &mail)?;
            let name = format!("mail-{}", mail.name());
            fs::write(folder.join(file_name(&name, state, language, "html")), drawn.html)?;
            fs::write(
                folder.join(file_name(&name, state, language, "txt")),
                format!("{}\n\n{}", drawn.subject, drawn.text),
            )?;
        }
    }
    Ok(())
}

fn file_name(page: &str, state: &str, language: Language, extension: &str) -> String {
    format!("{page}--{}--{}.{extension}", state.replace(' ', "-"), language.tag())
}
