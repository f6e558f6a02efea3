# Account Settings: Account and Security log.

account-title = Account Settings
account-tab = Account
account-you = About you
account-name = Name
account-unconfirmed = Not confirmed
account-password-kept = Only you know it
account-language = Language
account-language-browser = The language of your browser
account-language-browser-hint = Each browser shows the one that it is set to; e-mails come in English
account-change = Change
account-change-name = name
account-change-email = e-mail address
account-change-password = password
account-change-language = language
account-waiting = A link is on its way to **{ $email }**. It works until { $until }. Nothing changes until it is opened and confirmed.
account-withdraw = Withdraw this link
account-here = This browser
account-actions = What you can do

account-sign-ins = Where you are signed in
account-sign-ins-text = End a sign-in that you do not need any more, or that is not yours. It counts at once, and applications opened from there end with it.
account-place = IP address
account-started = Signed in
account-seen = Last seen
account-end = End this sign-in
account-everywhere-text = Ends every sign-in in this list, this one too, and what applications keep of it.

account-browsers = Browsers you have used
account-browsers-text = A sign-in with a browser that is not in this list is told to you by e-mail. Remove one that you do not use any more: its next sign-in counts as new again.
account-first-used = First used
account-last-used = Last sign-in
account-forget = Remove

account-lost = Lost a device?
account-lost-text = End its sign-in, remove its browser from the list, and change your password. Then tell your school.

account-done-name = Your name is saved.
account-done-password = Your password is changed. Everywhere else you have been signed out.
account-done-language = Your language is saved.
account-done-email-asked = Look at your e-mail: a link is on its way to the address that you entered.
account-done-email-withdrawn = The link is withdrawn. It no longer works, and nothing has changed.
account-done-sign-in-ended = That sign-in has ended.
account-done-browser-forgotten = The browser is removed from the list.

account-name-title = Change your name
account-save-name = Save name
account-name-error-empty = Enter your name
account-name-error-too-long = This name is too long: 100 characters in each field is the most
account-name-error-unprintable = This name holds a character that names do not have
account-name-where = Where it is shown
account-name-where-text = On our pages, in e-mails, and in the applications that you open.

account-email-title = Change or confirm your e-{"\u2060"}mail address
account-email-present = Your address now
account-email-new = E-mail address to confirm
account-email-hint = One that you can read now: a link goes there
account-email-send = Send the link
account-email-error-same = This is your address already
account-email-error-too-many = There were too many links lately. Wait a quarter of an hour, then ask again
account-email-then = What happens then
account-email-then-text = We send a link to that address. When you open and confirm it, you sign in with it from then on; if it is a new one, the old one gets a notice. An address that somebody else uses cannot become yours, and gets no link.

current-password-label = Your password now
current-password-hint = You proved it a while ago. It makes sure that it is still you.
current-password-error-empty = Enter the password that you sign in with now
current-password-error-wrong = This is not the password that you sign in with now
current-password-error-throttled =
    { $minutes ->
        [1] There were too many tries. Wait one minute, then try again
       *[other] There were too many tries. Wait { $minutes } minutes, then try again
    }

account-password-title = Change your password
account-password-then = What happens then
account-password-then-text = You stay signed in here. Everywhere else you are signed out, and links that were sent to you stop working. You get an e-mail that says so.

account-language-title = Your language
account-language-text = For our pages, wherever you sign in, and for the e-mails that we send you.
account-language-chosen = Chosen

browser-unknown = Unknown browser
browser-on-windows = { $browser } on Windows
browser-on-iphone = { $browser } on an iPhone
browser-on-ipad = { $browser } on an iPad
browser-on-android = { $browser } on Android
browser-on-chromebook = { $browser } on a Chromebook
browser-on-mac = { $browser } on a Mac
browser-on-linux = { $browser } on Linux

security-log-tab = Security log
security-log-title = Security log, Account Settings
security-log-text = What happened with your account, the newest first.
log-what = What happened
log-when = When
log-browser = Browser
log-address = IP address
log-by-administrator = By somebody who looks after accounts
log-by-service = By whoever runs this service
log-nothing-known = Not known
log-empty = Nothing has happened yet.
log-end = There is nothing older.
log-pages = Pages of the log
log-newest = Newest
log-older = Older
log-not-you = Something here was not you?
log-not-you-text = Change your password in the tab **Account**: that ends every other sign-in. Then tell your school, and give the time that you see here.

log-event-signed-in = Signed in
log-event-signed-in-new-browser = Signed in with a new browser
log-event-sign-in-failed = Sign-in failed: wrong password
log-event-sign-in-throttled = Sign-in put off: too many tries
log-event-password-refused = Wrong password in Account Settings
log-event-signed-out = Signed out
log-event-signed-out-everywhere = Signed out everywhere
log-event-sign-in-ended = A sign-in in another browser was ended
log-event-browser-forgotten = A browser was removed from the list
log-event-password-link-asked = A link to set a password was sent
log-event-password-link-not-sent = A link to set a password was asked for and not sent
log-event-password-changed = Password changed
log-event-email-link-asked = A link to confirm an e-mail address was asked for
log-event-email-link-withdrawn = The link to confirm an e-mail address was withdrawn
log-event-email-changed = E-mail address changed
log-event-email-confirmed = E-mail address confirmed
log-event-account-created = Account created
log-event-account-changed = Name or language changed
log-event-account-disabled = Account closed
log-event-school-added = Added to a school
log-event-school-changed = Place at a school changed
log-event-application-opened = Application opened
log-event-application-ended = An application's access ended
log-event-consent-given = Agreed to share with an application
log-event-consent-refused = Refused to share with an application
log-event-factor-accepted = Security key used
log-event-factor-refused = Wrong answer for a security key
log-event-factor-declined = A sign-in was denied on your device
log-event-factor-locked = Security key paused: too many wrong answers
log-event-factor-fault = A security key could not be checked
log-event-recovery-code-used = Recovery code used
log-event-elevated = Access elevated
log-event-stepped-down = Stepped down from elevated access
log-event-key-added = Security key added
log-event-key-renamed = Security key renamed
log-event-key-removed = Security key removed
log-event-first-key-link-asked = A link to add a first security key was sent
log-event-managed-key-issued = A key was issued to you by your school
log-event-managed-key-returned = A key went back to your school
log-event-managed-key-retired = A key of your school was taken out of use
log-event-first-key-permitted = A first security key was permitted
log-event-access-pass-refused = A wrong access pass was entered
log-right-elevated = In a sign-in that had used a key
log-right-link = By the link in an e-mail
log-right-pass = By an access pass
log-right-open = By the password alone, as your school allows
log-event-access-pass-made = An access pass was made for a first security key
