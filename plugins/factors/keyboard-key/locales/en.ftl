title = Use your keyboard key
help = Plug your key in, click in the box below, and press the button on the key. It types the code for you.
again = That code was ahead of the one we expected: the key was pressed in between. Press its button once more, so that we can find the place again.
token = Code from your key
token-hint = The key types it. If your key shows numbers on a little screen, type them here.
submit = Authenticate
issued-only = Keys of this kind are given out by your school or organisation. Ask there if you need one.
not-valid = The code is right, but this key is not valid today. Ask whoever gave it to you.
