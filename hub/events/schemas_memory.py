"""The twin of the registry's client: ids in memory, for benches and tests without a registry."""


class MemorySchemas:
    """Ids in the order of registration, from 1; the same text has the same id."""

    def __init__(self) -> None:
        self._texts: list[str] = []

    def register(self, subject: str, text: str) -> int:
        """See hub.events.codec.Schemas."""
        del subject
        if text not in self._texts:
            self._texts.append(text)
        return self._texts.index(text) + 1

    def schema(self, number: int) -> str:
        """See hub.events.codec.Schemas. Raises LookupError where nobody gave that id."""
        if not 1 <= number <= len(self._texts):
            raise LookupError(f"schema {number} is not known")
        return self._texts[number - 1]
