//! An unrolled page is, byte for byte, what handlebars draws.

use keyholder_core::locale::Language;

use super::pages::{frames, poison};
use crate::Theme;
use crate::samples;

#[test]
fn every_page_is_unrolled_and_drawn_as_handlebars_draws_it() {
    let theme = Theme::load(None).unwrap();
    let attack = "\"><script>'alert(1)'</script>**b**{{page}} `=&amp; Dŵr";
    for language in Language::ALL {
        let templates = theme.of(language).unwrap();
        for sample in samples::pages() {
            let mut hostile = sample.clone();
            poison(&mut hostile.context, attack);
            let drawings = frames(language, &sample).into_iter().map(|frame| (frame, &sample));
            let [_, _, full] = frames(language, &hostile);
            for (frame, sample) in drawings.chain([(full, &hostile)]) {
                let context = theme.context_of(&frame, sample);
                let unrolled = templates.draw_unrolled(sample.page, &serde_json::to_value(&context).unwrap());
                let unrolled = unrolled.unwrap_or_else(|| panic!("{} \"{}\" is left", sample.page, sample.state));
                let expected = templates.draw_by_handlebars(sample.page, &context).unwrap();
                assert_eq!(unrolled, expected, "{} \"{}\"", sample.page, sample.state);
            }
        }
    }
}
