"""Keyholder as the identity provider of pysaml2."""

from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT, xmldsig
from saml2.client import Saml2Client
from saml2.config import SPConfig
from saml2.metadata import entity_descriptor
from saml2.saml import NAMEID_FORMAT_PERSISTENT


def service_provider(keyholder, metadata, base, key_file, certificate_file, **further):
    """The service provider at `base`.

    keyholder: the issuer. metadata: what ISSUER/saml/metadata says. key_file, certificate_file: your own, as PEM.
    further: what is different in the part `sp`, such as force_authn=True.
    """
    sp = {
        "endpoints": {
            "assertion_consumer_service": [(f"{base}/acs", BINDING_HTTP_POST)],
            "single_logout_service": [(f"{base}/slo", BINDING_HTTP_REDIRECT)],
        },
        "authn_requests_signed": False,
        "logout_requests_signed": True,
        "logout_responses_signed": True,
        # What `sign` of the registration says. By default pysaml2 wants both.
        "want_response_signed": True,
        "want_assertions_signed": False,
        "allow_unsolicited": False,
        # Their default is SHA-1, which Keyholder refuses. It is read here alone.
        "signing_algorithm": xmldsig.SIG_RSA_SHA256,
        "digest_algorithm": xmldsig.DIGEST_SHA256,
        "name_id_policy_format": NAMEID_FORMAT_PERSISTENT,
    }
    config = {
        "entityid": f"{base}/metadata",
        "key_file": key_file,
        "cert_file": certificate_file,
        "encryption_keypairs": [{"key_file": key_file, "cert_file": certificate_file}],
        "metadata": {"inline": [metadata]},
        "accepted_time_diff": 10,
        # Without this, attributes that pysaml2 has no word for, groups among them, disappear.
        "allow_unknown_attributes": True,
        "service": {"sp": {**sp, **further}},
    }
    return Saml2Client(config=SPConfig().load(config))


def metadata_of(client):
    """The service provider's own metadata, to be registered."""
    return str(entity_descriptor(client.config))


def check_redirect(client, query, issuer):
    """Checks the signature of a logout message that came by Redirect: pysaml2 leaves an answer's to its caller."""
    from saml2.sigver import verify_redirect_signature

    certificates = client.metadata.certs(issuer, "idpsso", "signing")
    backend = client.sec.sec_backend
    if not any(verify_redirect_signature(query, backend, certificate) for _, certificate in certificates):
        raise ValueError("the signature does not count")
