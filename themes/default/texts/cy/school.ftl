# Ysgol, caniatâd, rhaglenni, allgofnodi.

choose-school-title = Pa ysgol heddiw?
choose-school-text = Byddwch yn gweld pobl a disgyblion yr ysgol a ddewiswch, a neb arall.
choose-school-last = Defnyddiwyd yma ddiwethaf
choose-school-missing = Oes ysgol ar goll?
choose-school-missing-text = Mae ei swyddfa'n eich ychwanegu gyda'r cyfeiriad e-bost y gwnaethoch fewngofnodi ag ef.

consent-title = Rhannu â { $application }?
consent-text = Nid { $school } sy'n rhedeg **{ $application }**. Mae'n gofyn am gael gwybod hyn:
consent-scope-openid = Mai chi sydd yno: rhif sy'n eich cynrychioli
consent-scope-profile = Eich enw: { $person }
consent-scope-email = Eich cyfeiriad e-bost: { $email }
consent-scope-school = Eich ysgol: { $school }
consent-scope-groups = Eich grŵp defnyddwyr yn { $school }, a'r hyn y mae'n ei ganiatáu
consent-scope-scopes_of_pupils = Pa grwpiau blwyddyn neu ddosbarthiadau yr ydych yn gweithio gyda nhw
consent-scope-offline_access = A dal i gael gwybod hyn pan na fyddwch yno, nes i chi neu eich ysgol roi terfyn ar hynny
consent-host = Mae eich ateb yn mynd i **{ $host }**.
consent-allow = Caniatáu
consent-deny = Gwrthod
consent-denied = Os byddwch yn gwrthod
consent-denied-text = Nid oes dim yn cael ei rannu, a chaiff { $application } wybod eich bod wedi gwrthod. Mae popeth arall yn dal i weithio.
consent-person = Wedi mewngofnodi fel
my-applications-title = Fy rhaglenni
my-applications-text = Yr hyn y gallwch ei agor yn **{ $school }**.
my-applications-none = Nid oes rhaglenni ar gyfer { $school } eto.
my-applications-none-text = Gall y sawl sy'n gofalu am Keyholder yn eich ysgol ychwanegu un. Yna bydd yn ymddangos yma.
my-applications-everywhere = Allgofnodi ym mhobman
my-applications-everywhere-text = Wedi gadael porwr ar agor yn rhywle, neu wedi colli dyfais? Mae hyn yn eich allgofnodi ar bob un, gan gynnwys yr un yma.

sign-out-title = Allgofnodi?
sign-out-text = Byddwch yn cael eich allgofnodi yn y porwr hwn. Caiff y rhaglenni a agorwyd gennych wybod am hynny.
sign-out-text-application = Mae **{ $application }** yn gofyn am eich allgofnodi. Byddwch yn cael eich allgofnodi yn y porwr hwn, o raglenni eraill hefyd.
sign-out-sign-out = Allgofnodi
sign-out-cancel = Canslo

signed-out-title = Rydych wedi allgofnodi
signed-out-text = Nid oes neb wedi mewngofnodi yn y porwr hwn mwyach.
signed-out-text-everywhere = Ym mhob porwr ac ar bob dyfais. Gall rhaglenni gymryd munud i sylwi.
signed-out-text-applications = Mae'r rhaglenni a ddefnyddioch yn cael eu hallgofnodi hefyd.
signed-out-continue = Parhau
signed-out-again = Mewngofnodi eto
signed-out-shared = Ar gyfrifiadur sy'n cael ei rannu?
signed-out-shared-text = Caewch ffenestri'r porwr hefyd, fel na all neb fynd yn ôl at yr hyn y buoch yn edrych arno.

form-post-title = Mynd yn ôl i { $application }
form-post-text = Os nad yw'r dudalen hon yn newid, pwyswch y botwm.
form-post-continue = Parhau
