"""The errors of the interface, with Confluent's numbers: clients act on them."""

from dataclasses import dataclass

INVALID_SCHEMA = 42201
INVALID_VERSION = 42202
INVALID_LEVEL = 42203
NOT_PERMITTED = 42205
INCOMPATIBLE = 409


@dataclass(eq=False)
class RegistryError(Exception):
    """Refused: an HTTP status, Confluent's error code and a sentence for people."""

    status: int
    code: int
    message: str

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


def no_subject(subject: str) -> RegistryError:
    return RegistryError(404, 40401, f"Subject '{subject}' not found.")


def no_version(version: int | str) -> RegistryError:
    return RegistryError(404, 40402, f"Version {version} not found.")


def no_schema() -> RegistryError:
    return RegistryError(404, 40403, "Schema not found")


def deleted_subject(subject: str) -> RegistryError:
    return RegistryError(
        404,
        40404,
        f"Subject '{subject}' was soft deleted. Set permanent=true to delete permanently",
    )


def live_subject(subject: str) -> RegistryError:
    return RegistryError(
        404, 40405, f"Subject '{subject}' was not deleted first before being permanently deleted"
    )


def deleted_version(subject: str, version: int) -> RegistryError:
    return RegistryError(
        404,
        40406,
        f"Subject '{subject}' Version {version} was soft deleted. "
        "Set permanent=true to delete permanently",
    )


def live_version(subject: str, version: int) -> RegistryError:
    return RegistryError(
        404,
        40407,
        f"Subject '{subject}' Version {version} was not deleted first "
        "before being permanently deleted",
    )


def no_config(subject: str) -> RegistryError:
    return RegistryError(
        404,
        40408,
        f"Subject '{subject}' does not have subject-level compatibility configured",
    )


def invalid_schema(why: str) -> RegistryError:
    return RegistryError(422, INVALID_SCHEMA, f"Invalid schema: {why}")


def invalid_version(version: str) -> RegistryError:
    return RegistryError(
        422,
        INVALID_VERSION,
        f"The specified version '{version[:40]}' is not a valid version id. Allowed values are "
        'between [1, 2^31-1] and the string "latest"',
    )


def invalid_level(levels: tuple[str, ...]) -> RegistryError:
    return RegistryError(
        422,
        INVALID_LEVEL,
        f"Invalid compatibility level. Valid values are {', '.join(levels)}",
    )


def not_permitted(why: str) -> RegistryError:
    return RegistryError(422, NOT_PERMITTED, why)


def incompatible(subject: str, why: list[str]) -> RegistryError:
    return RegistryError(
        409,
        INCOMPATIBLE,
        f"Schema being registered is incompatible with an earlier schema for subject '{subject}', "
        f"details: [{'; '.join(why)}]",
    )


def store_failed(why: str) -> RegistryError:
    return RegistryError(500, 50001, f"Error in the backend data store: {why}")
