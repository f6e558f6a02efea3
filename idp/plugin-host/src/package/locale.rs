//! What a package's texts may hold: Fluent, of the kind that can be read and written without harm.
//!
//! Fluent's parser descends as deep as a text nests, on the stack of whoever calls it, and its resolver ends the process over some
//! expressions that its parser lets pass. Neither runs in the sandbox: both run in the server, at each start and for each page. So what
//! goes deep is refused before it is parsed, and what the resolver cannot write before it is ever resolved.

use fluent_bundle::FluentResource;
use fluent_syntax::ast::{CallArguments, Entry, Expression, InlineExpression, Pattern, PatternElement, VariantKey};

/// Braces and parentheses that one message opens. So deep can it nest at most; and the resolver gives up beyond as many placeables.
const MOST_OPENED: usize = 100;
/// Characters of a number: an `f64` has them all.
const NUMBER: usize = 15;

type Checked = Result<(), String>;

/// Reads the texts of one language.
///
/// # Errors
/// What is wrong with them, for their author.
pub(super) fn check(text: &str) -> Checked {
    check_depth(text)?;
    let resource = FluentResource::try_new(text.to_owned()).map_err(|(_, errors)| {
        format!("it is not Fluent: {}", errors.first().map(ToString::to_string).unwrap_or_default())
    })?;
    for entry in resource.entries() {
        let (name, value, attributes) = match entry {
            Entry::Message(message) => (message.id.name, message.value.as_ref(), &message.attributes),
            Entry::Term(term) => (term.id.name, Some(&term.value), &term.attributes),
            _ => continue,
        };
        let patterns = value.into_iter().chain(attributes.iter().map(|attribute| &attribute.value));
        patterns.into_iter().try_for_each(check_pattern).map_err(|problem| format!("`{name}`: {problem}"))?;
    }
    Ok(())
}

/// Counts per message what may nest in it. Counting goes on over whatever else looks like the end of a message: only a line that begins
/// with a name and `=` is none of an expression, however deep the parser is.
fn check_depth(text: &str) -> Checked {
    let mut opened = 0;
    for (number, line) in text.split('\n').enumerate() {
        if begins_message(line) {
            opened = 0;
        }
        opened += line.bytes().filter(|byte| matches!(byte, b'{' | b'(')).count();
        if opened > MOST_OPENED {
            return Err(format!("line {}: more than {MOST_OPENED} braces and parentheses in one message", number + 1));
        }
    }
    Ok(())
}

fn begins_message(line: &str) -> bool {
    let Some((name, _)) = line.split_once('=') else { return false };
    let name = name.trim_end_matches(' ');
    let name = name.strip_prefix('-').unwrap_or(name);
    name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

fn check_pattern(pattern: &Pattern<&str>) -> Checked {
    pattern.elements.iter().try_for_each(|element| match element {
        PatternElement::TextElement { .. } => Ok(()),
        PatternElement::Placeable { expression } => check_expression(expression),
    })
}

fn check_expression(expression: &Expression<&str>) -> Checked {
    let Expression::Select { selector, variants } = expression else {
        return match expression {
            Expression::Inline(inline) => check_inline(inline),
            Expression::Select { .. } => Ok(()),
        };
    };
    // The resolver has no words for one of these where what was selected cannot be written.
    if matches!(selector, InlineExpression::StringLiteral { .. } | InlineExpression::NumberLiteral { .. }) {
        return Err("it selects by what is always the same".into());
    }
    check_inline(selector)?;
    variants.iter().try_for_each(|variant| {
        if let VariantKey::NumberLiteral { value } = variant.key {
            check_number(value)?;
        }
        check_pattern(&variant.value)
    })
}

fn check_inline(inline: &InlineExpression<&str>) -> Checked {
    match inline {
        InlineExpression::StringLiteral { .. }
        | InlineExpression::MessageReference { .. }
        | InlineExpression::VariableReference { .. } => Ok(()),
        InlineExpression::NumberLiteral { value } => check_number(value),
        InlineExpression::TermReference { arguments, .. } => arguments.as_ref().map_or(Ok(()), check_arguments),
        InlineExpression::FunctionReference { id, .. } => Err(format!("there is no function {}", id.name)),
        // As above.
        InlineExpression::Placeable { .. } => Err("a placeable stands in another".into()),
    }
}

fn check_arguments(arguments: &CallArguments<&str>) -> Checked {
    arguments.positional.iter().chain(arguments.named.iter().map(|named| &named.value)).try_for_each(check_inline)
}

fn check_number(number: &str) -> Checked {
    if number.len() > NUMBER { Err(format!("a number of more than {NUMBER} characters")) } else { Ok(()) }
}
