app = { $app }

challenge-help = Type the 6 digits that { $app } shows.
challenge-help-phone = Open { $app } and press Send Code. If the device is offline, type the 6 digits it shows.
challenge-code = { $app } Code
challenge-code-hint = The 6 digits the app shows. No internet needed.
challenge-submit = Authenticate
challenge-wait = Waiting for { $app } on your device.
sign-in-waits = A sign-in is waiting for you.

enrol-title = Add { $app }
enrol-help = Open { $app } on the new phone or tablet, press Scan QR Code and point it at this picture. Six digits appear. Type them below.
enrol-code = Code
enrol-code-hint = Please enter the 6-digit code you see on your device
enrol-code-placeholder = Code displayed on your device
enrol-submit = Save this device
enrol-connected = Your device has taken the picture in. Type the code it shows to finish.

six-digits = The code has 6 digits.
wrong-number = The number typed on the device was not the one on this page.
another-phone = A second device has scanned this picture. If it was not yours, cancel and start again where nobody sees your screen.
