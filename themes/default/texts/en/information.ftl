# Help, privacy, accessibility.

information-help-title = Help
information-help-text = Keyholder signs you in to the applications of your school. You need the e-mail address that your school uses for you, and a password.
information-help-password = I have no password, or forgot it
information-help-password-text = Enter your e-mail address and go on. On the next page choose **Forgot Password**. We send you a link with which you set a new one.
information-help-mail = The e-mail does not come
information-help-mail-text = Look among the junk mail. If the address is not the one that your school entered, nothing is sent, and for safety the page does not say so. Your school's office can look it up.
information-help-slow = It says that I must wait
information-help-slow-text = After many wrong passwords we wait a while before the next try, so that nobody can guess yours. The page says for how long. Nobody is locked out for good.
information-help-odd = I got an e-mail that I cannot explain
information-help-odd-text = Set a new password with **Forgot Password** today, then tell your school. That ends every other sign-in of yours.

information-privacy-title = Privacy
information-privacy-text = Your school decides who has an account and what it may open. Keyholder keeps what is needed for that.
information-privacy-kept = What is kept
information-privacy-kept-text = Your name, your e-mail address, your schools and user groups, and your password in a form that cannot be turned back. For each sign-in: when, with which browser, and from which internet address.
information-privacy-shared = What applications learn
information-privacy-shared-text = Your name and what your school allows you there, for the school that you chose. Nothing of your other schools. An application that is not run by your school asks you first.
information-privacy-cookies = Cookies
information-privacy-cookies-text = Only those without which signing in does not work, and your choice of language. Nobody follows you with them.
information-privacy-rights = Your rights
information-privacy-rights-text = You can ask your school what is kept about you, have mistakes put right, and object. The school answers within a month.

information-accessibility-title = Accessibility
information-accessibility-text = These pages are meant for everyone, and are built to the Web Content Accessibility Guidelines 2.2, level AA.
information-accessibility-can = What you can do
information-accessibility-can-text = Use the keyboard alone, a screen reader or your own colours; enlarge the text to four times its size; paste passwords and let a password manager fill them in. The pages work without scripts, follow your device's light or dark setting, and come in English and in Welsh.
information-accessibility-wrong = Something does not work for you?
information-accessibility-wrong-text = Tell your school what you tried, on which page and with which device. They can sign you in another way meanwhile.
