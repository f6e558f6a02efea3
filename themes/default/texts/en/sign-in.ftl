# E-mail address and password.

email-label = E-mail address
email-error-empty = Enter your e-mail address
email-error-malformed = Enter an e-mail address in full, such as name@school.example
password-label = Password
forgot-password = Forgot Password
shared-computer = On a shared computer?
shared-computer-text = Sign out when you leave. Nothing is kept on this computer unless you ask for it.

sign-in-email-title = Sign in
sign-in-email-hint = The one your school uses for you
sign-in-email-continue = Continue
sign-in-email-first-time = First time here?
sign-in-email-first-time-text = Enter your e-mail address. On the next page choose **Forgot Password** and we will send you a link to set one.

sign-in-password-title = Your password
sign-in-password-change = Change
sign-in-password-change-what = e-mail address
sign-in-password-sign-in = Sign in
sign-in-password-error-empty = Enter your password
sign-in-password-error-wrong = This e-mail address and password do not belong together
sign-in-password-error-wrong-next = Type the password again, or choose **Forgot Password** to set a new one.
sign-in-password-error-throttled = There were too many tries
sign-in-password-error-throttled-next =
    { $minutes ->
        [1] Wait one minute, then try again.
       *[other] Wait { $minutes } minutes, then try again.
    } **Forgot Password** works meanwhile.
sign-in-password-none = No password yet?
sign-in-password-none-text = Choose **Forgot Password**. We will send a link to your e-mail address with which you set one.
