# Gosodiadau'r cyfrif: Cyfrif a Chofnod diogelwch.

account-title = Gosodiadau'r cyfrif
account-tab = Cyfrif
account-you = Amdanoch chi
account-name = Enw
account-unconfirmed = Heb ei gadarnhau
account-password-kept = Dim ond chi sy'n ei wybod
account-language = Iaith
account-language-browser = Iaith eich porwr
account-language-browser-hint = Mae pob porwr yn dangos yr iaith a osodwyd ynddo; daw negeseuon e-bost yn Saesneg
account-change = Newid
account-change-name = yr enw
account-change-email = y cyfeiriad e-bost
account-change-password = y cyfrinair
account-change-language = yr iaith
account-waiting = Mae dolen ar ei ffordd i **{ $email }**. Mae'n gweithio tan { $until }. Nid oes dim yn newid nes iddi gael ei hagor a'i chadarnhau.
account-withdraw = Tynnu'r ddolen hon yn ôl
account-here = Y porwr hwn
account-actions = Beth y gallwch ei wneud

account-sign-ins = Ble rydych wedi mewngofnodi
account-sign-ins-text = Terfynwch fewngofnodiad nad oes ei angen arnoch mwyach, neu nad eich un chi ydyw. Mae'n cyfrif ar unwaith, a daw rhaglenni a agorwyd oddi yno i ben gydag ef.
account-place = Cyfeiriad IP
account-started = Mewngofnodwyd
account-seen = Gwelwyd ddiwethaf
account-end = Terfynu
account-everywhere-text = Mae'n terfynu pob mewngofnodiad yn y rhestr hon, gan gynnwys yr un yma, a'r hyn y mae rhaglenni'n ei gadw ohono.

account-browsers = Porwyr a ddefnyddiwyd gennych
account-browsers-text = Cewch wybod drwy e-bost am fewngofnodi gyda phorwr nad yw yn y rhestr hon. Tynnwch un nad ydych yn ei ddefnyddio mwyach: bydd mewngofnodi nesaf y porwr hwnnw'n cyfrif fel un newydd eto.
account-first-used = Defnyddiwyd gyntaf
account-last-used = Mewngofnodi diwethaf
account-forget = Tynnu

account-lost = Wedi colli dyfais?
account-lost-text = Terfynwch ei mewngofnodiad, tynnwch ei phorwr oddi ar y rhestr, a newidiwch eich cyfrinair. Yna rhowch wybod i'ch ysgol.

account-done-name = Mae eich enw wedi'i gadw.
account-done-password = Mae eich cyfrinair wedi'i newid. Rydych wedi'ch allgofnodi ym mhobman arall.
account-done-language = Mae eich iaith wedi'i chadw.
account-done-email-asked = Edrychwch ar eich e-bost: mae dolen ar ei ffordd i'r cyfeiriad a roesoch.
account-done-email-withdrawn = Tynnwyd y ddolen yn ôl. Nid yw'n gweithio mwyach, ac nid oes dim wedi newid.
account-done-sign-in-ended = Mae'r mewngofnodiad hwnnw wedi dod i ben.
account-done-browser-forgotten = Mae'r porwr wedi'i dynnu oddi ar y rhestr.

account-name-title = Newid eich enw
account-save-name = Cadw'r enw
account-name-error-empty = Rhowch eich enw
account-name-error-too-long = Mae'r enw hwn yn rhy hir: 100 nod ym mhob maes yw'r mwyaf a ganiateir
account-name-error-unprintable = Mae nod yn yr enw hwn nad yw'n perthyn i enwau
account-name-where = Ble mae'n cael ei ddangos
account-name-where-text = Ar ein tudalennau, mewn negeseuon e-bost, ac yn y rhaglenni rydych yn eu hagor.

account-email-title = Newid neu gadarnhau eich cyfeiriad e-{"\u2060"}bost
account-email-present = Eich cyfeiriad nawr
account-email-new = Cyfeiriad e-bost i'w gadarnhau
account-email-hint = Un y gallwch ei ddarllen nawr: mae dolen yn mynd yno
account-email-send = Anfon y ddolen
account-email-error-same = Dyma eich cyfeiriad eisoes
account-email-error-too-many = Bu gormod o ddolenni'n ddiweddar. Arhoswch chwarter awr, yna gofynnwch eto
account-email-then = Beth sy'n digwydd wedyn
account-email-then-text = Anfonwn ddolen i'r cyfeiriad hwnnw. Pan fyddwch yn ei hagor a'i chadarnhau, byddwch yn mewngofnodi gydag ef o hynny ymlaen; os yw'n un newydd, caiff yr hen un neges am hynny. Ni all cyfeiriad y mae rhywun arall yn ei ddefnyddio ddod yn eiddo i chi, ac nid oes dolen yn mynd iddo.

current-password-label = Eich cyfrinair nawr
current-password-hint = Profwyd ef beth amser yn ôl. Mae'n sicrhau mai chi sydd yma o hyd.
current-password-error-empty = Rhowch y cyfrinair rydych yn mewngofnodi gydag ef nawr
current-password-error-wrong = Nid dyma'r cyfrinair rydych yn mewngofnodi gydag ef nawr
current-password-error-throttled =
    { $minutes ->
        [1] Bu gormod o geisiadau. Arhoswch un funud, yna rhowch gynnig arall arni
        [2] Bu gormod o geisiadau. Arhoswch ddwy funud, yna rhowch gynnig arall arni
       *[other] Bu gormod o geisiadau. Arhoswch { $minutes } munud, yna rhowch gynnig arall arni
    }

account-password-title = Newid eich cyfrinair
account-password-then = Beth sy'n digwydd wedyn
account-password-then-text = Rydych yn aros wedi mewngofnodi yma. Cewch eich allgofnodi ym mhobman arall, ac ni fydd dolenni a anfonwyd atoch yn gweithio mwyach. Cewch e-bost sy'n dweud hynny.

account-language-title = Eich iaith
account-language-text = Ar gyfer ein tudalennau, ble bynnag y byddwch yn mewngofnodi, ac ar gyfer y negeseuon e-bost a anfonwn atoch.
account-language-chosen = Wedi'i dewis

browser-unknown = Porwr anhysbys
browser-on-windows = { $browser } ar Windows
browser-on-iphone = { $browser } ar iPhone
browser-on-ipad = { $browser } ar iPad
browser-on-android = { $browser } ar Android
browser-on-chromebook = { $browser } ar Chromebook
browser-on-mac = { $browser } ar Mac
browser-on-linux = { $browser } ar Linux

security-log-tab = Cofnod diogelwch
security-log-title = Cofnod diogelwch, Gosodiadau'r cyfrif
security-log-text = Yr hyn a ddigwyddodd gyda'ch cyfrif, y diweddaraf yn gyntaf.
log-what = Beth ddigwyddodd
log-when = Pryd
log-browser = Porwr
log-address = Cyfeiriad IP
log-by-administrator = Gan rywun sy'n gofalu am gyfrifon
log-by-service = Gan bwy bynnag sy'n rhedeg y gwasanaeth hwn
log-nothing-known = Nid yw'n hysbys
log-empty = Nid oes dim wedi digwydd eto.
log-end = Nid oes dim hŷn.
log-pages = Tudalennau'r cofnod
log-newest = Diweddaraf
log-older = Hŷn
log-not-you = Nid chi oedd rhywbeth yma?
log-not-you-text = Newidiwch eich cyfrinair yn y tab **Cyfrif**: mae hynny'n terfynu pob mewngofnodiad arall. Yna rhowch wybod i'ch ysgol, a nodwch yr amser a welwch yma.

log-event-signed-in = Mewngofnodwyd
log-event-signed-in-new-browser = Mewngofnodwyd gyda phorwr newydd
log-event-sign-in-failed = Methwyd mewngofnodi: cyfrinair anghywir
log-event-sign-in-throttled = Gohiriwyd mewngofnodi: gormod o geisiadau
log-event-password-refused = Cyfrinair anghywir yng Ngosodiadau'r cyfrif
log-event-signed-out = Allgofnodwyd
log-event-signed-out-everywhere = Allgofnodwyd ym mhobman
log-event-sign-in-ended = Terfynwyd mewngofnodiad mewn porwr arall
log-event-browser-forgotten = Tynnwyd porwr oddi ar y rhestr
log-event-password-link-asked = Anfonwyd dolen i osod cyfrinair
log-event-password-link-not-sent = Gofynnwyd am ddolen i osod cyfrinair, ac nis anfonwyd
log-event-password-changed = Newidiwyd y cyfrinair
log-event-email-link-asked = Gofynnwyd am ddolen i gadarnhau cyfeiriad e-bost
log-event-email-link-withdrawn = Tynnwyd y ddolen i gadarnhau cyfeiriad e-bost yn ôl
log-event-email-changed = Newidiwyd y cyfeiriad e-bost
log-event-email-confirmed = Cadarnhawyd y cyfeiriad e-bost
log-event-account-created = Crëwyd y cyfrif
log-event-account-changed = Newidiwyd yr enw neu'r iaith
log-event-account-disabled = Caewyd y cyfrif
log-event-school-added = Ychwanegwyd at ysgol
log-event-school-changed = Newidiwyd y lle mewn ysgol
log-event-application-opened = Agorwyd rhaglen
log-event-application-ended = Daeth mynediad rhaglen i ben
log-event-consent-given = Cytunwyd i rannu â rhaglen
log-event-consent-refused = Gwrthodwyd rhannu â rhaglen
log-event-factor-accepted = Defnyddiwyd allwedd ddiogelwch
log-event-factor-refused = Ateb anghywir ar gyfer allwedd ddiogelwch
log-event-factor-declined = Gwrthodwyd mewngofnodiad ar eich dyfais
log-event-factor-locked = Oedwyd allwedd ddiogelwch: gormod o atebion anghywir
log-event-factor-fault = Ni ellid gwirio allwedd ddiogelwch
log-event-recovery-code-used = Defnyddiwyd cod adfer
log-event-elevated = Codwyd y mynediad
log-event-stepped-down = Camwyd i lawr o'r mynediad uwch
log-event-key-added = Ychwanegwyd allwedd ddiogelwch
log-event-key-renamed = Ailenwyd allwedd ddiogelwch
log-event-key-removed = Tynnwyd allwedd ddiogelwch
log-event-first-key-link-asked = Anfonwyd dolen i ychwanegu'r allwedd ddiogelwch gyntaf
log-event-managed-key-issued = Rhoddodd eich ysgol allwedd i chi
log-event-managed-key-returned = Aeth allwedd yn ôl i'ch ysgol
log-event-managed-key-retired = Tynnwyd un o allweddi eich ysgol o ddefnydd
log-event-first-key-permitted = Caniatawyd allwedd ddiogelwch gyntaf
log-event-access-pass-refused = Rhoddwyd tocyn mynediad anghywir
log-right-elevated = Mewn mewngofnodiad oedd wedi defnyddio allwedd
log-right-link = Gan y ddolen mewn e-bost
log-right-pass = Gan docyn mynediad
log-right-open = Gan y cyfrinair yn unig, fel y mae eich ysgol yn ei ganiatáu
log-event-access-pass-made = Gwnaed tocyn mynediad ar gyfer allwedd ddiogelwch gyntaf
