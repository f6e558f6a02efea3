# Yr ail ffactor wrth fewngofnodi, a'r hyn y mae ffactorau'n ei ofyn.

two-factor-title = Dilysu Dau Ffactor
two-factor-else = Defnyddio rhywbeth arall
two-factor-other-waits = Yn aros tan { $until }: gormod o atebion anghywir
two-factor-recovery = Yn gadael i chi ychwanegu allwedd newydd; nid yw'n agor y rhaglen
two-factor-none = Nid oes gennyf yr un o'r rhain gyda mi
two-factor-none-text = Gofynnwch i Ddeiliad Allwedd Gweinyddol yn eich ysgol
two-factor-none-or = neu i { $name }
two-factor-none-ask = Gofynnwch i Ddeiliad Allwedd Gweinyddol yn eich ysgol, neu i { $name }
two-factor-without = Parhau heb fy allwedd
two-factor-without-text = Heb allwedd, dim ond yr hyn y mae eich ysgol yn ei ganiatáu gyda chyfrinair a welwch.
two-factor-fault = Ni ellir gwirio'r allwedd hon ar hyn o bryd
two-factor-fault-next = Ein bai ni yw hyn, nid eich bai chi. Nid agorwyd dim. Defnyddiwch rywbeth arall, neu rhowch gynnig arall arni ymhen ychydig funudau. Mae pwy bynnag sy'n rhedeg y gwasanaeth hwn wedi cael gwybod.
two-factor-busy = Mae llawer iawn o bobl yn mewngofnodi
two-factor-busy-next = Ni ellid gwirio eich allwedd y tro hwn. Ni cholloch ddim. Rhowch gynnig arall arni ymhen ychydig eiliadau.
two-factor-waits = Bu gormod o atebion anghywir
two-factor-waits-next = Mae'r allwedd hon yn aros tan { $until }, fel na all neb ddyfalu. Yna bydd yn gweithio eto.
two-factor-waits-others = Mae eich allweddi eraill yn gweithio yn y cyfamser.
two-factor-often = Gofynnwyd am allwedd yn aml iawn
two-factor-often-next =
    { $minutes ->
        [1] Nid oes dim o'i le ar eich allwedd. Arhoswch am funud, yna rhowch gynnig arall arni.
       *[other] Nid oes dim o'i le ar eich allwedd. Arhoswch am { $minutes } munud, yna rhowch gynnig arall arni.
    }
two-factor-full = Mae gennych gynifer o allweddi ag y gallwch eu cael
two-factor-full-next = { $most } allwedd yw'r mwyaf ar gyfer un cyfrif. Tynnwch un nad ydych yn ei defnyddio mwyach, yna ychwanegwch yr un newydd.
two-factor-throttled = Bu gormod o atebion anghywir
two-factor-throttled-next =
    { $minutes ->
        [1] Arhoswch am funud, yna rhowch gynnig arall arni.
       *[other] Arhoswch am { $minutes } munud, yna rhowch gynnig arall arni.
    }

factor-soft-key = Keyholder Authenticator
factor-soft-key-hint = Yr ap ar eich ffôn neu lechen
factor-security-key = Allwedd Ddiogelwch USB
factor-security-key-hint = Plygiwch hi i mewn neu daliwch hi at y darllenydd, yna cyffyrddwch â hi
factor-managed-key = Allwedd gan eich ysgol
factor-managed-key-hint = Plygiwch hi i mewn a phwyswch ei botwm: mae'n teipio cod
factor-recovery-code = Cod adfer
factor-recovery-code-hint = Un o'r codau ar y ddalen a gadwoch
factor-other = Allwedd arall
factor-other-hint = Allwedd arall o'ch eiddo

prompt-or = neu
prompt-key-name = Enw
prompt-key-name-hint = Er mwyn i chi allu adnabod eich dyfeisiau, megis "Fy ffôn"
prompt-key-name-placeholder = Dewiswch enw ar gyfer y ddyfais
prompt-tick-first = Ticiwch y blwch yn gyntaf
prompt-enter-first = Llenwch hwn yn gyntaf
prompt-wait-until = Yn aros am eich dyfais tan { $until }.
prompt-wait-approved = Rwyf wedi ei gymeradwyo
prompt-webauthn-get = Defnyddiwch eich allwedd ddiogelwch
prompt-webauthn-get-text = Pwyswch y botwm isod, yna plygiwch eich allwedd i mewn neu daliwch hi at y darllenydd, a chyffyrddwch â hi.
prompt-webauthn-get-button = Defnyddio fy allwedd ddiogelwch
prompt-webauthn-create = Ychwanegu allwedd ddiogelwch
prompt-webauthn-create-text = Dewiswch enw a phwyswch y botwm isod. Yna plygiwch eich allwedd i mewn neu daliwch hi at y darllenydd, a chyffyrddwch â hi pan fydd yn fflachio.
prompt-webauthn-create-button = Ychwanegu fy allwedd ddiogelwch
prompt-webauthn-waiting = Yn aros am eich allwedd.
prompt-webauthn-cancelled = Ni atebodd eich allwedd
prompt-webauthn-cancelled-next = Ni chyffyrddwyd â hi mewn pryd, neu caewyd y ffenestr. Pwyswch y botwm i roi cynnig arall arni.
prompt-webauthn-known = Mae'r allwedd hon wedi'i chofrestru eisoes
prompt-webauthn-known-next = Mae yn eich rhestr o allweddi. Defnyddiwch un arall.
prompt-webauthn-unsupported = Ni all y porwr hwn siarad ag allweddi diogelwch
prompt-webauthn-unsupported-next = Defnyddiwch rywbeth arall, neu borwr arall.
prompt-webauthn-no-script = Mae ar allweddi diogelwch angen JavaScript, sydd wedi'i ddiffodd yn y porwr hwn. Defnyddiwch rywbeth arall, neu trowch ef ymlaen ar gyfer y wefan hon a darllenwch y dudalen eto.

prompt-problem-wrong = Cod anghywir neu hen god
prompt-problem-wrong-next = Teipiwch y cod a ddangosir nawr.
prompt-problem-replayed = Defnyddiwyd y cod hwn eisoes
prompt-problem-replayed-next = Mae pob cod yn gweithio unwaith. Arhoswch am yr un nesaf, yna teipiwch hwnnw.
prompt-problem-expired = Daeth hyn yn rhy hwyr
prompt-problem-expired-next = Roedd yn gywir ychydig yn ôl. Rhowch gynnig arall arni gyda'r hyn a ddangosir nawr.
prompt-problem-wrong-origin = Ar gyfer gwefan arall yr oedd yr ateb hwn
prompt-problem-wrong-origin-next = Edrychwch ar y cyfeiriad ar frig eich porwr, yna rhowch gynnig arall arni.
prompt-problem-unknown-credential = Nid yw'r allwedd hon yn perthyn i'ch cyfrif
prompt-problem-unknown-credential-next = Defnyddiwch yr un a gofrestroch, neu rywbeth arall.
prompt-problem-user-verification-missing = Ni ofynnodd eich allwedd am ei PIN na'ch ôl bys
prompt-problem-user-verification-missing-next = Gosodwch PIN ar yr allwedd, yna rhowch gynnig arall arni.
prompt-problem-authenticator-not-allowed = Ni dderbynnir y math hwn o allwedd yma
prompt-problem-authenticator-not-allowed-next = Gofynnwch i'ch ysgol pa rai a dderbynnir.
prompt-problem-malformed = Nid dyma'r hyn a ofynnwyd amdano
prompt-problem-malformed-next = Gwiriwch ef a rhowch gynnig arall arni.
prompt-problem-exhausted = Nid oes dim ar ôl i'w ddefnyddio
prompt-problem-exhausted-next = Defnyddiwch rywbeth arall.
prompt-problem-elsewhere = Aeth hyn yn ei flaen yn rhywle arall
prompt-problem-elsewhere-next = Fe'i hatebwyd mewn tab arall, neu cymerodd ormod o amser. Nid agorwyd dim yma. Rhowch gynnig arall arni.
prompt-problem-other = Ni dderbyniwyd eich allwedd
prompt-problem-other-next = Rhowch gynnig arall arni, neu defnyddiwch rywbeth arall.
prompt-clock-fast-seconds =
    { $amount ->
        [one] Mae cloc eich dyfais un eiliad ar y blaen.
       *[other] Mae cloc eich dyfais { $amount } eiliad ar y blaen.
    }
prompt-clock-fast-minutes =
    { $amount ->
        [one] Mae cloc eich dyfais un funud ar y blaen.
        [two] Mae cloc eich dyfais ddwy funud ar y blaen.
       *[other] Mae cloc eich dyfais { $amount } munud ar y blaen.
    }
prompt-clock-slow-seconds =
    { $amount ->
        [one] Mae cloc eich dyfais un eiliad ar ei hôl hi.
       *[other] Mae cloc eich dyfais { $amount } eiliad ar ei hôl hi.
    }
prompt-clock-slow-minutes =
    { $amount ->
        [one] Mae cloc eich dyfais un funud ar ei hôl hi.
        [two] Mae cloc eich dyfais ddwy funud ar ei hôl hi.
       *[other] Mae cloc eich dyfais { $amount } munud ar ei hôl hi.
    }
prompt-clock-next = Gosodwch ei ddyddiad a'i amser yn awtomatig, yna teipiwch y cod a ddangosir bryd hynny.

exhibit-qr = Cod QR sy'n gosod yr ap
exhibit-plain-qr = Defnyddio dilysydd arall
exhibit-plain-qr-text = Sganiwch y llun hwn gydag unrhyw ap sy'n dangos codau chwe digid.
exhibit-plain-qr-picture = Cod QR ar gyfer dilysydd arall
exhibit-secret = Os nad yw'r camera'n gweithio, teipiwch hwn yn yr ap:
exhibit-file = codau-adfer.txt
exhibit-download = Lawrlwytho
exhibit-print = Argraffu
exhibit-number = Eich rhif

add-key-soft-key = Ychwanegu Keyholder Authenticator
add-key-security-key = Ychwanegu Allwedd Ddiogelwch USB
add-key-managed-key = Ychwanegu allwedd gan eich ysgol
add-key-recovery-code = Gwneud codau adfer
add-key-other = Ychwanegu allwedd
add-key-back = Yn ôl at eich allweddi diogelwch heb ei hychwanegu
add-key-then = Beth sy'n digwydd wedyn
add-key-then-text = Ni chedwir dim nes bod eich allwedd wedi ateb. Mae'n cyfrif o'r tro nesaf y byddwch yn mewngofnodi, a chewch e-bost sy'n dweud ei bod wedi'i hychwanegu.
