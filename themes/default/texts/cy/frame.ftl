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
