"""Something wrong with a bundle: where, what, what to do. Checks collect all of them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """`at` is "file:line[:column]" or a key's path; `shown` the offending text, underlined.

    `code`: short constant name of the kind, "unknown-field", the same in every language.
    """

    at: str
    what: str
    fix: str = ""
    field: str = ""
    shown: str = ""
    code: str = ""

    def __str__(self) -> str:
        text = f"{self.at}: {self.what}"
        if self.fix:
            text += f"\n    fix: {self.fix}"
        return f"{text}\n{self.shown}" if self.shown else text

    def as_dict(self) -> dict[str, str]:
        """For programs."""
        found = {
            "at": self.at,
            "code": self.code,
            "field": self.field,
            "what": self.what,
            "fix": self.fix,
        }
        return {key: value for key, value in found.items() if value}


class BundleErrors(Exception):
    """A bundle that may not go live; `problems` is never empty."""

    def __init__(self, name: str, problems: tuple[Problem, ...]) -> None:
        self.name = name
        self.problems = problems
        super().__init__(f"connector '{name}' has {len(problems)} problem(s)")
