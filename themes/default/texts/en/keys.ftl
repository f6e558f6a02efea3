# Account Settings: Security keys.

keys-tab = Security keys
keys-title = Security keys, Account Settings
keys-why = A password can be guessed, shared or read over a shoulder. A second factor is something you hold, so that nobody gets in with your password alone. These are the kinds you can use.
keys-name = Name
keys-registered = Registered
keys-last-used = Last used
keys-never = N/A
keys-unverified = Unverified
keys-managed = Managed
keys-rename = Rename
keys-remove = Remove
keys-add = Add new device
keys-add-recovery-code = Make a new sheet
keys-left =
    { $left ->
        [one] One code of the sheet is left
       *[other] { $left } codes of the sheet are left
    }

keys-kind-soft-key = Keyholder Authenticator
keys-kind-security-key = USB Security Keys
keys-kind-managed-key = Managed keys
keys-kind-recovery-code = Recovery codes
keys-kind-other = Other keys
keys-about-soft-key = An app on your phone or tablet that shows six digits, new ones every 30 seconds.
keys-about-security-key = A small key for a USB port, or held to the back of a phone. Some laptops and phones have one built in.
keys-about-managed-key = Issued by your school. Only an Admin Key Holder can remove them.
keys-about-managed-key-of = Issued by { $school }. Only an Admin Key Holder can remove them.
keys-about-recovery-code = A sheet of codes for the day on which you have no key with you. Each works once, and lets you add a new key.
keys-about-other = A further kind of key that your installation offers.
keys-none-soft-key = There is no phone or tablet registered for this account.
keys-none-security-key = There are no USB Security Keys registered for this account.
keys-none-managed-key = No key has been issued to you.
keys-none-recovery-code = You have no recovery codes.
keys-none-other = No key of this kind is registered for this account: { $name }.

keys-unusable = Keys that cannot be used for now
keys-unusable-text = This service does not have their kind of key any more. Whoever runs it can bring it back; until then these keys open nothing.
keys-locked = You can look, but not change anything yet
keys-locked-used = Your account has a key, **{ $key }**, last used on { $at }. This sign-in did not use it, so keys cannot be added, renamed or removed.
keys-locked-unused = Your account has a key, **{ $key }**, never used so far. This sign-in did not use it, so keys cannot be added, renamed or removed.
keys-ways = Ways forward
keys-way-have = I have { $key } with me
keys-way-use = Use { $key }
keys-way-another = Another key registered for this account
keys-way-recovery-code = Use a recovery code
keys-way-lost = I have lost my keys
keys-ask-admin = Ask an Admin Key Holder at your school.
keys-ask-admins = Ask an Admin Key Holder:

keys-first = Add your first key
keys-first-text = So that nobody who guessed your password can add a key of theirs, we send a link to **{ $email }**. Open it in this browser, then come back here.
keys-first-send = Send me the link
keys-first-pass-only-group = Your school hands out access passes for a first key. Ask for one in person.
keys-first-pass-only-address-changed = Your e-mail address changed less than a week ago, so a link to it is not enough yet. Ask your school for an access pass in person, or come back when the week is over.
keys-first-pass-only-key-stopped = A key of yours was removed by the link in an e-mail less than a week ago, so that a link alone is not enough now. Ask your school for an access pass in person, or come back when the week is over.
keys-first-pass-only-key-unusable = You have a key already, and it cannot be used here for now. So a link in an e-mail is not enough for another one. Ask your school for an access pass in person.
keys-first-error-too-many =
    { $minutes ->
        [one] There were too many tries. Wait one minute, then try again
       *[other] There were too many tries. Wait { $minutes } minutes, then try again
    }
keys-pass-have = I have an access pass
keys-pass = Access pass
keys-pass-hint = The letters and digits that your school gave you. Capitals, spaces and hyphens do not matter.
keys-pass-use = Use the pass
keys-pass-error-empty = Enter the access pass
keys-pass-error-wrong = This pass is not right, was used, or is too old

keys-done-added = Successfully added new two-factor authentication method.
keys-done-renamed = The new name is saved.
keys-done-removed = The key is removed. It opens nothing any more.
keys-done-link-sent = Look at your e-mail: a link is on its way. Open it in this browser.
keys-done-permitted = You can add your first key now.

keys-unverified-note = What is Unverified?
keys-unverified-note-text = Nothing to worry about. It goes away the first time you sign in with that key.
keys-new-phone = A new phone?
keys-new-phone-text = Add it here as well, sign in with it once, and remove the old one.

rename-key-title = Rename this key
key-name-error-empty = Choose a name for the key
key-name-error-too-long = This name is too long: 60 characters is the most
key-name-error-unprintable = This name holds a character that names do not have
key-name-error-taken = Another key of yours has this name

remove-key-title = Remove this key?
remove-key-text = **{ $key }** will open nothing any more. You get an e-mail that says so.
remove-key-last = It is the last key that you sign in with. Without one you see only what your school allows with a password.
remove-key-confirm = Remove the key

first-key-link-title = Add your first key
first-key-link-text = You asked for this link so that you can add a key to your account. Go on if it was you.
first-key-link-go-on = Go on
first-key-link-not-you = You did not ask?
first-key-link-not-you-text = Close this page. Somebody knows your password: change it, and tell your school.

stop-key-title = Take this key off your account?
stop-key-text = **{ $key }** was added to your account. If you did not do that, remove it now.
stop-key-confirm = Remove the key and sign out everywhere
stop-key-then = What happens then
stop-key-then-text = The key opens nothing any more, and every sign-in of yours ends. Set a new password afterwards, and tell your school. For the week that follows, a new first key takes an access pass from your school: whoever pressed this button may be somebody who only reads your e-mail.
