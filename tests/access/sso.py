"""An identity provider on this machine: its keys over HTTP, and tokens that it signs."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from joserfc import jwt
from joserfc.jwk import RSAKey

KEY = RSAKey.generate_key(2048, {"kid": "first"})
BODY = json.dumps({"keys": [KEY.as_dict(private=False)]}).encode()


@dataclass(frozen=True, slots=True)
class Sso:
    """`url`: of its keys, and its name as issuer."""

    url: str

    @property
    def entry(self) -> str:
        """What stands in the file of people."""
        where = f"issuer: '{self.url}', audience: lgsp-hub, jwks: '{self.url}'"
        return f"oidc: {{{where}, allow_addresses: [127.0.0.1]}}\n"

    def token(self, role: str, **claims: object) -> str:
        now = int(time.time())
        said = {"iss": self.url, "aud": "lgsp-hub", "sub": "thu", "exp": now + 60}
        head = {"alg": "RS256", "kid": "first"}
        return jwt.encode(head, {**said, "hub_roles": [role], **claims}, KEY)


@contextmanager
def sso(status: int = 200, **headers: str) -> Iterator[Sso]:
    """It answers each request with its keys, or with another status and these headers."""

    class Keys(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(BODY)))
            self.end_headers()
            self.wfile.write(BODY)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Keys) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield Sso(f"http://127.0.0.1:{server.server_address[1]}/certs")
        finally:
            server.shutdown()
            thread.join()
