"""Process 1 of the containers, run as an ordinary process."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

ENTRYPOINT = Path(__file__).parents[2] / "docker" / "entrypoint.py"

OBEDIENT = """
import signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(3))
print("ready", flush=True)
signal.pause()
"""


def start(command: Sequence[str], log: Path | None = None) -> subprocess.Popen[str]:
    environment = {**os.environ, **({"LOG_FILE": str(log)} if log else {})}
    whole = [sys.executable, str(ENTRYPOINT), *command]
    return subprocess.Popen(whole, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def run(command: Sequence[str], log: Path | None = None) -> tuple[int, str, str]:
    with start(command, log) as process:
        out, err = process.communicate(timeout=600)
    return process.returncode, out, err


def test_entrypoint_exit_code_is_that_of_the_command() -> None:
    assert run(["sh", "-c", "exit 7"])[0] == 7


def test_entrypoint_command_ended_by_a_signal_gives_128_and_its_number() -> None:
    assert run(["sh", "-c", "kill -KILL $$"])[0] == 128 + signal.SIGKILL


def test_entrypoint_unknown_command_is_said() -> None:
    assert run(["no-such-command"]) == (127, "", "error: no-such-command: No such file or directory\n")


def test_entrypoint_sigterm_reaches_the_command(tmp_path: Path) -> None:
    for log in (None, tmp_path / "it.log"):
        script = (
            "import signal, sys\nsignal.signal(15, lambda *_: sys.exit(3))\nprint('ready', flush=True)\nsignal.pause()"
        )
        with start([sys.executable, "-c", script], log) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            process.send_signal(signal.SIGTERM)
            assert process.wait(120) == 3


def test_entrypoint_orphans_do_not_hide_the_exit_code() -> None:
    assert run(["sh", "-c", "(sleep 0.1 &) ; sleep 0.3; exit 4"])[0] == 4


def test_entrypoint_log_file_keeps_both_outputs_apart_and_together(tmp_path: Path) -> None:
    log = tmp_path / "it.log"
    code, out, err = run(["sh", "-c", "echo out; sleep 0.2; echo err >&2; sleep 0.2; printf 'no newline'"], log)
    assert (code, out, err) == (0, "out\nno newline", "err\n")
    assert log.read_text() == "out\nerr\nno newline\n"


def test_entrypoint_log_file_is_appended_to(tmp_path: Path) -> None:
    for word in ("one", "two"):
        run(["echo", word], tmp_path / "it.log")
    assert (tmp_path / "it.log").read_text() == "one\ntwo\n"


def test_entrypoint_log_file_held_by_another_takes_the_next_name(tmp_path: Path) -> None:
    with start(["sh", "-c", "echo first; exec sleep 30"], tmp_path / "it.log") as first:
        assert first.stdout is not None
        first.stdout.readline()
        run(["echo", "second"], tmp_path / "it.log")
        first.terminate()
    assert (tmp_path / "it-2.log").read_text() == "second\n"


def test_entrypoint_log_file_is_turned_over(tmp_path: Path) -> None:
    run([sys.executable, "-c", "for _ in range(210): print('x' * 100_000)"], tmp_path / "it.log")
    sizes = {path.name: path.stat().st_size for path in tmp_path.glob("it.log*")}
    assert sorted(sizes) == ["it.log", "it.log.1", "it.log.2"]
    assert max(sizes.values()) <= 10_000_000


def test_entrypoint_log_file_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    code, out, err = run(["echo", "works"], tmp_path / "missing" / "it.log")
    assert (code, out) == (0, "works\n")
    assert "no log is kept" in err


NOISY = "for number in range(5000): print('line', number, 'x' * 100, flush=True)"


def test_entrypoint_output_that_nobody_reads_stops_nothing_and_the_file_has_it_all(tmp_path: Path) -> None:
    log = tmp_path / "it.log"
    with start([sys.executable, "-c", NOISY], log) as process:
        assert process.wait(60) == 0
        assert len(log.read_text().splitlines()) == 5000


def test_entrypoint_output_that_is_full_or_gone_stops_nothing(tmp_path: Path) -> None:
    for number, redirection in enumerate(("> /dev/full 2>&1", "2>&1 | true")):
        log = tmp_path / f"{number}.log"
        command = f'LOG_FILE={log} {sys.executable} {ENTRYPOINT} {sys.executable} -c "$NOISY" {redirection}'
        done = subprocess.run(
            ["bash", "-c", f"set -o pipefail; {command}"], check=False, env={**os.environ, "NOISY": NOISY}, timeout=600
        )
        assert done.returncode == 0
        assert len(log.read_text().splitlines()) == 5000


def test_entrypoint_log_file_on_a_full_disk_stops_nothing(tmp_path: Path) -> None:
    log = tmp_path / "full.log"
    log.symlink_to("/dev/full")
    code, out, err = run([sys.executable, "-c", NOISY], log)
    assert code == 0
    assert len(out.splitlines()) == 5000
    assert err.count("cannot be written") == 1


def test_entrypoint_line_without_an_end_is_passed_on_in_pieces(tmp_path: Path) -> None:
    endless = "import sys\nfor _ in range(20): sys.stdout.write('x' * 1_000_000)"
    code, out, _ = run([sys.executable, "-c", endless], tmp_path / "it.log")
    assert (code, len(out)) == (0, 20_000_000)
    assert max(map(len, (tmp_path / "it.log").read_text().splitlines())) <= 64 * 1024


def test_entrypoint_secret_comes_from_its_file_and_the_name_of_the_file_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "secret").write_text("of a file\n")
    monkeypatch.setenv("PGPASSWORD", "of the environment")
    monkeypatch.setenv("PGPASSWORD_FILE", str(tmp_path / "secret"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "left alone")
    code, out, _ = run(["sh", "-c", 'echo "$PGPASSWORD,$PGPASSWORD_FILE,$AWS_SHARED_CREDENTIALS_FILE"'])
    assert (code, out) == (0, "of a file,,left alone\n")


def test_entrypoint_secret_file_that_is_missing_is_said_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPASSWORD_FILE", str(tmp_path / "nothing"))
    code, out, err = run(["echo", "started"])
    assert (code, out) == (2, "")
    assert err.startswith("error: a secret cannot be read from its file")
    assert "Traceback" not in err


def test_entrypoint_secret_file_that_is_empty_is_said_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "secret").write_text("\n")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID_FILE", str(tmp_path / "secret"))
    code, out, err = run(["echo", "started"])
    assert (code, out) == (2, "")
    assert f"AWS_ACCESS_KEY_ID_FILE names {tmp_path / 'secret'}, which is empty" in err
