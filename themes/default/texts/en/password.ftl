# Forgot Password, new password, confirmed address.
# \u2060 keeps a heading from breaking after its hyphen.

forgot-password-title = Forgot Password
forgot-password-text = Whether you forgot it or never had one: we will send you a link, and with it you set a new password.
forgot-password-send = Send the link
forgot-password-back = Back
forgot-password-not-mine = No access to your e-mail?
forgot-password-not-mine-text = Then the link will not help you. Your school can enter another address for you.

forgot-password-sent-title = Look at your e-{"\u2060"}mail
forgot-password-sent-text = If **{ $email }** has an account, a link is on its way.
forgot-password-sent-life = It works once, for { duration }. You can close this page.
forgot-password-sent-back = Back to sign-in
forgot-password-sent-nothing = Nothing there?
forgot-password-sent-nothing-text = Allow a few minutes and look among the junk mail. Then go back and ask again: only the newest link works.
forgot-password-sent-other = Another address?
forgot-password-sent-other-text = A link goes only to the address that your school uses for you.

new-password-title-first = Set your password
new-password-title = New password
new-password-text = For the account of
new-password-label = New password
new-password-hint = At least { $minimum } characters. Spaces count.
new-password-again = The same password again
new-password-save = Save password
new-password-error-empty = Enter a new password
new-password-error-different = The two passwords are not the same
new-password-error-too-short = This password is too short: it needs at least { $minimum } characters
new-password-error-too-long = This password is too long: { $maximum } characters is the most
new-password-error-unprintable = This password holds a character that cannot be typed on every keyboard
new-password-error-breached = This password is known from other sites' leaks, so it would be among the first guesses
new-password-error-context = This password holds your name, your e-mail address or your school, which others can guess
new-password-error-pattern = This password follows a pattern, such as 12345 or qwerty, which others can guess
new-password-good = A good password
new-password-good-text = Three or four words that have nothing to do with each other are easy to remember and hard to guess. Capitals, digits and signs are welcome, not needed.
new-password-then = What happens then
new-password-then-text = You are signed out everywhere else. A security key, if you have one, is still asked for.

password-set-title = Your password is set
password-set-text = Everywhere else you have been signed out.
password-set-next = Sign in with your new password now.
password-set-next-application = Go on to **{ $application }** and sign in with your new password.
password-set-sign-in = Sign in
password-set-continue = Continue to { $application }
password-set-told = You will get an e-mail
password-set-told-text = It says that the password was changed. If one ever comes that you cannot explain, tell your school.

confirm-email-title = Confirm your e-{"\u2060"}mail address
confirm-email-text = Press the button to confirm that you read e-{"\u2060"}mail sent to **{ $email }**. From then on you sign in with this address.
confirm-email-confirm = Confirm this address
confirm-email-not-you = You did not ask for this?
confirm-email-not-you-text = Close this page. Nothing changes unless you press the button.

email-confirmed-title = Your e-{"\u2060"}mail address is confirmed
email-confirmed-text = From now on sign in with **{ $email }**.
email-confirmed-continue = Continue
