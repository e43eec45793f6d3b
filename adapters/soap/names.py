"""The namespaces and names of SOAP and WS-Security.

Sources: SOAP 1.1 (W3C note, 2000), SOAP 1.2 part 1, OASIS WS-Security 1.0 (2004) with the
UsernameToken and X.509 profiles, XML Signature, Exclusive XML Canonicalization.
"""

from typing import Final

SOAP11: Final = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP12: Final = "http://www.w3.org/2003/05/soap-envelope"
XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"
XML: Final = "http://www.w3.org/XML/1998/namespace"

_OASIS: Final = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss"
WSSE: Final = f"{_OASIS}-wssecurity-secext-1.0.xsd"
WSU: Final = f"{_OASIS}-wssecurity-utility-1.0.xsd"
TEXT: Final = f"{_OASIS}-username-token-profile-1.0#PasswordText"
DIGEST: Final = f"{_OASIS}-username-token-profile-1.0#PasswordDigest"
BASE64: Final = f"{_OASIS}-soap-message-security-1.0#Base64Binary"
X509V3: Final = f"{_OASIS}-x509-token-profile-1.0#X509v3"

DS: Final = "http://www.w3.org/2000/09/xmldsig#"
EXC_C14N: Final = "http://www.w3.org/2001/10/xml-exc-c14n#"
RSA_SHA256: Final = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
SHA256: Final = "http://www.w3.org/2001/04/xmlenc#sha256"

ENVELOPE: Final = {"1.1": SOAP11, "1.2": SOAP12}
MEDIA_TYPE: Final = {"1.1": "text/xml", "1.2": "application/soap+xml"}
