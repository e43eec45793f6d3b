"""Mappings: parsed, checked against both sides, compiled to plain functions, never imported."""
