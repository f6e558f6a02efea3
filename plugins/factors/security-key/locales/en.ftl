verification-missing = Your key has to check that it is you, with its PIN or your fingerprint. Please try again and do what it asks.
unknown-key = That key is not one of yours here. Please use one that you have added.
not-allowed = This kind of key cannot be used here. Please use another one, or ask who looks after sign-ins at your school.
wrong-response = The answer of your key did not fit this page. Please press the button again.
wrong-origin = The answer came from another address than this site's. Please check the address at the top of your browser.
possible-clone = This key counts its uses, and the count went back: there may be a copy of it. It was refused. Please use another key, and tell who looks after sign-ins at your school.
already-added = This key is on your list already. To add another one, plug that one in.
