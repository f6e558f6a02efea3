# Negeseuon e-bost.

date = { $day } { $month }, { $year }
date-and-time = { $day } { $month }, { $year } { $time }
month-1 = Ionawr
month-2 = Chwefror
month-3 = Mawrth
month-4 = Ebrill
month-5 = Mai
month-6 = Mehefin
month-7 = Gorffennaf
month-8 = Awst
month-9 = Medi
month-10 = Hydref
month-11 = Tachwedd
month-12 = Rhagfyr

mail-greeting = Helo { $name },
mail-when = Pryd
mail-browser = Porwr
mail-address = Cyfeiriad rhyngrwyd
mail-application = Rhaglen
mail-link-by-hand = Os nad yw'r botwm yn gwneud dim, copïwch y cyfeiriad hwn i'ch porwr:
mail-footer = Mae Keyholder yn anfon hwn am fod gennych gyfrif yn eich ysgol. Ni fyddwn byth yn gofyn am eich cyfrinair drwy e-bost.

mail-not-you = Os nad chi oedd yno
mail-not-you-password = Mae rhywun arall yn gwybod eich cyfrinair. Ewch i'r dudalen fewngofnodi nawr, dewiswch **Wedi anghofio'r cyfrinair** a gosodwch un newydd. Mae hynny'n allgofnodi pawb ym mhobman arall. Yna rhowch wybod i'ch ysgol.
mail-not-you-open = Mynd i'r dudalen fewngofnodi

mail-password-link-subject-first = Gosod eich cyfrinair
mail-password-link-subject = Gosod cyfrinair newydd
mail-password-link-text-first = Mae'r ddolen hon yn gadael i chi osod cyfrinair ar gyfer eich cyfrif. Mae'n gweithio unwaith, am { duration }.
mail-password-link-text = Gofynnoch am gyfrinair newydd. Mae'r ddolen hon yn gadael i chi ei osod. Mae'n gweithio unwaith, am { duration }.
mail-password-link-button = Gosod cyfrinair
mail-password-link-not-you = Peidiwch â gwneud dim: bydd eich cyfrif yn aros fel y mae, a bydd y ddolen yn darfod ohoni ei hun. Peidiwch ag anfon yr e-bost hwn ymlaen at neb.

mail-password-changed-subject = Newidiwyd eich cyfrinair
mail-password-changed-text = Newidiwyd cyfrinair eich cyfrif. Rydych wedi'ch allgofnodi ym mhobman arall. Os chi wnaeth hyn, nid oes angen gwneud dim.

mail-confirm-email-subject = Cadarnhau eich cyfeiriad e-bost
mail-confirm-email-text = Rhoddwyd y cyfeiriad hwn ar gyfer eich cyfrif. Agorwch y ddolen i gadarnhau eich bod yn ei ddarllen. Mae'n gweithio unwaith, am { duration }.
mail-confirm-email-button = Cadarnhau'r cyfeiriad hwn
mail-confirm-email-not-you = Peidiwch â gwneud dim: heb ei gadarnhau ni ddefnyddir y cyfeiriad hwn.

mail-email-changed-subject = Newidiwyd eich cyfeiriad e-bost
mail-email-changed-text = O hyn ymlaen byddwch yn mewngofnodi gyda **{ $address }**. Ni anfonir dim mwy i'r cyfeiriad hwn.
mail-email-changed-not-you = Rhowch wybod i swyddfa eich ysgol heddiw, wyneb yn wyneb neu dros y ffôn. Tan hynny gallai rhywun arall gyrraedd eich cyfrif.

mail-new-browser-subject = Mewngofnodi o borwr newydd
mail-new-browser-text = Mewngofnododd rhywun i'ch cyfrif gyda phorwr na welwyd o'r blaen. Os chi oedd yno, nid oes angen gwneud dim.

mail-first-key-subject = Ychwanegu eich allwedd ddiogelwch gyntaf
mail-first-key-text = Gofynnoch am gael ychwanegu allwedd at eich cyfrif. Agorwch y ddolen hon yn y porwr lle gofynnoch. Mae'n gweithio unwaith, am { duration }.
mail-first-key-button = Ymlaen
mail-first-key-not-you = Mae rhywun yn gwybod eich cyfrinair. Gosodwch un newydd, a rhowch wybod i'ch ysgol. Peidiwch ag anfon yr e-bost hwn ymlaen at neb.

mail-key-added-subject = Ychwanegwyd allwedd ddiogelwch at eich cyfrif
mail-key-added-text = Ychwanegwyd yr allwedd **{ $key }**. Mae'n cyfrif o'r mewngofnodi nesaf ymlaen. Os chi wnaeth hyn, nid oes angen gwneud dim.
mail-key-added-not-you = Agorwch y ddolen hon a thynnwch yr allwedd: mae hynny'n dod â phob mewngofnodi i ben hefyd. Yna gosodwch gyfrinair newydd, a rhowch wybod i'ch ysgol.
mail-key-added-button = Nid fi oedd hwn

mail-key-replaced-subject = Disodlwyd allwedd ddiogelwch ar eich cyfrif
mail-key-replaced-text = Cymerodd **{ $key }** le'r un flaenorol, nad yw'n agor dim mwyach: nid yw codau taflen flaenorol yn gweithio mwyach. Os chi wnaeth hyn, nid oes angen gwneud dim.

mail-key-renamed-subject = Ailenwyd allwedd ddiogelwch ar eich cyfrif
mail-key-renamed-text = Enw'r allwedd **{ $former }** yw **{ $key }** nawr. Mae'n gweithio fel o'r blaen. Os chi wnaeth hyn, nid oes angen gwneud dim.

mail-key-removed-subject = Tynnwyd allwedd ddiogelwch oddi ar eich cyfrif
mail-key-removed-text = Tynnwyd yr allwedd **{ $key }**. Nid yw'n agor dim mwyach. Os chi wnaeth hyn, nid oes angen gwneud dim.

mail-recovery-code-used-subject = Defnyddiwyd cod adfer
mail-recovery-code-used-text =
    { $left ->
        [0] Defnyddiwyd cod adfer ar gyfer eich cyfrif. Hwn oedd yr olaf ar y daflen: gwnewch daflen newydd.
        [one] Defnyddiwyd cod adfer ar gyfer eich cyfrif. Mae un cod ar ôl ar y daflen: gwnewch daflen newydd yn fuan.
       *[other] Defnyddiwyd cod adfer ar gyfer eich cyfrif. Codau ar ôl ar y daflen: { $left }.
    }

mail-key-issued-subject = Rhoddodd eich ysgol allwedd ddiogelwch i chi
mail-key-issued-text = Cewch ddefnyddio allwedd **{ $key }** { $school } o hyn ymlaen. Mae'n perthyn i'r ysgol: rhowch hi'n ôl pan fyddwch yn gadael.
mail-key-issued-not-you = Os na chawsoch yr allwedd hon, rhowch wybod i swyddfa eich ysgol heddiw.
