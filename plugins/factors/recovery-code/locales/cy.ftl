enrol-title = Eich codau adfer
enrol-help = Cadwch y codau hyn lle gallwch ddod o hyd iddyn nhw os collwch eich ffôn a'ch allweddi: ar bapur, neu mewn rheolwr cyfrineiriau. Mae pob un yn gweithio unwaith. Ni fyddan nhw'n cael eu dangos eto.
enrol-kept = Rydw i wedi cadw'r codau hyn
enrol-submit = Cadw'r codau hyn
not-kept = Ticiwch y blwch ar ôl i chi gadw'r codau. Hebddyn nhw, does dim gwerth i'r daflen.

challenge-title = Cod adfer
challenge-help = Teipiwch un o'r codau ar eich taflen. Mae'n gweithio unwaith: croeswch y cod allan wedyn.
challenge-code = Cod adfer
challenge-code-hint = 10 llythyren a digid. Nid oes ots am fylchau, cysylltnodau na llythrennau bach.
challenge-submit = Defnyddio'r cod hwn

not-a-code = Mae 10 llythyren a digid mewn cod adfer.
not-left = Nid yw hwn yn un o'r codau sydd ar ôl ar eich taflen. Mae pob un yn gweithio unwaith.
none-left = Mae pob cod ar eich taflen wedi'i ddefnyddio.
