"""The client library's errors as ours: what is refused, what may be tried again."""

from collections.abc import Iterator
from contextlib import contextmanager

from kafka.errors import KafkaError

from hub.errors import Halt, HubError, Reject, Retry

# The cluster's refusal, and what it is about.
MISSING_RIGHTS = {
    "TopicAuthorizationFailedError": "topic",
    "GroupAuthorizationFailedError": "consumer group",
    "ClusterAuthorizationFailedError": "cluster",
    "TransactionalIdAuthorizationFailedError": "transaction",
}


def translate(error: Exception) -> HubError:
    """What an error of the library means to us."""
    name = type(error).__name__
    if name in ("MessageSizeTooLargeError", "RecordListTooLargeError", "InvalidTopicError"):
        return Reject(f"the broker refuses the record ({name})", code="too-large")
    if name == "InconsistentGroupProtocolError":
        return Retry(
            "another program is a member of the consumer group, and shares it out in its own way",
            where="consumer group",
            fix="end it: only workers belong to the groups hub.*",
            after=1.0,
            system=True,
        )
    if name in MISSING_RIGHTS:
        return Halt(
            f"the cluster does not give us the right ({name})",
            where=MISSING_RIGHTS[name],
            fix="ops/runbooks/outside-cluster.md lists the rights that its administrator grants",
        )
    return Retry(f"the broker did not answer as it should ({name})", after=1.0, system=True)


def unsent(error: Exception) -> HubError:
    """As `translate`; but the sender may try again, for a right can be given while we run."""
    found = translate(error)
    if isinstance(found, Halt):
        return Retry(found.what, where=found.where, fix=found.fix, after=5.0, system=True)
    return found


@contextmanager
def translated() -> Iterator[None]:
    """The library's errors as ours."""
    try:
        yield
    except KafkaError as error:
        raise translate(error) from error
