"""A small relying application: the standard library for the pages, keyholder.py for the sign-in. Settings come from the
environment."""

import hmac
import json
import os
import secrets
import sys
import time
from html import escape
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

from authlib.integrations.base_client.errors import OAuthError
from joserfc.errors import JoseError

from keyholder import MULTI_FACTOR, Keyholder, SignedOut

BASE_URL = os.environ["BASE_URL"]
keyholder = Keyholder(
    os.environ["ISSUER"], os.environ["CLIENT_ID"], os.environ["CLIENT_SECRET"], BASE_URL, os.environ.get("CA_FILE")
)
# In memory: a restart signs everybody out. Keep them in a database, and let go of old ones.
sessions, sign_ins = {}, {}


class Refused(Exception):
    """Something that this application does not do."""


class Visit(BaseHTTPRequestHandler):
    def home(self):
        if not self.session:
            return self.page('<p><a href="/sign-in">Sign in</a></p>')
        person, token = keyholder.person(self.session), self.session["form_token"]
        form = '<form method="post" action="{}"><input type="hidden" name="form_token" value="{}"><button>{}</button></form>'
        return self.page(
            f"<p>{escape(person['name'])}, {escape(person['school']['name'])}</p>"
            '<p><a href="/me">Everything</a>, <a href="/confidential">Confidential</a></p>'
            + form.format("/sign-out", token, "Sign out")
            + form.format("/disconnect", token, "Disconnect")
        )

    def sign_in(self):
        self.begin()

    def callback(self):
        began = sign_ins.pop(self.cookie("began"), None)
        if not began:
            return self.page('<p>This sign-in was begun elsewhere. <a href="/sign-in">Sign in</a></p>', 400)
        session = keyholder.finish_sign_in(self.path, began["checks"])
        session |= {"form_token": secrets.token_urlsafe(32), "asked_for_more": began["asked_for_more"]}
        # A new value at each sign-in: one that was known before must not become a session.
        name = secrets.token_urlsafe(32)
        sessions[name] = session
        return self.redirect(began["return_to"], app=name, began="")

    def me(self):
        if not self.session:
            return self.redirect("/sign-in")
        return self.json({"id_token": self.session["claims"], "userinfo": keyholder.person(self.session)})

    def confidential(self):
        """Needs a second factor. Asked for as a wish; then the ID token says what was reached."""
        if self.session and is_elevated(self.session["claims"]):
            return self.page("<p>Confidential incidents</p>")
        if self.session and self.session["asked_for_more"]:
            return self.page("<p>This needs a sign-in with a second factor.</p>", 403)
        return self.begin("/confidential", acr_values=" ".join(MULTI_FACTOR))

    def token(self):
        if not self.session:
            return self.redirect("/sign-in")
        found = keyholder.introspect(self.session["access_token"])
        return self.json({name: found.get(name) for name in ("active", "scope", "sid")})

    def disconnect(self):
        self.check_form()
        keyholder.revoke(self.session)
        self.redirect("/token")

    def sign_out(self):
        self.check_form()
        # Here first: whatever Keyholder answers, this session is over.
        sessions.pop(self.cookie("app"), None)
        self.redirect(keyholder.sign_out_address(self.session), app="")

    def back_channel_logout(self):
        """Keyholder calls it, not a browser."""
        sid = keyholder.read_logout_token(self.form.get("logout_token", [""])[0])
        for name, session in list(sessions.items()):
            if session["claims"]["sid"] == sid:
                sessions.pop(name, None)
        self.send(200, "", {"Cache-Control": "no-store"})

    pages = {
        "GET /": home,
        "GET /sign-in": sign_in,
        "GET /callback": callback,
        "GET /me": me,
        "GET /confidential": confidential,
        "GET /token": token,
        "POST /disconnect": disconnect,
        "POST /sign-out": sign_out,
        "POST /backchannel-logout": back_channel_logout,
    }

    def begin(self, return_to="/", **further):
        address, checks = keyholder.begin_sign_in(**further)
        name = secrets.token_urlsafe(32)
        sign_ins[name] = {"checks": checks, "return_to": return_to, "asked_for_more": bool(further)}
        self.redirect(address, began=name)

    def check_form(self):
        sent = self.form.get("form_token", [""])[0]
        if not self.session or not hmac.compare_digest(sent.encode(), self.session["form_token"].encode()):
            raise Refused("This form is not yours.")

    def answer(self):
        path = self.path.split("?")[0]
        page = self.pages.get(f"{self.command} {path}")
        if not page:
            return self.page("<p>There is no such page.</p>", 404)
        self.session, self.form = sessions.get(self.cookie("app")), {}
        try:
            if self.command == "POST":
                length = int(self.headers.get("Content-Length", 0))
                if length > 16384:
                    raise Refused("Too long.")
                self.form = parse_qs(self.rfile.read(length).decode())
            page(self)
        except Refused as refused:
            self.page(f"<p>{escape(str(refused))}</p>", 403)
        # `error.error` is the error that Keyholder sent (docs/relying-applications.md, Errors).
        except (OAuthError, SignedOut) as error:
            code = getattr(error, "error", "invalid_token")
            print(f"{path}: {error}", file=sys.stderr)
            if code == "access_denied":
                return self.page('<p>Nothing was shared. <a href="/sign-in">Sign in</a></p>', 403)
            if code not in ("invalid_grant", "invalid_token"):
                return self.page('<p>That did not work. <a href="/sign-in">Sign in</a></p>', 502)
            # The sign-in has ended at Keyholder, by whomever.
            sessions.pop(self.cookie("app"), None)
            self.page('<p>You have been signed out. <a href="/sign-in">Sign in</a></p>', 401)
        except Exception as error:
            print(f"{path}: {error!r}", file=sys.stderr)
            if path == "/backchannel-logout":
                # 400 is for a bad token, which is not sent again; with 503 Keyholder tries later.
                bad = isinstance(error, (JoseError, ValueError))
                return self.send(400 if bad else 503, "", {"Cache-Control": "no-store"})
            self.page('<p>That did not work. <a href="/sign-in">Sign in</a></p>', 502)

    do_GET = do_POST = answer

    def cookie(self, name):
        morsel = SimpleCookie(self.headers.get("Cookie", "")).get(name)
        return morsel.value if morsel else None

    def page(self, body, status=200):
        page = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Example</title>{body}'
        self.send(status, page, {"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store"})

    def json(self, value):
        self.send(200, json.dumps(value), {"Content-Type": "application/json", "Cache-Control": "no-store"})

    def redirect(self, to, **cookies):
        self.send(303, "", {"Location": to}, cookies)

    def send(self, status, body, headers, cookies={}):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        for name, value in cookies.items():
            # Lax: Keyholder is another site, and its answer has to find the sign-in that it belongs to.
            secure = "; Secure" if BASE_URL.startswith("https://") else ""
            gone = "" if value else "; Max-Age=0"
            self.send_header("Set-Cookie", f"{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{gone}")
        self.send_header("Content-Length", str(len(body.encode())))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_):
        """Addresses hold codes: they go to no log."""


def is_elevated(claims):
    return claims.get("acr") in MULTI_FACTOR and claims.get("elevated_until", time.time() + 1) > time.time()


server = ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Visit)
print(f"{BASE_URL}/", flush=True)
server.serve_forever()
