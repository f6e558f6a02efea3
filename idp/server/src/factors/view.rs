//! What is drawn of a step, and what is read of the form that answers it.

use keyholder_core::ceremony::Ceremony;
use keyholder_core::factor::{
    Answer, Ask, Descriptor, Exhibit, FactorKind, Field, FieldKind, Problem, Purpose, RejectReason, Response, Text,
};
use keyholder_core::locale::Language;
use keyholder_theme::page::{
    ClockOff, ExhibitView, FactorName, FieldKindView, FieldView, KeyKind, KeyNameField, PromptKind, PromptProblem,
    PromptReason, PromptView, WebauthnDoes,
};

use super::Refused;
use crate::app::App;
use crate::web::Form;

/// Around the step: where it is answered, and what else stands there.
#[derive(Debug, Default)]
pub(crate) struct Drawn<'a> {
    pub(crate) action: String,
    /// The page itself, to be read again.
    pub(crate) check_href: String,
    pub(crate) key_name: Option<KeyNameField>,
    /// Of a former ceremony: what was wrong with the answer that ended it.
    pub(crate) refused: Option<Refused>,
    /// It counted elsewhere.
    pub(crate) elsewhere: bool,
    /// What could not be given to the plugin.
    pub(crate) unanswered: Option<Unanswered>,
    /// The form as it was posted, so that what is no secret stays.
    pub(crate) typed: Option<&'a Form>,
}

/// A form in which something is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unanswered {
    pub(crate) prompt: String,
    /// Names of fields that are required and empty; none: a security key did not answer.
    pub(crate) fields: Vec<String>,
}

/// Which kind of key a factor is.
pub(crate) fn kind_of(factor: &Descriptor) -> KeyKind {
    match factor.kind {
        FactorKind::SoftKey => KeyKind::SoftKey,
        FactorKind::SecurityKey => KeyKind::SecurityKey,
        FactorKind::ManagedKey => KeyKind::ManagedKey,
        FactorKind::RecoveryCode => KeyKind::RecoveryCode,
        FactorKind::Other(_) => KeyKind::Other,
    }
}

/// How a factor is called.
pub(crate) fn name_of(app: &App, factor: &Descriptor, language: Language) -> FactorName {
    let own = |key: &String| app.factors.text(&factor.id, language, &Text { key: key.clone(), args: Vec::new() });
    let name = match &factor.kind {
        FactorKind::Other(key) => Some(own(key)),
        _ => None,
    };
    FactorName { kind: kind_of(factor), name }
}

/// The step as the theme draws it.
pub(crate) fn prompt_view(app: &App, language: Language, ceremony: &Ceremony, drawn: Drawn<'_>) -> PromptView {
    let step = &ceremony.contents.step;
    let of_ended =
        drawn.refused.map(|Refused { reason, text, clock_off_ms }| Problem { reason, field: None, text, clock_off_ms });
    let problem = of_ended.or_else(|| step.problem.clone().filter(|_| drawn.unanswered.is_none()));
    let say = |text: &Text| app.factors.text(&ceremony.factor, language, text);
    let mut writer = Writer {
        say: &say,
        problem: problem.as_ref(),
        unanswered: drawn.unanswered.as_ref(),
        typed: drawn.typed,
        // What answers a challenge is a secret, whatever kind of field it is typed into.
        keeps: ceremony.purpose == Purpose::Enrolment,
        at_field: false,
    };
    let prompts: Vec<PromptKind> = step
        .prompts
        .iter()
        .enumerate()
        .map(|(place, prompt)| match &prompt.ask {
            Ask::Form(form) => PromptKind::Form {
                id: prompt.id.clone(),
                title: say(&form.title),
                help: form.help.as_ref().map(say),
                exhibits: form.exhibits.iter().map(|exhibit| exhibit_view(exhibit, &say)).collect(),
                fields: writer.fields(place, &prompt.id, &form.fields),
                submit: say(&form.submit),
            },
            Ask::WebauthnCreate(options) => webauthn(&prompt.id, WebauthnDoes::Create, options),
            Ask::WebauthnGet(options) => webauthn(&prompt.id, WebauthnDoes::Get, options),
            Ask::Wait(wait) => PromptKind::Wait {
                id: prompt.id.clone(),
                message: say(&wait.message),
                exhibits: wait.exhibits.iter().map(|exhibit| exhibit_view(exhibit, &say)).collect(),
                until: ceremony.expires_at.as_millis(),
                check_href: drawn.check_href.clone(),
            },
        })
        .collect();
    let at_field = writer.at_field;
    let no_key = drawn.unanswered.as_ref().is_some_and(|unanswered| unanswered.fields.is_empty());
    let problem = match problem {
        Some(problem) => Some(PromptProblem {
            reason: reason(&problem.reason),
            own: problem.text.as_ref().map(say),
            clock: problem.clock_off_ms.map(ClockOff::of_millis),
            at_field,
        }),
        None if drawn.elsewhere || no_key => {
            let reason = if drawn.elsewhere { PromptReason::Elsewhere } else { PromptReason::Malformed };
            Some(PromptProblem { reason, own: None, clock: None, at_field: false })
        }
        None => None,
    };
    let key_name = drawn.key_name;
    PromptView { action: drawn.action, ceremony: ceremony.id.to_string(), prompts, problem, key_name }
}

fn webauthn(id: &str, does: WebauthnDoes, options: &str) -> PromptKind {
    PromptKind::Webauthn { id: id.to_owned(), does, options: options.to_owned() }
}

/// Draws fields, and notes whether one of them is what the problem is about.
struct Writer<'a> {
    say: &'a dyn Fn(&Text) -> String,
    problem: Option<&'a Problem>,
    unanswered: Option<&'a Unanswered>,
    typed: Option<&'a Form>,
    /// Whether what was typed may stand in its field again.
    keeps: bool,
    at_field: bool,
}

impl Writer<'_> {
    fn fields(&mut self, place: usize, prompt: &str, fields: &[Field]) -> Vec<FieldView> {
        fields.iter().enumerate().map(|(nth, field)| self.field((place, nth), prompt, field)).collect()
    }

    fn field(&mut self, (place, nth): (usize, usize), prompt: &str, field: &Field) -> FieldView {
        let say = self.say;
        let answered = self.typed.is_none_or(|form| form.text("prompt") == prompt);
        let about = match self.problem {
            Some(Problem { field: Some(name), .. }) => *name == field.name,
            // The first field of the form that was answered.
            Some(_) => nth == 0,
            None => false,
        };
        let wrong = about && answered && !self.at_field && field.kind != FieldKind::Confirm;
        self.at_field |= wrong;
        let name = format!("f-{}", field.name);
        let empty =
            self.unanswered.is_some_and(|missing| missing.prompt == prompt && missing.fields.contains(&field.name));
        let (kind, maxlength) = match field.kind {
            FieldKind::OneTimeCode(digits) => (FieldKindView::OneTimeCode, u32::from(digits) + 4),
            FieldKind::Text(most) => (FieldKindView::Text, u32::from(most)),
            FieldKind::Secret(most) => (FieldKindView::Secret, u32::from(most)),
            FieldKind::KeyboardToken(most) => (FieldKindView::KeyboardToken, u32::from(most)),
            FieldKind::Confirm => (FieldKindView::Confirm, 8),
        };
        let keeps = self.keeps && kind == FieldKindView::Text;
        FieldView {
            id: format!("p{place}-{nth}"),
            value: self.typed.filter(|_| keeps && answered).map(|form| form.text(&name).to_owned()).unwrap_or_default(),
            name,
            label: say(&field.label),
            hint: field.hint.as_ref().map(say),
            placeholder: field.placeholder.as_ref().map(say),
            kind,
            maxlength,
            required: field.required,
            wrong,
            empty,
        }
    }
}

fn exhibit_view(exhibit: &Exhibit, say: &dyn Fn(&Text) -> String) -> ExhibitView {
    match exhibit {
        Exhibit::Qr(value) => ExhibitView::Qr { value: value.clone() },
        Exhibit::PlainQr(address) => ExhibitView::plain_qr(address),
        Exhibit::Secret(secret) => ExhibitView::secret(secret),
        Exhibit::SecretList(items) => ExhibitView::secret_list(items.clone()),
        Exhibit::Note(text) => ExhibitView::Note { text: say(text) },
        Exhibit::MatchNumber(number) => ExhibitView::MatchNumber { number: number.clone() },
    }
}

fn reason(reason: &RejectReason) -> PromptReason {
    match reason {
        RejectReason::WrongResponse => PromptReason::Wrong,
        RejectReason::Replayed => PromptReason::Replayed,
        RejectReason::Expired => PromptReason::Expired,
        RejectReason::WrongOrigin => PromptReason::WrongOrigin,
        RejectReason::UnknownCredential => PromptReason::UnknownCredential,
        RejectReason::UserVerificationMissing => PromptReason::UserVerificationMissing,
        RejectReason::AuthenticatorNotAllowed => PromptReason::AuthenticatorNotAllowed,
        RejectReason::Malformed => PromptReason::Malformed,
        RejectReason::Exhausted => PromptReason::Exhausted,
        RejectReason::DeclinedByUser | RejectReason::Other(_) => PromptReason::Other,
    }
}

/// Reads what a form answers. `None`: it does not belong to this step.
pub(crate) fn read_answer(ceremony: &Ceremony, form: &Form) -> Option<Result<Answer, Unanswered>> {
    let id = form.text("prompt");
    let prompt = ceremony.contents.step.prompts.iter().find(|prompt| prompt.id == id)?;
    let answer = |response| Answer { prompt: id.to_owned(), response };
    Some(match &prompt.ask {
        Ask::WebauthnCreate(_) | Ask::WebauthnGet(_) => match form.text("response") {
            "" => Err(Unanswered { prompt: id.to_owned(), fields: Vec::new() }),
            response => Ok(answer(Response::Webauthn(response.to_owned()))),
        },
        Ask::Form(asked) => {
            let fields: Vec<(String, String)> = asked
                .fields
                .iter()
                .map(|field| (field.name.clone(), read(field, form.text(&format!("f-{}", field.name)))))
                .collect();
            let empty =
                asked.fields.iter().zip(&fields).filter(|(field, (_, value))| field.required && value.is_empty());
            let empty: Vec<String> = empty.map(|(field, _)| field.name.clone()).collect();
            if empty.is_empty() {
                Ok(answer(Response::Fields(fields)))
            } else {
                Err(Unanswered { prompt: id.to_owned(), fields: empty })
            }
        }
        // Nothing on the page answers it.
        Ask::Wait(_) => return None,
    })
}

/// Spaces do not matter in a code: it is shown in groups and pasted as it stands.
fn read(field: &Field, typed: &str) -> String {
    match field.kind {
        FieldKind::OneTimeCode(_) | FieldKind::KeyboardToken(_) => {
            typed.chars().filter(|letter| !letter.is_whitespace()).collect()
        }
        FieldKind::Text(_) => typed.trim().to_owned(),
        FieldKind::Secret(_) => typed.to_owned(),
        FieldKind::Confirm => (if typed == "true" { "true" } else { "" }).to_owned(),
    }
}
