# Gosodiadau Cyfrif: Allweddi diogelwch.

keys-tab = Allweddi diogelwch
keys-title = Allweddi diogelwch, Gosodiadau Cyfrif
keys-why = Gall cyfrinair gael ei ddyfalu, ei rannu neu ei ddarllen dros ysgwydd. Rhywbeth sydd yn eich llaw yw ail ffactor, fel na all neb ddod i mewn â'ch cyfrinair yn unig. Dyma'r mathau y gallwch eu defnyddio.
keys-name = Enw
keys-registered = Cofrestrwyd
keys-last-used = Defnydd diwethaf
keys-never = Dim eto
keys-unverified = Heb ei ddilysu
keys-managed = Wedi'i reoli
keys-rename = Ailenwi
keys-remove = Tynnu
keys-add = Ychwanegu dyfais newydd
keys-add-recovery-code = Gwneud taflen newydd
keys-left =
    { $left ->
        [one] Mae un cod ar ôl ar y daflen
       *[other] Codau ar ôl ar y daflen: { $left }
    }

keys-kind-soft-key = Keyholder Authenticator
keys-kind-security-key = Allweddi diogelwch USB
keys-kind-managed-key = Allweddi a reolir
keys-kind-recovery-code = Codau adfer
keys-kind-other = Allweddi eraill
keys-about-soft-key = Ap ar eich ffôn neu'ch llechen sy'n dangos chwe digid, rhai newydd bob 30 eiliad.
keys-about-security-key = Allwedd fach i borth USB, neu i'w dal wrth gefn ffôn. Mae un wedi'i hadeiladu i mewn i rai gliniaduron a ffonau.
keys-about-managed-key = Rhoddwyd gan eich ysgol. Dim ond Deiliad Allwedd Gweinyddol all eu tynnu.
keys-about-managed-key-of = Rhoddwyd gan { $school }. Dim ond Deiliad Allwedd Gweinyddol all eu tynnu.
keys-about-recovery-code = Taflen o godau ar gyfer y diwrnod pan nad oes gennych allwedd gyda chi. Mae pob un yn gweithio unwaith, ac yn gadael i chi ychwanegu allwedd newydd.
keys-about-other = Math arall o allwedd y mae eich gosodiad yn ei gynnig.
keys-none-soft-key = Nid oes ffôn na llechen wedi'i gofrestru ar gyfer y cyfrif hwn.
keys-none-security-key = Nid oes allweddi diogelwch USB wedi'u cofrestru ar gyfer y cyfrif hwn.
keys-none-managed-key = Nid oes allwedd wedi'i rhoi i chi.
keys-none-recovery-code = Nid oes gennych godau adfer.
keys-none-other = Nid oes allwedd o'r math hwn wedi'i chofrestru ar gyfer y cyfrif hwn: { $name }.

keys-unusable = Allweddi na ellir eu defnyddio ar hyn o bryd
keys-unusable-text = Nid oes gan y gwasanaeth hwn eu math nhw o allwedd mwyach. Gall pwy bynnag sy'n ei redeg ddod ag ef yn ôl; tan hynny nid yw'r allweddi hyn yn agor dim.
keys-locked = Cewch edrych, ond nid newid dim eto
keys-locked-used = Mae gan eich cyfrif allwedd, **{ $key }**, a ddefnyddiwyd ddiwethaf ar { $at }. Ni ddefnyddiodd y mewngofnodi hwn mohoni, felly ni ellir ychwanegu, ailenwi na thynnu allweddi.
keys-locked-unused = Mae gan eich cyfrif allwedd, **{ $key }**, na ddefnyddiwyd hyd yn hyn. Ni ddefnyddiodd y mewngofnodi hwn mohoni, felly ni ellir ychwanegu, ailenwi na thynnu allweddi.
keys-ways = Ffyrdd ymlaen
keys-way-have = Mae { $key } gen i
keys-way-use = Defnyddio { $key }
keys-way-another = Allwedd arall a gofrestrwyd ar gyfer y cyfrif hwn
keys-way-recovery-code = Defnyddio cod adfer
keys-way-lost = Rwyf wedi colli fy allweddi
keys-ask-admin = Gofynnwch i Ddeiliad Allwedd Gweinyddol yn eich ysgol.
keys-ask-admins = Gofynnwch i Ddeiliad Allwedd Gweinyddol:

keys-first = Ychwanegu eich allwedd gyntaf
keys-first-text = Er mwyn sicrhau na all neb a ddyfalodd eich cyfrinair ychwanegu ei allwedd ei hun, rydym yn anfon dolen i **{ $email }**. Agorwch hi yn y porwr hwn, yna dewch yn ôl yma.
keys-first-send = Anfonwch y ddolen ataf
keys-first-pass-only-group = Mae eich ysgol yn rhoi tocynnau mynediad ar gyfer allwedd gyntaf. Gofynnwch am un wyneb yn wyneb.
keys-first-pass-only-address-changed = Newidiodd eich cyfeiriad e-bost lai nag wythnos yn ôl, felly nid yw dolen iddo yn ddigon eto. Gofynnwch i'ch ysgol am docyn mynediad wyneb yn wyneb, neu dewch yn ôl pan fydd yr wythnos ar ben.
keys-first-pass-only-key-stopped = Tynnwyd un o'ch allweddi gan y ddolen mewn e-bost lai nag wythnos yn ôl, felly nid yw dolen yn unig yn ddigon nawr. Gofynnwch i'ch ysgol am docyn mynediad wyneb yn wyneb, neu dewch yn ôl pan fydd yr wythnos ar ben.
keys-first-pass-only-key-unusable = Mae gennych allwedd eisoes, ac ni ellir ei defnyddio yma ar hyn o bryd. Felly nid yw dolen mewn e-bost yn ddigon ar gyfer un arall. Gofynnwch i'ch ysgol am docyn mynediad wyneb yn wyneb.
keys-first-error-too-many =
    { $minutes ->
        [one] Bu gormod o geisiadau. Arhoswch un funud, yna rhowch gynnig arall arni
       *[other] Bu gormod o geisiadau. Arhoswch { $minutes } munud, yna rhowch gynnig arall arni
    }
keys-pass-have = Mae gen i docyn mynediad
keys-pass = Tocyn mynediad
keys-pass-hint = Y llythrennau a'r digidau a gawsoch gan eich ysgol. Nid oes ots am briflythrennau, bylchau na chysylltnodau.
keys-pass-use = Defnyddio'r tocyn
keys-pass-error-empty = Rhowch y tocyn mynediad
keys-pass-error-wrong = Nid yw'r tocyn hwn yn gywir, mae wedi'i ddefnyddio, neu mae'n rhy hen

keys-done-added = Ychwanegwyd dull dilysu dau ffactor newydd yn llwyddiannus.
keys-done-renamed = Cadwyd yr enw newydd.
keys-done-removed = Tynnwyd yr allwedd. Nid yw'n agor dim mwyach.
keys-done-link-sent = Edrychwch ar eich e-bost: mae dolen ar ei ffordd. Agorwch hi yn y porwr hwn.
keys-done-permitted = Gallwch ychwanegu eich allwedd gyntaf nawr.

keys-unverified-note = Beth yw Heb ei ddilysu?
keys-unverified-note-text = Dim byd i boeni amdano. Mae'n diflannu y tro cyntaf i chi fewngofnodi â'r allwedd honno.
keys-new-phone = Ffôn newydd?
keys-new-phone-text = Ychwanegwch ef yma hefyd, mewngofnodwch ag ef unwaith, a thynnwch yr hen un.

rename-key-title = Ailenwi'r allwedd hon
key-name-error-empty = Dewiswch enw i'r allwedd
key-name-error-too-long = Mae'r enw hwn yn rhy hir: 60 nod yw'r mwyaf
key-name-error-unprintable = Mae'r enw hwn yn cynnwys nod nad yw mewn enwau
key-name-error-taken = Mae gan allwedd arall i chi yr enw hwn

remove-key-title = Tynnu'r allwedd hon?
remove-key-text = Ni fydd **{ $key }** yn agor dim mwyach. Cewch e-bost sy'n dweud hynny.
remove-key-last = Hon yw'r allwedd olaf yr ydych yn mewngofnodi â hi. Heb un, dim ond yr hyn y mae eich ysgol yn ei ganiatáu â chyfrinair a welwch.
remove-key-confirm = Tynnu'r allwedd

first-key-link-title = Ychwanegu eich allwedd gyntaf
first-key-link-text = Gofynnoch am y ddolen hon er mwyn ychwanegu allwedd at eich cyfrif. Ewch ymlaen os mai chi ydoedd.
first-key-link-go-on = Ymlaen
first-key-link-not-you = Heb ofyn?
first-key-link-not-you-text = Caewch y dudalen hon. Mae rhywun yn gwybod eich cyfrinair: newidiwch ef, a dywedwch wrth eich ysgol.

stop-key-title = Tynnu'r allwedd hon oddi ar eich cyfrif?
stop-key-text = Ychwanegwyd **{ $key }** at eich cyfrif. Os nad chi wnaeth hynny, tynnwch hi nawr.
stop-key-confirm = Tynnu'r allwedd ac allgofnodi ym mhobman
stop-key-then = Beth sy'n digwydd wedyn
stop-key-then-text = Nid yw'r allwedd yn agor dim mwyach, a daw pob mewngofnodi o'ch eiddo i ben. Gosodwch gyfrinair newydd wedyn, a dywedwch wrth eich ysgol. Am yr wythnos ganlynol, bydd angen tocyn mynediad gan eich ysgol ar gyfer allwedd gyntaf newydd: gallai pwy bynnag a bwysodd y botwm hwn fod yn rhywun sydd ond yn darllen eich e-bost.
