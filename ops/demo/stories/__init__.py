"""The scenarios that can be played, in the order of playing.

A story that needs another postal service comes last: the hub is started anew for it.
"""

from ops.demo.stories import late, merger, online, payment, redelivery, supplement, withdrawal
from ops.demo.story import Story

STORIES: tuple[Story, ...] = (
    online.STORY,
    redelivery.STORY,
    supplement.STORY,
    payment.STORY,
    late.STORY,
    merger.STORY,
    withdrawal.STORY,
)
