"""The one home of kafka-python: appending, reading, consumer groups, topics.

    cluster     KafkaBroker: opens the others, asks the cluster about itself
    writer      appending; shared by all threads
    producer    a bundle of records at once, over the library's connections
    batches     the bytes of record batches
    consumers   reading, with a group or without; each belongs to the thread that made it
    fetched     record batches as records
    refusals    the library's errors as ours
    door        what is wrong at a cluster's door, told before the library is asked

kafka-python is blocking. `hub.broker_memory` is the twin.
"""

from hub.broker.cluster import KafkaBroker

__all__ = ["KafkaBroker"]
