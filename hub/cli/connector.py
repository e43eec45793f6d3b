"""`hub connector`: how the hub talks with each kind of system, and what is registered."""

import typer

from hub.cli.late import Late, group_of

COMMANDS = {
    name: Late(f"hub.cli.{module}:app", name)
    for module, names in {
        "backtest": ("backtest",),
        "certificate": ("certificate", "certifier"),
        "certify": ("certify",),
        "connector_check": ("check",),
        "connector_explain": ("explain",),
        "connector_show": ("list", "show", "test"),
        "registering": ("register", "registrations", "history"),
        "scaffold": ("new", "schema"),
        "stepping": ("pause", "resume", "rollback", "golive", "retire"),
        "unserved": ("unserved",),
    }.items()
    for name in names
}

app = typer.Typer(
    cls=group_of(COMMANDS),
    no_args_is_help=True,
    help="Connectors: how the hub talks with each kind of system.",
)


@app.callback()
def group() -> None:
    """Connectors: how the hub talks with each kind of system."""
