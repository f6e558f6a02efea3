//! Short ways to say what a page offers.

use std::time::Duration;

use super::{Ask, Effect, Exhibit, Field, FieldKind, Form, Problem, Prompt, RejectReason, Step, Text, Wait};

impl Step {
    /// A step that waits at most this long for an answer to one of the prompts.
    pub fn new(state: Vec<u8>, lifetime: Duration, prompts: Vec<Prompt>) -> Self {
        Self {
            state,
            ttl_ms: u32::try_from(lifetime.as_millis()).unwrap_or(u32::MAX),
            prompts,
            problem: None,
            reply_tag: None,
            effects: Vec::new(),
            extra: Vec::new(),
        }
    }

    /// Says what was wrong with the last answer.
    #[must_use]
    pub fn problem(mut self, problem: Problem) -> Self {
        self.problem = Some(problem);
        self
    }

    /// By which a device that is not enrolled yet finds this step.
    #[must_use]
    pub fn reply_tag(mut self, tag: Vec<u8>) -> Self {
        self.reply_tag = Some(tag);
        self
    }

    /// To be done after the call.
    #[must_use]
    pub fn effect(mut self, effect: Effect) -> Self {
        self.effects.push(effect);
        self
    }
}

impl Prompt {
    /// A form; `id` names it in the answer.
    pub fn form(id: &str, form: Form) -> Self {
        Self { id: id.into(), ask: Ask::Form(form) }
    }

    /// Something outside the browser answers.
    pub fn wait(id: &str, message: Text, exhibits: Vec<Exhibit>) -> Self {
        Self { id: id.into(), ask: Ask::Wait(Wait { message, exhibits }) }
    }
}

impl Form {
    /// An empty form with its title and the words on its button.
    pub fn new(title: Text, submit: Text) -> Self {
        Self { title, help: None, exhibits: Vec::new(), fields: Vec::new(), submit }
    }

    /// A sentence above the fields.
    #[must_use]
    pub fn help(mut self, help: Text) -> Self {
        self.help = Some(help);
        self
    }

    /// Something to show beside the fields.
    #[must_use]
    pub fn exhibit(mut self, exhibit: Exhibit) -> Self {
        self.exhibits.push(exhibit);
        self
    }

    /// A field, in the order of the page.
    #[must_use]
    pub fn field(mut self, field: Field) -> Self {
        self.fields.push(field);
        self
    }
}

impl Field {
    /// A field that has to be filled in.
    pub fn new(name: &str, label: Text, kind: FieldKind) -> Self {
        Self { name: name.into(), label, hint: None, placeholder: None, kind, required: true }
    }

    /// A sentence between label and field.
    #[must_use]
    pub fn hint(mut self, hint: Text) -> Self {
        self.hint = Some(hint);
        self
    }

    /// What stands in the empty field.
    #[must_use]
    pub fn placeholder(mut self, placeholder: Text) -> Self {
        self.placeholder = Some(placeholder);
        self
    }

    /// May stay empty.
    #[must_use]
    pub fn optional(mut self) -> Self {
        self.required = false;
        self
    }
}

impl Problem {
    /// In the host's own words for this reason.
    pub fn new(reason: RejectReason) -> Self {
        Self { reason, field: None, text: None, clock_off_ms: None }
    }

    /// The field that it is about.
    #[must_use]
    pub fn at(mut self, field: &str) -> Self {
        self.field = Some(field.into());
        self
    }

    /// In the plugin's words.
    #[must_use]
    pub fn text(mut self, text: Text) -> Self {
        self.text = Some(text);
        self
    }
}
