# Mails.

date = { $day } { $month }, { $year }
date-and-time = { $day } { $month }, { $year } { $time }
month-1 = January
month-2 = February
month-3 = March
month-4 = April
month-5 = May
month-6 = June
month-7 = July
month-8 = August
month-9 = September
month-10 = October
month-11 = November
month-12 = December

mail-greeting = Hello { $name },
mail-when = When
mail-browser = Browser
mail-address = Internet address
mail-application = Application
mail-link-by-hand = If the button does nothing, copy this address into your browser:
mail-footer = Keyholder sends this because you have an account at your school. We never ask for your password by e-mail.

mail-not-you = If it was not you
mail-not-you-password = Somebody else knows your password. Go to the sign-in page now, choose **Forgot Password** and set a new one. That ends every other sign-in. Then tell your school.
mail-not-you-open = Go to the sign-in page

mail-password-link-subject-first = Set your password
mail-password-link-subject = Set a new password
mail-password-link-text-first = This link lets you set a password for your account. It works once, for { duration }.
mail-password-link-text = You asked for a new password. This link lets you set it. It works once, for { duration }.
mail-password-link-button = Set a password
mail-password-link-not-you = Do nothing: your account stays as it is, and the link dies by itself. Do not send this e-mail on to anybody.

mail-password-changed-subject = Your password was changed
mail-password-changed-text = The password of your account was changed. All other sign-ins have ended. If it was you, there is nothing to do.

mail-confirm-email-subject = Confirm your e-mail address
mail-confirm-email-text = This address was entered for your account. Open the link to confirm that you read it. It works once, for { duration }.
mail-confirm-email-button = Confirm this address
mail-confirm-email-not-you = Do nothing: without the confirmation this address is not used.

mail-email-changed-subject = Your e-mail address was changed
mail-email-changed-text = From now on you sign in with **{ $address }**. Nothing more is sent to this address.
mail-email-changed-not-you = Tell your school's office today, in person or by telephone. Until then somebody else could get at your account.

mail-new-browser-subject = A sign-in from a new browser
mail-new-browser-text = Somebody signed in to your account with a browser that was not seen before. If it was you, there is nothing to do.

mail-first-key-subject = Add your first security key
mail-first-key-text = You asked to add a key to your account. Open this link in the browser in which you asked. It works once, for { duration }.
mail-first-key-button = Go on
mail-first-key-not-you = Somebody knows your password. Set a new one, and tell your school. Do not send this e-mail on to anybody.

mail-key-added-subject = A security key was added to your account
mail-key-added-text = The key **{ $key }** was added. From the next sign-in on it counts. If it was you, there is nothing to do.
mail-key-added-not-you = Open this link and remove the key: that ends every sign-in as well. Then set a new password, and tell your school.
mail-key-added-button = This was not me

mail-key-replaced-subject = A security key of your account was replaced
mail-key-replaced-text = **{ $key }** took the place of the former one, which opens nothing any more: the codes of a former sheet no longer work. If it was you, there is nothing to do.

mail-key-renamed-subject = A security key of your account was renamed
mail-key-renamed-text = The key **{ $former }** is called **{ $key }** now. It works as before. If it was you, there is nothing to do.

mail-key-removed-subject = A security key was removed from your account
mail-key-removed-text = The key **{ $key }** was removed. It opens nothing any more. If it was you, there is nothing to do.

mail-recovery-code-used-subject = A recovery code was used
mail-recovery-code-used-text =
    { $left ->
        [0] A recovery code was used for your account. It was the last of the sheet: make a new sheet.
        [one] A recovery code was used for your account. One code of the sheet is left: make a new sheet soon.
       *[other] A recovery code was used for your account. { $left } codes of the sheet are left.
    }

mail-key-issued-subject = Your school issued a security key to you
mail-key-issued-text = The key **{ $key }** of { $school } is yours to use from now on. It belongs to the school: hand it back when you leave.
mail-key-issued-not-you = If you did not get this key, tell your school's office today.
