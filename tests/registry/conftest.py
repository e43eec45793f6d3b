"""The contract's assertions explain themselves, though its file is not a test's."""

import pytest

pytest.register_assert_rewrite("tests.registry.contract")
