"""Something that moves on a terminal; plain lines elsewhere."""

import io

from hub.dev.progress import Progress


def run(progress: Progress) -> None:
    progress.step("fetching 2 files")
    with progress.task("[1/2]"), progress.download("one.jar", 2_500_000) as more:
        more(1_200_000)
        more(1_300_000)
    progress.step("done")


def test_a_file_gets_one_line_a_step() -> None:
    out = io.StringIO()
    run(Progress(out, live=False))
    assert "fetching 2 files\ndone\n" == out.getvalue()


def test_a_terminal_sees_how_far_it_is_and_is_left_clean() -> None:
    out = io.StringIO()
    run(Progress(out, live=True))
    shown = out.getvalue().split("\r\x1b[K")
    assert "[1/2] one.jar 1.2/2.5 MB" in shown
    assert "[1/2] one.jar 2.5/2.5 MB" in shown
    assert ["", "done\n"] == shown[-2:]
