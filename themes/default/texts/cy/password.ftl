# Cyfrinair wedi'i anghofio, cyfrinair newydd, cyfeiriad wedi'i gadarnhau.
# Mae \u2060 yn atal pennawd rhag torri ar ôl ei gysylltnod.

forgot-password-title = Wedi anghofio'r cyfrinair
forgot-password-text = P'un a ydych wedi'i anghofio neu heb gael un erioed: anfonwn ddolen atoch, a byddwch yn gosod cyfrinair newydd gyda hi.
forgot-password-send = Anfon y ddolen
forgot-password-back = Yn ôl
forgot-password-not-mine = Methu cyrraedd eich e-bost?
forgot-password-not-mine-text = Yna ni fydd y ddolen o gymorth i chi. Gall eich ysgol roi cyfeiriad arall ar eich cyfer.

forgot-password-sent-title = Edrychwch ar eich e-{"\u2060"}bost
forgot-password-sent-text = Os oes cyfrif gan **{ $email }**, mae dolen ar ei ffordd.
forgot-password-sent-life = Mae'n gweithio unwaith, am { duration }. Cewch gau'r dudalen hon.
forgot-password-sent-back = Yn ôl i fewngofnodi
forgot-password-sent-nothing = Dim byd yno?
forgot-password-sent-nothing-text = Arhoswch ychydig funudau ac edrychwch yn y post sothach. Yna ewch yn ôl a gofynnwch eto: dim ond y ddolen ddiweddaraf sy'n gweithio.
forgot-password-sent-other = Cyfeiriad arall?
forgot-password-sent-other-text = Dim ond i'r cyfeiriad y mae eich ysgol yn ei ddefnyddio ar eich cyfer y mae dolen yn mynd.

new-password-title-first = Gosod eich cyfrinair
new-password-title = Cyfrinair newydd
new-password-text = Ar gyfer y cyfrif
new-password-label = Cyfrinair newydd
new-password-hint = O leiaf { $minimum } nod. Mae bylchau'n cyfrif.
new-password-again = Yr un cyfrinair eto
new-password-save = Cadw'r cyfrinair
new-password-error-empty = Rhowch gyfrinair newydd
new-password-error-different = Nid yw'r ddau gyfrinair yr un fath
new-password-error-too-short = Mae'r cyfrinair hwn yn rhy fyr: mae angen o leiaf { $minimum } nod
new-password-error-too-long = Mae'r cyfrinair hwn yn rhy hir: { $maximum } nod yw'r mwyaf a ganiateir
new-password-error-unprintable = Mae nod yn y cyfrinair hwn na ellir ei deipio ar bob bysellfwrdd
new-password-error-breached = Mae'r cyfrinair hwn wedi'i ddatgelu gan wefannau eraill, felly byddai ymhlith y dyfaliadau cyntaf
new-password-error-context = Mae eich enw, eich cyfeiriad e-bost neu eich ysgol yn y cyfrinair hwn, a gall eraill ddyfalu'r rheini
new-password-error-pattern = Mae'r cyfrinair hwn yn dilyn patrwm, megis 12345 neu qwerty, y gall eraill ei ddyfalu
new-password-good = Cyfrinair da
new-password-good-text = Mae tri neu bedwar gair sydd heb gysylltiad â'i gilydd yn hawdd eu cofio ac yn anodd eu dyfalu. Mae croeso i briflythrennau, rhifau ac arwyddion, ond nid oes eu hangen.
new-password-then = Beth sy'n digwydd wedyn
new-password-then-text = Cewch eich allgofnodi ym mhobman arall. Os oes gennych allwedd ddiogelwch, gofynnir amdani o hyd.

password-set-title = Mae eich cyfrinair wedi'i osod
password-set-text = Rydych wedi'ch allgofnodi ym mhobman arall.
password-set-next = Mewngofnodwch nawr gyda'ch cyfrinair newydd.
password-set-next-application = Ewch ymlaen i **{ $application }** a mewngofnodwch gyda'ch cyfrinair newydd.
password-set-sign-in = Mewngofnodi
password-set-continue = Ymlaen i { $application }
password-set-told = Byddwch yn cael e-bost
password-set-told-text = Mae'n dweud bod y cyfrinair wedi'i newid. Os daw un byth na allwch ei esbonio, rhowch wybod i'ch ysgol.

confirm-email-title = Cadarnhau eich cyfeiriad e-{"\u2060"}bost
confirm-email-text = Pwyswch y botwm i gadarnhau eich bod yn darllen e-bost a anfonir at **{ $email }**. O hynny ymlaen byddwch yn mewngofnodi gyda'r cyfeiriad hwn.
confirm-email-confirm = Cadarnhau'r cyfeiriad hwn
confirm-email-not-you = Heb ofyn am hyn?
confirm-email-not-you-text = Caewch y dudalen hon. Nid oes dim yn newid oni bai eich bod yn pwyso'r botwm.

email-confirmed-title = Mae eich cyfeiriad e-{"\u2060"}bost wedi'i gadarnhau
email-confirmed-text = O hyn ymlaen mewngofnodwch gyda **{ $email }**.
email-confirmed-continue = Parhau
