# The first school and its Admin Key Holder.

first-run-title = Set up Keyholder
first-run-text = Two steps, once: the first school, and the person who looks after it. Everything can be changed later.
first-run-school = The school
first-run-school-label = Name of the school
first-run-school-hint = As people there know it, such as Oakfield Primary School
first-run-admin = Its Admin Key Holder
first-run-given-name = First name
first-run-family-name = Last name
first-run-save = Create school and account
first-run-error-school = Enter the name of the school
first-run-error-name = Enter the first and the last name
first-run-next = What comes next
first-run-next-text = You sign in with this address and password. Then people, groups and applications can be added.
first-run-once = This page works once
first-run-once-text = As soon as the form is accepted, its address is of no more use to anybody.
