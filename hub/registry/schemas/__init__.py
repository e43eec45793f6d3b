"""The schema registry: Confluent's REST interface over the compacted topic `_schemas`.

The topic is the store, in the layout that the well-known registries use, so that one of them can
take over without migration. Any number of these processes may run: they agree by the topic's order.
"""
