"""Proof of what happened: logs of leaf hashes, keys, signed checkpoints (decision 0015).

leaf        what a record commits to, and under whose key
keys        the keys of dossiers: durable before their first leaf, destroyed on order
merkle      trees and proofs of RFC 6962
verify      the verifier: one file that needs nothing else of the hub
archive     what lasts: sealed records, what is searched of them, what may be deleted
exporting   an interval, whole and signed, for somebody else
why         why something has not arrived: one answer out of facts
guard       what was said of a dossier and cannot be
"""
