"""Claims: one holder at a time, whoever else looks; nothing stays claimed by the dead."""

import subprocess
import sys
from pathlib import Path

from api.claims import Claims


def test_what_one_holds_no_other_takes_until_it_is_released(tmp_path: Path):
    one, other = Claims(tmp_path), Claims(tmp_path)

    assert one.take("work", "run-1")
    assert one.take("work")
    assert not other.take("work")
    assert (one.about("work"), other.about("work")) == ("run-1", "run-1")
    one.release_all()
    assert other.about("work") is None
    assert other.take("work", "run-2")


def test_a_process_that_dies_holds_nothing(tmp_path: Path):
    program = (
        "import os, pathlib, sys; from api.claims import Claims;"
        "taken = Claims(pathlib.Path(sys.argv[1])).take('work', 'mine'); os._exit(0 if taken else 1)"
    )
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=False)

    assert done.returncode == 0
    assert Claims(tmp_path).about("work") is None
    assert Claims(tmp_path).take("work")
