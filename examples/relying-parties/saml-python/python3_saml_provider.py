"""Keyholder as the identity provider of python3-saml."""

from onelogin.saml2.auth import OneLogin_Saml2_Auth
from onelogin.saml2.constants import OneLogin_Saml2_Constants as Constants
from onelogin.saml2.idp_metadata_parser import OneLogin_Saml2_IdPMetadataParser as MetadataParser
from onelogin.saml2.settings import OneLogin_Saml2_Settings


def settings(metadata, base, key, certificate, **security):
    """What OneLogin_Saml2_Auth is given, for the service provider at `base`.

    metadata: what ISSUER/saml/metadata says. key, certificate: your own, as PEM.
    security: what is different in the part of this name, such as wantAssertionsSigned=True.
    """
    parsed = MetadataParser.parse(
        metadata,
        required_sso_binding=Constants.BINDING_HTTP_REDIRECT,
        required_slo_binding=Constants.BINDING_HTTP_REDIRECT,
    )
    return {
        "strict": True,
        "idp": parsed["idp"],
        "sp": {
            "entityId": f"{base}/metadata",
            "assertionConsumerService": {"url": f"{base}/acs", "binding": Constants.BINDING_HTTP_POST},
            "singleLogoutService": {"url": f"{base}/slo", "binding": Constants.BINDING_HTTP_REDIRECT},
            "NameIDFormat": Constants.NAMEID_PERSISTENT,
            "privateKey": key,
            "x509cert": certificate,
        },
        "security": {
            # What `sign` of the registration says.
            "wantMessagesSigned": True,
            "wantAssertionsSigned": False,
            # Without this there is no key for it in your metadata, and nothing is encrypted.
            "wantAssertionsEncrypted": True,
            # Else it refuses everybody where `release` of the registration is empty.
            "wantAttributeStatement": False,
            "authnRequestsSigned": False,
            "logoutRequestSigned": True,
            "logoutResponseSigned": True,
            "signatureAlgorithm": Constants.RSA_SHA256,
            "digestAlgorithm": Constants.SHA256,
            "rejectDeprecatedAlgorithm": True,
            # Else it asks for PasswordProtectedTransport, exactly, whatever a person has proved.
            "requestedAuthnContext": False,
            "failOnAuthnContextMismatch": True,
            **security,
        },
    }


def request_of(base, path, query=None, form=None, query_string=""):
    """The request of a browser as the library wants it, made of our own address and not of the Host header."""
    scheme, _, host = base.partition("://")
    return {
        "https": "on" if scheme == "https" else "off",
        "http_host": host,
        "script_name": path,
        "get_data": query or {},
        "post_data": form or {},
        "query_string": query_string,
        # Signatures are checked over what was sent, not over how Python would write it.
        "validate_signature_from_qs": True,
    }


def auth(settings, *request, **parts):
    return OneLogin_Saml2_Auth(request_of(*request, **parts), old_settings=settings)


def metadata_of(settings):
    """The service provider's own metadata, to be registered."""
    return OneLogin_Saml2_Settings(settings, sp_validation_only=True).get_sp_metadata().decode()
