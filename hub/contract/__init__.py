"""Contracts: WSDL, XSD, OpenAPI and Avro become one small type model."""
