"""A service provider of pysaml2 or of python3-saml, as examples/relying-parties/saml-python configures them: reads what to do and prints
what came of it, one line of JSON each. What `saml_providers.mjs` asks of every library."""

import json
import logging
import sys
from contextlib import suppress
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

sys.path.insert(0, str(Path(__file__).parents[3] / "examples/relying-parties/saml-python"))
logging.disable(logging.CRITICAL)


def parts(url):
    """The query of an address: as it was sent, and read."""
    query = urlsplit(url).query
    return query, dict(parse_qsl(query))


class Pysaml2:
    def __init__(self, keyholder, metadata, base, sign, encrypted, key_file, certificate_file):
        import pysaml2_provider as example
        from saml2 import BINDING_SOAP

        self.example, self.issuer = example, f"{keyholder}/saml/metadata"
        self.options = {
            "want_response_signed": sign != "assertion",
            "want_assertions_signed": sign != "response",
        }
        # How it signs out, where the address says so.
        ends = {"by-post": example.BINDING_HTTP_POST, "by-soap": BINDING_SOAP}
        self.binding = next((binding for end, binding in ends.items() if base.endswith(end)), example.BINDING_HTTP_REDIRECT)
        self.options["endpoints"] = {
            "assertion_consumer_service": [(f"{base}/acs", example.BINDING_HTTP_POST)],
            "single_logout_service": [(f"{base}/slo", self.binding)],
        }
        self.options["allow_unsolicited"] = base.endswith("unsolicited")
        self.client = example.service_provider(keyholder, metadata, base, key_file, certificate_file, **self.options)
        self.names = {}

    def metadata(self):
        return {"xml": self.example.metadata_of(self.client)}

    def begin(self, binding, signed, relay_state, force=False, passive=False, classes=None, format=None):
        further = {}
        if force:
            further["force_authn"] = "true"
        if passive:
            further["is_passive"] = "true"
        if classes:
            further["requested_authn_context"] = {"authn_context_class_ref": classes, "comparison": "exact"}
        bindings = {"redirect": self.example.BINDING_HTTP_REDIRECT, "post": self.example.BINDING_HTTP_POST}
        request, sent = self.client.prepare_for_authenticate(
            entityid=self.issuer, relay_state=relay_state, binding=bindings[binding], sign=signed, nameid_format=format, **further
        )
        return {"id": request, **self.sent(sent)}

    def sent(self, sent):
        if sent["method"] == "GET":
            return {"url": dict(sent["headers"])["Location"]}
        return {"page": sent["data"]}

    def finish(self, form, id):
        asked = {id: "/"} if id else {}
        response = self.client.parse_authn_request_response(form["SAMLResponse"], self.example.BINDING_HTTP_POST, asked)
        session = response.session_info()
        name = session["name_id"]
        self.names[name.text] = name
        return {
            "name": name.text,
            "format": name.format,
            "index": session["session_index"],
            "class": session["authn_info"][0][0],
            "attributes": session["ava"],
        }

    def logout(self, login, relay_state):
        made = self.client.do_logout(self.names[login["name"]], [self.issuer], "", None, expected_binding=self.binding)
        _, sent = made[self.issuer]
        return {"id": next(iter(self.client.state)), **self.sent(sent)}

    def logout_by_soap(self, login):
        """Asks Keyholder itself; what it answered."""
        told, send = [], self.client.send
        self.client.send = lambda **how: told.append(send(**how)) or told[-1]
        from saml2.sigver import SignatureError

        with suppress(SignatureError):
            self.client.do_logout(self.names[login["name"]], [self.issuer], "", None, expected_binding=self.binding)
        return {"xml": told[0].text}

    def message(self, url, form):
        if form:
            return form
        _, read = parts(url)
        self.example.check_redirect(self.client, read, self.issuer)
        return read

    def logged_out(self, id, url=None, form=None):
        read = self.message(url, form)
        response = self.client.parse_logout_request_response(read["SAMLResponse"], self.binding)
        if response.in_response_to not in self.client.state:
            raise ValueError("the answer to another request")
        self.client.handle_logout_response(response)
        return {}

    def answer_logout(self, login, url=None, form=None):
        read = self.message(url, form)
        sent = self.client.handle_logout_request(
            read["SAMLRequest"],
            self.names[login["name"]],
            self.binding,
            relay_state=read.get("RelayState"),
            sigalg=read.get("SigAlg"),
            signature=read.get("Signature"),
        )
        return self.sent(sent)


class Python3Saml:
    def __init__(self, keyholder, metadata, base, sign, encrypted, key_file, certificate_file):
        import python3_saml_provider as example

        self.example, self.base, self.idp = example, base, metadata
        self.pem = (Path(key_file).read_text(), Path(certificate_file).read_text())
        self.security = {
            "wantMessagesSigned": sign != "assertion",
            "wantAssertionsSigned": sign != "response",
            "wantAssertionsEncrypted": encrypted,
        }

    def settings(self, **security):
        # Whoever wants messages signed says so of logout messages too: those are always.
        return self.example.settings(self.idp, self.base, *self.pem, **{**self.security, **security})

    def metadata(self):
        return {"xml": self.example.metadata_of(self.settings())}

    def begin(self, binding, signed, relay_state, force=False, passive=False, classes=None, format=None):
        from onelogin.saml2.utils import OneLogin_Saml2_Utils as Utils

        settings = self.settings(authnRequestsSigned=signed, requestedAuthnContext=classes or False)
        if format:
            settings["sp"]["NameIDFormat"] = format
        auth = self.example.auth(settings, self.base, "/")
        if binding == "redirect":
            url = auth.login(return_to=relay_state, force_authn=force, is_passive=passive)
            return {"id": auth.get_last_request_id(), "url": url}
        # It has no POST of its own.
        request = auth.authn_request_class(auth.get_settings(), force, passive, True)
        xml = request.get_xml()
        if signed:
            xml = Utils.add_sign(xml, *self.pem)
        return {"id": request.get_id(), "form": {"SAMLRequest": Utils.b64encode(xml), "RelayState": relay_state}}

    def finish(self, form, id):
        auth = self.example.auth(self.settings(), self.base, "/acs", form=form)
        auth.process_response(request_id=id)
        if auth.get_errors():
            raise ValueError(f"{auth.get_errors()}: {auth.get_last_error_reason()}")
        return {
            "name": auth.get_nameid(),
            "format": auth.get_nameid_format(),
            "index": auth.get_session_index(),
            "class": auth.get_last_authn_contexts()[0],
            "attributes": auth.get_attributes(),
        }

    def logout(self, login, relay_state):
        auth = self.example.auth(self.settings(), self.base, "/")
        url = auth.logout(
            return_to=relay_state, name_id=login["name"], session_index=login["index"], name_id_format=login["format"]
        )
        return {"id": auth.get_last_request_id(), "url": url}

    def slo(self, url, id=None):
        query, read = parts(url)
        settings = self.settings(wantMessagesSigned=True)
        auth = self.example.auth(settings, self.base, "/slo", query=read, query_string=query)
        sent = auth.process_slo(request_id=id, keep_local_session=True)
        if auth.get_errors():
            raise ValueError(f"{auth.get_errors()}: {auth.get_last_error_reason()}")
        return sent

    def logged_out(self, id, url):
        self.slo(url, id)
        return {}

    def answer_logout(self, login, url):
        return {"url": self.slo(url)}


LIBRARIES = {"pysaml2": Pysaml2, "python3-saml": Python3Saml}
providers = {}
for line in sys.stdin:
    asked = json.loads(line)
    do, key, arguments = asked["do"], asked["provider"], asked["arguments"]
    try:
        if do == "open":
            providers[key] = LIBRARIES[sys.argv[1]](**arguments)
            answer = {}
        else:
            answer = getattr(providers[key], do)(**arguments)
    except Exception as error:  # Whatever a library raises is its refusal.
        answer = {"refused": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer), flush=True)
