"""All functions that a mapping may call, by name."""

from collections.abc import Mapping

from hub.mapping.functions import forms, identifiers, lists, text, time, units
from hub.mapping.functions.declare import REGISTRY, Function

_MODULES = (forms, text, time, lists, identifiers, units)  # importing them declares their functions

LIBRARY: Mapping[str, Function] = REGISTRY
