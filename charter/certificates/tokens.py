"""A private key that never leaves its token: reached by PKCS#11, as the settings say."""

from collections.abc import Iterator
from contextlib import contextmanager

from asn1crypto import x509
from pkcs11 import PKCS11Error
from pyhanko.config.pkcs11 import TokenCriteria
from pyhanko.sign.pkcs11 import PKCS11Signer, open_pkcs11_session

from charter import config
from charter.core.errors import Refused

SILENT = "The token that holds the key does not answer."


@contextmanager
def signer() -> Iterator[PKCS11Signer]:
    """Whoever signs with the token's key, for as long as the context is open.

    Raises Refused where no token is set, and where it does not answer.
    """
    token = config.current().token
    if token is None:
        raise Refused("No token is set: PKCS11_MODULE, PKCS11_TOKEN and PKCS11_KEY name one.")
    criteria = TokenCriteria(label=token.label)
    try:
        with open_pkcs11_session(
            token.module, token_criteria=criteria, user_pin=token.pin
        ) as session:
            found = PKCS11Signer(session, cert_label=token.key, key_label=token.key)
            # Not every token hashes by itself before it signs: for such keys we hash.
            found.use_raw_mechanism = certificate(found).public_key.algorithm == "ec"
            yield found
    except (PKCS11Error, OSError) as fault:
        raise Refused(SILENT) from fault


def certificate(by: PKCS11Signer) -> x509.Certificate:
    """The certificate of the token's key. Raises Refused where it holds none with that label."""
    try:
        found = by.signing_cert
    except PKCS11Error as fault:
        raise Refused("The token holds no certificate with that label.") from fault
    if found is None:
        raise Refused("The token holds no certificate with that label.")
    return found
