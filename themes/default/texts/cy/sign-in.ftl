# Cyfeiriad e-bost a chyfrinair.

email-label = Cyfeiriad e-bost
email-error-empty = Rhowch eich cyfeiriad e-bost
email-error-malformed = Rhowch gyfeiriad e-bost cyflawn, megis enw@ysgol.example
password-label = Cyfrinair
forgot-password = Wedi anghofio'r cyfrinair
shared-computer = Ar gyfrifiadur sy'n cael ei rannu?
shared-computer-text = Allgofnodwch pan fyddwch yn gadael. Does dim yn cael ei gadw ar y cyfrifiadur hwn oni bai eich bod yn gofyn am hynny.

sign-in-email-title = Mewngofnodi
sign-in-email-hint = Yr un y mae eich ysgol yn ei ddefnyddio ar eich cyfer
sign-in-email-continue = Parhau
sign-in-email-first-time = Y tro cyntaf i chi fod yma?
sign-in-email-first-time-text = Rhowch eich cyfeiriad e-bost. Ar y dudalen nesaf dewiswch **Wedi anghofio'r cyfrinair** ac fe anfonwn ddolen atoch i osod un.

sign-in-password-title = Eich cyfrinair
sign-in-password-change = Newid
sign-in-password-change-what = y cyfeiriad e-bost
sign-in-password-sign-in = Mewngofnodi
sign-in-password-error-empty = Rhowch eich cyfrinair
sign-in-password-error-wrong = Nid yw'r cyfeiriad e-bost a'r cyfrinair hyn yn perthyn i'w gilydd
sign-in-password-error-wrong-next = Teipiwch y cyfrinair eto, neu dewiswch **Wedi anghofio'r cyfrinair** i osod un newydd.
sign-in-password-error-throttled = Bu gormod o gynigion
sign-in-password-error-throttled-next =
    { $minutes ->
        [1] Arhoswch un funud, yna rhowch gynnig arall arni.
        [2] Arhoswch ddwy funud, yna rhowch gynnig arall arni.
       *[other] Arhoswch { $minutes } munud, yna rhowch gynnig arall arni.
    } Mae **Wedi anghofio'r cyfrinair** yn gweithio yn y cyfamser.
sign-in-password-none = Dim cyfrinair eto?
sign-in-password-none-text = Dewiswch **Wedi anghofio'r cyfrinair**. Anfonwn ddolen i'ch cyfeiriad e-bost er mwyn i chi osod un.
