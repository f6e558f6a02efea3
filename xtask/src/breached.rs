//! Makes the set of breached passwords that the server embeds, from a text file with one password a line, commonest
//! first. Owns the selection; `keyholder::password::breached` owns the reading. `idp/server/data/README.md` says where
//! the file comes from.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;

use unicode_normalization::UnicodeNormalization as _;

/// Shorter passwords are refused for their length already (NIST SP 800-63B-4 3.1.1.2: never below 8).
const SHORTEST: usize = 8;
/// How many of the commonest are taken.
const COMMONEST: usize = 100_000;
/// The length from which a password may be the only factor (3.1.1.2), which is the server's default minimum.
const LONG: usize = 15;
/// How many of the commonest long ones are taken as well: rare in breaches, but all that the default minimum lets through.
const COMMONEST_LONG: usize = 5_000;

/// What went into the set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Built {
    /// Distinct passwords in the set.
    pub passwords: usize,
    /// Those of 15 characters or more.
    pub long: usize,
    /// Size of the file written.
    pub bytes: usize,
}

/// Reads `source`, writes the set to `out`.
pub(crate) fn build(source: &Path, out: &Path) -> io::Result<Built> {
    let selected = select(fs::read_to_string(source)?.lines());
    if selected.len() < COMMONEST {
        return Err(io::Error::other(format!("only {} passwords are long enough, {COMMONEST} wanted", selected.len())));
    }
    let set = fst::Set::from_iter(&selected).map_err(io::Error::other)?;
    let bytes = set.as_fst().as_bytes();
    fs::write(out, bytes)?;
    let long = selected.iter().filter(|password| password.chars().count() >= LONG).count();
    Ok(Built { passwords: selected.len(), long, bytes: bytes.len() })
}

fn select<'a>(commonest_first: impl Iterator<Item = &'a str>) -> BTreeSet<String> {
    let mut selected = BTreeSet::new();
    let (mut commonest, mut long) = (0, 0);
    for line in commonest_first {
        let password = fold(line);
        let length = password.chars().count();
        let taken = if commonest < COMMONEST && length >= SHORTEST {
            &mut commonest
        } else if long < COMMONEST_LONG && length >= LONG {
            &mut long
        } else {
            continue;
        };
        if selected.insert(password) {
            *taken += 1;
        }
    }
    selected
}

/// Must stay the same as `fold` in `keyholder::password::breached`; a test there would notice.
fn fold(password: &str) -> String {
    password.nfc().flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn short_and_repeated_passwords_are_left_out() {
        let selected = select(["PassWord", "password", "1234567", "Cafe\u{301} au lait"].into_iter());
        assert_eq!(Vec::from_iter(&selected), ["café au lait", "password"]);
    }

    #[test]
    fn a_list_that_is_too_small_is_refused() {
        let folder = std::env::temp_dir().join(format!("keyholder-breached-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("list.txt"), "password\nletmein123\n").unwrap();
        let refused = build(&folder.join("list.txt"), &folder.join("set.fst")).unwrap_err();
        assert!(refused.to_string().contains("only 2 passwords"));
        assert!(!folder.join("set.fst").exists());
        fs::remove_dir_all(&folder).unwrap();
    }
}
