"""How long to wait before the next attempt.

Exponential with full jitter below the step ("Exponential Backoff And Jitter", AWS Architecture
Blog, 2015), so that a thousand dossiers that failed together do not come back together. A peer that
names a time is believed, up to the longest wait, but never with less than the own step: "try again
at once" (Retry-After: 0) would be a loop as fast as the network.
"""

from hub.registry.manifest_delivery import RetryPolicy

LONGEST_ASKED = 3_600.0  # seconds that a Retry-After may ask for


def pause(policy: RetryPolicy, failures: int, asked: float | None, chance: float) -> float:
    """Seconds until the attempt after the `failures`-th failure (from 1).

    `asked`: what the peer asked for. `chance`: a random number in [0, 1).
    """
    step = policy.first
    for _ in range(min(failures - 1, 64)):
        step = min(step * policy.factor, policy.longest)
        if step >= policy.longest:
            break
    step = min(step, policy.longest)
    own = step / 2 + step / 2 * chance
    return own if asked is None else max(own, min(asked, LONGEST_ASKED))
