# Cymorth, preifatrwydd, hygyrchedd.

information-help-title = Cymorth
information-help-text = Mae Keyholder yn eich mewngofnodi i raglenni eich ysgol. Mae arnoch angen y cyfeiriad e-bost y mae eich ysgol yn ei ddefnyddio ar eich cyfer, a chyfrinair.
information-help-password = Nid oes gennyf gyfrinair, neu rwyf wedi'i anghofio
information-help-password-text = Rhowch eich cyfeiriad e-bost ac ewch ymlaen. Ar y dudalen nesaf dewiswch **Wedi anghofio'r cyfrinair**. Anfonwn ddolen atoch er mwyn i chi osod un newydd.
information-help-mail = Nid yw'r e-bost yn cyrraedd
information-help-mail-text = Edrychwch yn y post sothach. Os nad y cyfeiriad a roddodd eich ysgol ydyw, ni anfonir dim, ac er diogelwch nid yw'r dudalen yn dweud hynny. Gall swyddfa eich ysgol edrych ar y manylion.
information-help-slow = Mae'n dweud bod rhaid i mi aros
information-help-slow-text = Ar ôl llawer o gyfrineiriau anghywir rydym yn aros am ychydig cyn y cynnig nesaf, fel na all neb ddyfalu eich un chi. Mae'r dudalen yn dweud am ba hyd. Nid oes neb yn cael ei gloi allan am byth.
information-help-odd = Cefais e-bost na allaf ei esbonio
information-help-odd-text = Gosodwch gyfrinair newydd heddiw gyda **Wedi anghofio'r cyfrinair**, yna rhowch wybod i'ch ysgol. Mae hynny'n eich allgofnodi ym mhobman arall.

information-privacy-title = Preifatrwydd
information-privacy-text = Eich ysgol sy'n penderfynu pwy sydd â chyfrif a beth y caiff ei agor. Mae Keyholder yn cadw'r hyn sydd ei angen ar gyfer hynny.
information-privacy-kept = Beth a gedwir
information-privacy-kept-text = Eich enw, eich cyfeiriad e-bost, eich ysgolion a'ch grwpiau defnyddwyr, a'ch cyfrinair ar ffurf na ellir ei throi'n ôl. Ar gyfer pob mewngofnodiad: pryd, gyda pha borwr, ac o ba gyfeiriad rhyngrwyd.
information-privacy-shared = Beth mae rhaglenni'n cael ei wybod
information-privacy-shared-text = Eich enw a'r hyn y mae eich ysgol yn ei ganiatáu i chi yno, ar gyfer yr ysgol a ddewiswyd gennych. Dim am eich ysgolion eraill. Mae rhaglen nad eich ysgol sy'n ei rhedeg yn gofyn i chi yn gyntaf.
information-privacy-cookies = Cwcis
information-privacy-cookies-text = Dim ond y rhai na ellir mewngofnodi hebddynt, a'ch dewis o iaith. Nid oes neb yn eich dilyn gyda nhw.
information-privacy-rights = Eich hawliau
information-privacy-rights-text = Cewch ofyn i'ch ysgol beth a gedwir amdanoch, cael cywiro camgymeriadau, a gwrthwynebu. Mae'r ysgol yn ateb o fewn mis.

information-accessibility-title = Hygyrchedd
information-accessibility-text = Mae'r tudalennau hyn ar gyfer pawb, ac wedi'u hadeiladu yn unol â'r Canllawiau Hygyrchedd Cynnwys y We 2.2, lefel AA.
information-accessibility-can = Beth y gallwch ei wneud
information-accessibility-can-text = Defnyddio'r bysellfwrdd yn unig, darllenydd sgrin neu eich lliwiau eich hun; chwyddo'r testun i bedair gwaith ei faint; gludo cyfrineiriau a gadael i reolwr cyfrineiriau eu llenwi. Mae'r tudalennau'n gweithio heb sgriptiau, yn dilyn gosodiad golau neu dywyll eich dyfais, ac ar gael yn Gymraeg ac yn Saesneg.
information-accessibility-wrong = Rhywbeth ddim yn gweithio i chi?
information-accessibility-wrong-text = Dywedwch wrth eich ysgol beth y ceisioch ei wneud, ar ba dudalen a gyda pha ddyfais. Gallant eich mewngofnodi mewn ffordd arall yn y cyfamser.
