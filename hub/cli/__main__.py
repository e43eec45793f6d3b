"""`python -m hub.cli`, for processes that start others."""

from hub.cli.main import main

main()
