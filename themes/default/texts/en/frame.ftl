# The frame of every page.

title = { $title } - Keyholder
title-error = Error: { $title } - Keyholder
skip = Skip to the page's content
home = Keyholder, to the start page
other-language = Cymraeg
menu-applications = My applications
menu-account = Account Settings
menu-change-school = Change school
menu-sign-out = Sign out
footer = About this service
footer-help = Help
footer-privacy = Privacy
footer-accessibility = Accessibility

# The key tag.
tag-signing-in = You are signing in to
tag-signing-in-at = You are signing in at
tag-not-signed-in = Not signed in to
tag-not-signed-in-at = Not signed in at

# Whom to ask, in the same place on every page.
who-can-help = Who can help
who-can-help-office = Your school's office.
who-can-help-office-of = The office of { $school }.
who-can-help-email = E-mail
who-can-help-phone = Telephone

# How long something lives.
duration =
    { $minutes ->
        [1] one minute
        [60] one hour
       *[other] { $minutes } minutes
    }

# Whether a key was used in this sign-in.
elevate = Elevate your access
elevation = Your access
elevation-offered = You signed in without your key.
elevation-offered-text = Some things stay closed until you use it.
elevation-raised = Your key is in use.
elevation-raised-text = { $minutes ->
    [0] It counts for less than a minute more.
    [one] It counts for one minute more.
   *[other] It counts for { $minutes } minutes more.
    }
step-down = Step down
