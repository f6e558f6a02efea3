verification-missing = Mae'n rhaid i'ch allwedd wirio mai chi sydd yno, gyda'i PIN neu'ch olion bysedd. Rhowch gynnig arall arni a gwnewch yr hyn y mae'n ei ofyn.
unknown-key = Nid yw'r allwedd honno'n un o'ch rhai chi yma. Defnyddiwch un rydych wedi'i hychwanegu.
not-allowed = Ni ellir defnyddio'r math hwn o allwedd yma. Defnyddiwch un arall, neu gofynnwch i'r sawl sy'n gofalu am fewngofnodi yn eich ysgol.
wrong-response = Nid oedd ateb eich allwedd yn cyd-fynd â'r dudalen hon. Pwyswch y botwm eto.
wrong-origin = Daeth yr ateb o gyfeiriad gwahanol i gyfeiriad y safle hwn. Gwiriwch y cyfeiriad ar frig eich porwr.
possible-clone = Mae'r allwedd hon yn cyfrif pob defnydd, ac aeth y cyfrif yn ôl: gall fod copi ohoni. Fe'i gwrthodwyd. Defnyddiwch allwedd arall, a rhowch wybod i'r sawl sy'n gofalu am fewngofnodi yn eich ysgol.
already-added = Mae'r allwedd hon ar eich rhestr yn barod. I ychwanegu un arall, plygiwch honno i mewn.
