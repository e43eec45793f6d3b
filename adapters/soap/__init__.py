"""SOAP 1.1 and 1.2, document/literal, both ways.

Contracts are compiled once: a request into a template, an answer into a parse table. Nothing on the
hot path looks at a WSDL.
"""
