app = { $app }

challenge-help = Teipiwch y 6 digid y mae { $app } yn eu dangos.
challenge-help-phone = Agorwch { $app } a phwyswch Anfon Cod. Os nad yw'r ddyfais ar-lein, teipiwch y 6 digid y mae'n eu dangos.
challenge-code = Cod { $app }
challenge-code-hint = Y 6 digid y mae'r ap yn eu dangos. Does dim angen y rhyngrwyd.
challenge-submit = Dilysu
challenge-wait = Yn aros am { $app } ar eich dyfais.
sign-in-waits = Mae cais i fewngofnodi yn aros amdanoch.

enrol-title = Ychwanegu { $app }
enrol-help = Agorwch { $app } ar y ffôn neu'r dabled newydd, pwyswch Sganio Cod QR a'i anelu at y llun hwn. Bydd chwe digid yn ymddangos. Teipiwch nhw isod.
enrol-code = Cod
enrol-code-hint = Rhowch y cod 6 digid a welwch ar eich dyfais
enrol-code-placeholder = Y cod ar eich dyfais
enrol-submit = Cadw'r ddyfais hon
enrol-connected = Mae eich dyfais wedi darllen y llun. Teipiwch y cod y mae'n ei ddangos i orffen.

six-digits = Mae 6 digid yn y cod.
wrong-number = Nid y rhif ar y dudalen hon oedd y rhif a deipiwyd ar y ddyfais.
another-phone = Mae ail ddyfais wedi sganio'r llun hwn. Os nad eich dyfais chi oedd hi, canslwch a dechreuwch eto lle na all neb weld eich sgrin.
