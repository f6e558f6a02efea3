//! The demo's incidents: invented, and nobody is named in them.

use serde::Serialize;

/// What somebody needs to have proved before an incident is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Needs {
    SignIn,
    TwoFactors,
}

#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Incident {
    pub(crate) number: u32,
    pub(crate) title: &'static str,
    date: &'static str,
    class: &'static str,
    state: &'static str,
    pub(crate) needs: Needs,
    #[serde(skip)]
    pub(crate) account: &'static str,
    #[serde(skip)]
    pub(crate) next_step: &'static str,
}

const INCIDENTS: [Incident; 5] = [
    Incident {
        number: 1,
        title: "Late collection, third time this term",
        date: "16 November, 2026",
        class: "Year 2",
        state: "Open",
        needs: Needs::SignIn,
        account: "A pupil waited in the office until 16:25. The adult who came said that a shift had run over.",
        next_step: "The class teacher speaks to the family about the after-school club.",
    },
    Incident {
        number: 2,
        title: "Fall in the playground",
        date: "17 November, 2026",
        class: "Year 5",
        state: "Closed",
        needs: Needs::SignIn,
        account: "A grazed knee, cleaned and covered. The family was told at the gate.",
        next_step: "None. The loose kerb has been mended.",
    },
    Incident {
        number: 3,
        title: "Something a pupil told a teaching assistant",
        date: "18 November, 2026",
        class: "Year 6",
        state: "With the designated lead",
        needs: Needs::TwoFactors,
        account: "The pupil's own words, written down within the hour, unprompted and unchanged: \"I don't want to go there at the weekend.\"",
        next_step: "The designated lead has rung children's services and waits for their call.",
    },
    Incident {
        number: 4,
        title: "Messages on a phone",
        date: "19 November, 2026",
        class: "Year 6",
        state: "With an outside agency",
        needs: Needs::TwoFactors,
        account: "A pupil showed a teacher messages from someone they had never met. The phone was not searched and nothing was copied.",
        next_step: "Reported to the police the same day. The family has been spoken to.",
    },
    Incident {
        number: 5,
        title: "Unkind words at lunch",
        date: "20 November, 2026",
        class: "Year 3",
        state: "Open",
        needs: Needs::SignIn,
        account: "Two pupils fell out over a game. Both were heard separately.",
        next_step: "Lunchtime staff keep an eye on it for a fortnight.",
    },
];

pub(crate) fn list() -> &'static [Incident] {
    &INCIDENTS
}

pub(crate) fn find(number: u32) -> Option<&'static Incident> {
    INCIDENTS.iter().find(|incident| incident.number == number)
}
