# Yr ysgol gyntaf a'i Deiliad Allwedd Gweinyddol.

first-run-title = Paratoi Keyholder
first-run-text = Dau gam, unwaith yn unig: yr ysgol gyntaf, a'r sawl sy'n gofalu amdani. Gellir newid popeth yn nes ymlaen.
first-run-school = Yr ysgol
first-run-school-label = Enw'r ysgol
first-run-school-hint = Fel y mae pobl yno'n ei hadnabod, megis Ysgol Gynradd Oakfield
first-run-admin = Ei Deiliad Allwedd Gweinyddol
first-run-given-name = Enw cyntaf
first-run-family-name = Cyfenw
first-run-save = Creu'r ysgol a'r cyfrif
first-run-error-school = Rhowch enw'r ysgol
first-run-error-name = Rhowch yr enw cyntaf a'r cyfenw
first-run-next = Beth ddaw nesaf
first-run-next-text = Byddwch yn mewngofnodi gyda'r cyfeiriad a'r cyfrinair hyn. Yna gellir ychwanegu pobl, grwpiau a rhaglenni.
first-run-once = Mae'r dudalen hon yn gweithio unwaith
first-run-once-text = Cyn gynted ag y caiff y ffurflen ei derbyn, ni fydd ei chyfeiriad o ddefnydd i neb mwyach.
