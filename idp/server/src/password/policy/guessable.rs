//! Expected passwords that no list can hold (NIST SP 800-63B-4 3.1.1.2): those made of what an attacker knows of the
//! person, and patterns. The whole password is judged, never a word inside it: "Oakfield otters juggle" is fine.

use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

use super::Context;

/// Signs beside the words that make nothing harder to guess: "Oakfield-12/05/2024!" has nine of them, since separators
/// are free.
const TRIVIAL_ADDITIONS: usize = 9;
/// Shorter pieces of an address or a name occur in too many honest passwords.
const SHORTEST_WORD: usize = 3;
/// Bounds the work: a name may come from an administrator.
const MOST_WORDS: usize = 64;
/// Words that everybody tries first at this product.
const PRODUCT: &[&str] = &["keyholder", "safeguarding", "password", "passphrase", "cyfrinair", "welcome"];

/// Whether the password is nothing but the address, the names and the product, with trivial additions.
pub(super) fn is_made_of(password: &str, context: &Context<'_>) -> bool {
    let words = words(context);
    let password = Zeroizing::new(fold(password));
    cheapest_cover(&password, &words).is_some_and(|additions| additions <= TRIVIAL_ADDITIONS)
}

/// Whether one piece shorter than 8 is repeated throughout, or each character follows from the one before.
pub(super) fn is_pattern(password: &str) -> bool {
    let folded = Zeroizing::new(fold(password));
    let repeats = |period: usize| folded.iter().zip(folded.iter().skip(period)).all(|(a, b)| a == b);
    if (1..super::LEAST_MINIMUM).any(|period| period * 2 <= folded.len() && repeats(period)) {
        return true;
    }
    let runs = |step: i64| {
        folded
            .windows(2)
            .all(|pair| matches!(pair, [a, b] if i64::from(u32::from(*b)) - i64::from(u32::from(*a)) == step))
    };
    folded.len() >= 2 && (runs(1) || runs(-1))
}

fn words(context: &Context<'_>) -> Vec<Vec<char>> {
    let mut words: Vec<Vec<char>> = Vec::new();
    let mut keep = |word: Vec<char>| {
        if word.len() >= SHORTEST_WORD && words.len() < MOST_WORDS && !words.contains(&word) {
            words.push(word);
        }
    };
    // As written too: the pieces of an address may be too short to count, such as "uk".
    let (local, domain) = context.email.split_once('@').unwrap_or((context.email, ""));
    keep(fold(context.email));
    keep(fold(domain));
    let mut add = |word: &str| keep(fold(word).into_iter().filter(|character| character.is_alphanumeric()).collect());
    for word in PRODUCT {
        add(word);
    }
    for source in std::iter::once(&local).chain(context.names).chain(std::iter::once(&domain)) {
        add(source);
        source.split(|character: char| !character.is_alphanumeric()).for_each(&mut add);
    }
    words
}

fn fold(text: &str) -> Vec<char> {
    text.nfc().flat_map(char::to_lowercase).collect()
}

/// The fewest characters left over when the rest of the password is covered by at least one of the words; `None` where
/// no word fits or a letter is left over. Separators cost nothing.
fn cheapest_cover(password: &[char], words: &[Vec<char>]) -> Option<usize> {
    // Cost to reach each position without and with a word used; walked once, left to right.
    let mut bare: Vec<Option<usize>> = vec![None; password.len() + 1];
    let mut worded = bare.clone();
    *bare.first_mut()? = Some(0);
    for (position, character) in password.iter().enumerate() {
        let here = (bare.get(position).copied().flatten(), worded.get(position).copied().flatten());
        if here == (None, None) {
            continue;
        }
        if !character.is_alphabetic() {
            let cost = usize::from(!matches!(character, ' ' | '-' | '_' | '.' | '/'));
            improve(&mut bare, position + 1, here.0.map(|spent| spent + cost));
            improve(&mut worded, position + 1, here.1.map(|spent| spent + cost));
        }
        let rest = password.get(position..).unwrap_or_default();
        for word in words {
            if rest.len() >= word.len() && rest.iter().zip(word).all(|(typed, meant)| stands_for(*typed, *meant)) {
                improve(&mut worded, position + word.len(), [here.0, here.1].into_iter().flatten().min());
            }
        }
    }
    worded.last().copied().flatten()
}

fn improve(costs: &mut [Option<usize>], position: usize, cost: Option<usize>) {
    if let (Some(known), Some(cost)) = (costs.get_mut(position), cost) {
        *known = Some(known.map_or(cost, |known| known.min(cost)));
    }
}

/// Equal, or one of the substitutions that every guessing tool makes.
fn stands_for(typed: char, meant: char) -> bool {
    typed == meant
        || matches!(
            (typed, meant),
            ('0', 'o')
                | ('1' | '!', 'i' | 'l')
                | ('3', 'e')
                | ('4' | '@', 'a')
                | ('5' | '$', 's')
                | ('7', 't')
                | ('8', 'b')
        )
}
