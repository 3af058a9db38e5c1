"""One process at a time writes a member; the next waits for it."""

import subprocess
import sys

from tools.run.member_lock import only_writer

HOLDER = """
import sys, time
from pathlib import Path
from tools.run.member_lock import only_writer
with only_writer(Path(sys.argv[1])):
    sys.stdout.write("held\\n")
    sys.stdout.flush()
    sys.stdin.readline()
    Path(sys.argv[1], "written").touch()
"""


def test_a_second_writer_waits_for_the_first(tmp_path, monkeypatch):
    member = tmp_path / "3"
    command = [sys.executable, "-c", HOLDER, str(member)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, text=True, **pipes) as holder:
        assert holder.stdout.readline() == "held\n"

        def let_go(*_):
            holder.stdin.write("\n")
            holder.stdin.flush()

        monkeypatch.setattr("tools.run.member_lock._LOG.warning", let_go)
        with only_writer(member):
            assert (member / "written").exists()


def test_the_lock_of_a_killed_process_is_gone(tmp_path):
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        holder.stdout.readline()
        holder.kill()
        holder.wait()
    with only_writer(tmp_path):
        pass
