//! The one colour of a school, as a stylesheet. It colours the band; everything else keeps the tokens, whose contrast is known.

/// WCAG 2.2, 1.4.3: text of normal size.
const LEAST_CONTRAST: f64 = 4.5;
/// WCAG 2.2, 1.4.11: graphics.
const LEAST_CONTRAST_GRAPHICS: f64 = 3.0;
/// `--brass` of tokens.css.
const BRASS: [u8; 3] = [0xe8, 0xbd, 0x52];

pub(crate) fn stylesheet(colour: &str) -> Option<String> {
    let rgb = parse(colour)?;
    let ground = luminance(rgb);
    if contrast(1.0, ground) < LEAST_CONTRAST {
        return None;
    }
    let [red, green, blue] = rgb;
    // The wordmark's keyhole stays a sign on every ground.
    let brass = if contrast(luminance(BRASS), ground) < LEAST_CONTRAST_GRAPHICS { " --brass: #ffffff;" } else { "" };
    // Twice the name of the root: stronger than the dark theme's rule, whatever the order of the stylesheets.
    Some(format!(":root:root:root {{ --band: #{red:02x}{green:02x}{blue:02x}; --on-band: #ffffff;{brass} }}\n"))
}

fn parse(colour: &str) -> Option<[u8; 3]> {
    let digits = colour.strip_prefix('#')?;
    if digits.len() != 6 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let number = u32::from_str_radix(digits, 16).ok()?;
    let [_, red, green, blue] = number.to_be_bytes();
    Some([red, green, blue])
}

/// WCAG 2.2, "relative luminance".
fn luminance(rgb: [u8; 3]) -> f64 {
    let linear = rgb.map(|channel| {
        let value = f64::from(channel) / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    });
    let [red, green, blue] = linear;
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

/// WCAG 2.2, "contrast ratio".
fn contrast(lighter: f64, darker: f64) -> f64 {
    let (high, low) = if lighter > darker { (lighter, darker) } else { (darker, lighter) };
    (high + 0.05) / (low + 0.05)
}

#[cfg(test)]
mod tests {
    use super::stylesheet;

    #[test]
    fn a_colour_must_carry_white_text() {
        assert!(stylesheet("#12402f").is_some());
        assert_eq!(stylesheet("#ffd257"), None, "white on yellow cannot be read");
        assert_eq!(stylesheet("#fff"), None);
        assert_eq!(stylesheet("red"), None);
    }

    #[test]
    fn nothing_but_a_colour_reaches_the_stylesheet() {
        for attack in ["#12402f;}", "#12402f} body{display:none", "#12402\n", "12402f", "#+12402", "#12 02f"] {
            assert_eq!(stylesheet(attack), None, "{attack:?}");
        }
    }

    #[test]
    fn the_keyhole_stays_visible_on_a_ground_like_brass() {
        assert!(stylesheet("#8a6a00").is_some_and(|css| css.contains("--brass: #ffffff")));
    }
}
