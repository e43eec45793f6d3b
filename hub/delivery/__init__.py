"""From an event on a topic to a system that knows it, with a receipt; one order per dossier."""
