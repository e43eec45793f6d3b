"""A credential that is refused, in the words of this adapter."""

from adapters.http.messages import Refusal


def denied(title: str, detail: str) -> Refusal:
    """A refusal that becomes a Fault with the code wsse:FailedAuthentication."""
    return Refusal(401, "denied", title, detail, "Security")
