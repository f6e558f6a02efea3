enrol-title = Your recovery codes
enrol-help = Keep these codes where you will find them when your phone and keys are lost: on paper, or in a password manager. Each works once. They are not shown again.
enrol-kept = I have kept these codes
enrol-submit = Save these codes
not-kept = Tick the box once you have kept the codes. Without them the sheet is of no use.

challenge-title = Recovery code
challenge-help = Type one of the codes on your sheet. It works once: cross it out afterwards.
challenge-code = Recovery code
challenge-code-hint = 10 letters and digits. Spaces, hyphens and small letters do not matter.
challenge-submit = Use this code

not-a-code = A recovery code has 10 letters and digits.
not-left = This is none of the codes that are left on your sheet. Each one works once.
none-left = All codes of your sheet are used.
