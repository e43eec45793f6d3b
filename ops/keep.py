"""Names that nothing in the product mentions, kept on purpose; each with its reason (for vulture)."""

# called by a library, by name
handle_async_request  # httpx's transport interface
on_message_begin, on_url, on_status, on_header, on_headers_complete  # httptools' parser
on_body, on_message_complete, on_chunk_header, on_chunk_complete
connection_made, connection_lost, data_received, eof_received  # asyncio's protocol
pause_writing, resume_writing
on_partitions_assigned, on_partitions_revoked, on_partitions_lost  # kafka-python's listener
resolve  # lxml's resolver
aclose  # httpx's transport interface
seek_to_committed  # faust's consumer

# commands: typer calls them
list_, show, check, cases, functions, up, down, status, logs, gateway, worker, views, registry
event_list, event_show, receipt_list, _event, _receipt, group

# read by others than the product
wrapped  # SoapWire: says how the message was declared; the tests' oracles ask
hub  # Manifest: the version of the format, checked when it is read
last_ms  # hub.audit.archive: of a segment, for whoever reads the list
predecessors  # hub.mapping.functions.units, for people who look back (scenario 7)

# for tests and the interoperability runs
running_apicurio  # hub.dev.apicurio
open_memory  # hub.audit.archive.store: the storage without a disk
MemoryBroker, down  # the broker's twin
MemorySchemas  # the twin of the registry's client
