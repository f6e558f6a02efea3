enrol-title = Your grid card
enrol-help = Copy or print this card. You will be asked for three of its cells each time.
enrol-kept = I have kept the card
enrol-submit = Save this card
not-kept = Tick the box once you have kept the card.

challenge-title = Grid card
challenge-help = Look at your card and type what stands in these cells.
challenge-cell = Cell { $cell }
challenge-submit = Continue
