# The second factor at sign-in, and what factors ask.

two-factor-title = Two Factor Authentication
two-factor-else = Use something else
two-factor-other-waits = Waits until { $until }: too many wrong answers
two-factor-recovery = Lets you add a new key; it does not open the application
two-factor-none = I have none of these with me
two-factor-none-text = Ask an Admin Key Holder at your school
two-factor-none-or = or { $name }
two-factor-none-ask = Ask an Admin Key Holder at your school, or { $name }
two-factor-without = Continue without my key
two-factor-without-text = Without a key you see only what your school allows with a password.
two-factor-fault = This key cannot be checked just now
two-factor-fault-next = This is our fault, not yours. Nothing was opened. Use something else, or try again in a few minutes. Whoever runs this service has been told.
two-factor-busy = Very many people are signing in
two-factor-busy-next = Your key could not be checked just now. You lost nothing. Try again in a few seconds.
two-factor-waits = There were too many wrong answers
two-factor-waits-next = This key waits until { $until }, so that nobody can guess. Then it works again.
two-factor-waits-others = Your other keys work meanwhile.
two-factor-often = A key was asked for very often
two-factor-often-next =
    { $minutes ->
        [1] Nothing is wrong with your key. Wait one minute, then try again.
       *[other] Nothing is wrong with your key. Wait { $minutes } minutes, then try again.
    }
two-factor-full = You have as many keys as you can have
two-factor-full-next = { $most } keys are the most for one account. Remove one that you no longer use, then add the new one.
two-factor-throttled = There were too many wrong answers
two-factor-throttled-next =
    { $minutes ->
        [1] Wait one minute, then try again.
       *[other] Wait { $minutes } minutes, then try again.
    }

factor-soft-key = Keyholder Authenticator
factor-soft-key-hint = The app on your phone or tablet
factor-security-key = USB Security Key
factor-security-key-hint = Plug it in or hold it to the reader, then touch it
factor-managed-key = Key from your school
factor-managed-key-hint = Plug it in and press its button: it types a code
factor-recovery-code = Recovery code
factor-recovery-code-hint = One of the codes on the sheet that you kept
factor-other = Another key
factor-other-hint = Another key of yours

prompt-or = or
prompt-key-name = Name
prompt-key-name-hint = So that you can tell your devices apart, such as "My phone"
prompt-key-name-placeholder = Choose a name for the device
prompt-tick-first = Tick the box first
prompt-enter-first = Fill this in first
prompt-wait-until = Waiting for your device until { $until }.
prompt-wait-approved = I have approved it
prompt-webauthn-get = Use your security key
prompt-webauthn-get-text = Press the button below, then plug your key in or hold it to the reader, and touch it.
prompt-webauthn-get-button = Use my security key
prompt-webauthn-create = Add a security key
prompt-webauthn-create-text = Choose a name and press the button below. Then plug your key in or hold it to the reader, and touch it when it blinks.
prompt-webauthn-create-button = Add my security key
prompt-webauthn-waiting = Waiting for your key.
prompt-webauthn-cancelled = Your key did not answer
prompt-webauthn-cancelled-next = It was not touched in time, or the window was closed. Press the button to try again.
prompt-webauthn-known = This key is registered already
prompt-webauthn-known-next = It is in your list of keys. Use another one.
prompt-webauthn-unsupported = This browser cannot speak with security keys
prompt-webauthn-unsupported-next = Use something else, or another browser.
prompt-webauthn-no-script = Security keys need JavaScript, which is switched off in this browser. Use something else, or switch it on for this site and read the page again.

prompt-problem-wrong = Incorrect or out of date code
prompt-problem-wrong-next = Type the code that is shown now.
prompt-problem-replayed = This code was used already
prompt-problem-replayed-next = Each code works once. Wait for the next one, then type that.
prompt-problem-expired = This came too late
prompt-problem-expired-next = It was right a while ago. Try again with what is shown now.
prompt-problem-wrong-origin = This answer was meant for another site
prompt-problem-wrong-origin-next = Check the address at the top of your browser, then try again.
prompt-problem-unknown-credential = This key does not belong to your account
prompt-problem-unknown-credential-next = Use the one that you registered, or something else.
prompt-problem-user-verification-missing = Your key did not ask for its PIN or your fingerprint
prompt-problem-user-verification-missing-next = Set a PIN for the key, then try again.
prompt-problem-authenticator-not-allowed = This kind of key is not accepted here
prompt-problem-authenticator-not-allowed-next = Ask your school which ones are.
prompt-problem-malformed = This is not what was asked for
prompt-problem-malformed-next = Check it and try again.
prompt-problem-exhausted = There is nothing left to use
prompt-problem-exhausted-next = Use something else.
prompt-problem-elsewhere = This went on somewhere else
prompt-problem-elsewhere-next = It was answered in another tab, or took too long. Nothing was opened here. Try again.
prompt-problem-other = Your key was not accepted
prompt-problem-other-next = Try again, or use something else.
prompt-clock-fast-seconds =
    { $amount ->
        [one] Your device's clock is one second fast.
       *[other] Your device's clock is { $amount } seconds fast.
    }
prompt-clock-fast-minutes =
    { $amount ->
        [one] Your device's clock is one minute fast.
       *[other] Your device's clock is { $amount } minutes fast.
    }
prompt-clock-slow-seconds =
    { $amount ->
        [one] Your device's clock is one second slow.
       *[other] Your device's clock is { $amount } seconds slow.
    }
prompt-clock-slow-minutes =
    { $amount ->
        [one] Your device's clock is one minute slow.
       *[other] Your device's clock is { $amount } minutes slow.
    }
prompt-clock-next = Set its date and time to automatic, then type the code that is shown then.

exhibit-qr = QR code that sets up the app
exhibit-plain-qr = Use another authenticator
exhibit-plain-qr-text = Scan this picture with any app that shows codes of six digits.
exhibit-plain-qr-picture = QR code for another authenticator
exhibit-secret = If the camera does not work, type this into the app:
exhibit-file = recovery-codes.txt
exhibit-download = Download
exhibit-print = Print
exhibit-number = Your number

add-key-soft-key = Add Keyholder Authenticator
add-key-security-key = Add a USB Security Key
add-key-managed-key = Add a key from your school
add-key-recovery-code = Make recovery codes
add-key-other = Add a key
add-key-back = Back to your security keys without adding it
add-key-then = What happens then
add-key-then-text = Nothing is saved until your key has answered. It counts from your next sign-in, and you get an e-mail that says that it was added.
