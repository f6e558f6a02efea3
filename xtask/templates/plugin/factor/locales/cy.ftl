enrol-title = Eich cerdyn grid
enrol-help = Copïwch neu argraffwch y cerdyn hwn. Gofynnir i chi am dair o'i gelloedd bob tro.
enrol-kept = Rydw i wedi cadw'r cerdyn
enrol-submit = Cadw'r cerdyn hwn
not-kept = Ticiwch y blwch ar ôl i chi gadw'r cerdyn.

challenge-title = Cerdyn grid
challenge-help = Edrychwch ar eich cerdyn a theipiwch yr hyn sydd yn y celloedd hyn.
challenge-cell = Cell { $cell }
challenge-submit = Parhau
