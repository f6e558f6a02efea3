title = Defnyddiwch eich allwedd bysellfwrdd
help = Plygiwch eich allwedd i mewn, cliciwch yn y blwch isod, a phwyswch y botwm ar yr allwedd. Bydd yn teipio'r cod drosoch.
again = Roedd y cod hwnnw o flaen yr un roeddem yn ei ddisgwyl: pwyswyd yr allwedd yn y cyfamser. Pwyswch ei botwm unwaith eto, er mwyn i ni ddod o hyd i'r lle eto.
token = Cod o'ch allwedd
token-hint = Yr allwedd sy'n ei deipio. Os yw eich allwedd yn dangos rhifau ar sgrin fach, teipiwch nhw yma.
submit = Dilysu
issued-only = Eich ysgol neu eich sefydliad sy'n rhoi allweddi o'r math hwn. Gofynnwch yno os oes angen un arnoch.
not-valid = Mae'r cod yn gywir, ond nid yw'r allwedd hon yn ddilys heddiw. Gofynnwch i'r sawl a'i rhoddodd i chi.
