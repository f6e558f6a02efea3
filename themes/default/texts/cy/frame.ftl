# Ffrâm pob tudalen.

title = { $title } - Keyholder
title-error = Gwall: { $title } - Keyholder
skip = Neidio i gynnwys y dudalen
home = Keyholder, i'r dudalen gychwyn
other-language = English
menu-applications = Fy rhaglenni
menu-account = Gosodiadau'r cyfrif
menu-change-school = Newid ysgol
menu-sign-out = Allgofnodi
footer = Ynghylch y gwasanaeth hwn
footer-help = Cymorth
footer-privacy = Preifatrwydd
footer-accessibility = Hygyrchedd

# Y tag allwedd.
tag-signing-in = Rydych chi'n mewngofnodi i
tag-signing-in-at = Rydych chi'n mewngofnodi yn
tag-not-signed-in = Heb fewngofnodi i
tag-not-signed-in-at = Heb fewngofnodi yn

# Pwy i'w holi, yn yr un lle ar bob tudalen.
who-can-help = Pwy all helpu
who-can-help-office = Swyddfa eich ysgol.
who-can-help-office-of = Y swyddfa yn { $school }.
who-can-help-email = E-bost
who-can-help-phone = Ffôn

# Am ba hyd mae rhywbeth yn para.
duration =
    { $minutes ->
        [1] un funud
        [2] ddwy funud
        [60] awr
       *[other] { $minutes } munud
    }

# A ddefnyddiwyd allwedd yn y mewngofnodi hwn.
elevate = Codi eich mynediad
elevation = Eich mynediad
elevation-offered = Fe wnaethoch chi fewngofnodi heb eich allwedd.
elevation-offered-text = Mae rhai pethau'n aros ar gau nes i chi ei defnyddio.
elevation-raised = Mae eich allwedd ar waith.
elevation-raised-text = { $minutes ->
    [0] Mae'n cyfrif am lai na munud arall.
    [one] Mae'n cyfrif am un funud arall.
   *[other] Mae'n cyfrif am { $minutes } munud arall.
    }
step-down = Camu i lawr
