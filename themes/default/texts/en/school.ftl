# School, consent, applications, sign-out.

choose-school-title = Which school today?
choose-school-text = You see the people and pupils of the school that you choose, and no others.
choose-school-last = Last used here
choose-school-missing = Is a school missing?
choose-school-missing-text = Its office adds you with the e-mail address that you signed in with.

consent-title = Share with { $application }?
consent-text = **{ $application }** is not run by { $school }. It asks to learn this:
consent-scope-openid = That it is you: a number that stands for you there
consent-scope-profile = Your name: { $person }
consent-scope-email = Your e-mail address: { $email }
consent-scope-school = Your school: { $school }
consent-scope-groups = Your user group at { $school }, and what it allows
consent-scope-scopes_of_pupils = Which year groups or classes you work with
consent-scope-offline_access = And to go on learning it while you are away, until you or your school ends that
consent-host = Your answer goes to **{ $host }**.
consent-allow = Allow
consent-deny = Deny
consent-denied = If you deny
consent-denied-text = Nothing is shared, and { $application } is told that you said no. Everything else goes on working.
consent-person = Signed in as
my-applications-title = My applications
my-applications-text = What you can open at **{ $school }**.
my-applications-none = There are no applications for { $school } yet.
my-applications-none-text = The person who looks after Keyholder at your school can add one. Then it is listed here.
my-applications-everywhere = Sign out everywhere
my-applications-everywhere-text = Left a browser open somewhere, or lost a device? This ends your sign-in on all of them, this one too.

sign-out-title = Sign out?
sign-out-text = This ends your sign-in in this browser. Applications that you opened with it are told.
sign-out-text-application = **{ $application }** asks to sign you out. This ends your sign-in in this browser, for other applications too.
sign-out-sign-out = Sign out
sign-out-cancel = Cancel

signed-out-title = You are signed out
signed-out-text = In this browser nobody is signed in any more.
signed-out-text-everywhere = In every browser and on every device. Applications may need a minute to notice.
signed-out-text-applications = The applications that you used are signed out as well.
signed-out-continue = Continue
signed-out-again = Sign in again
signed-out-shared = On a shared computer?
signed-out-shared-text = Close its browser windows as well, so that nobody can go back to what you looked at.

form-post-title = Going back to { $application }
form-post-text = If the page stays like this, press the button.
form-post-continue = Continue
