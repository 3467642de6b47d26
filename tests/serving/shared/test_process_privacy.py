import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or os.getuid() != 0, reason="only root can make two processes of another user, on Linux"
)

SCRIPT = """
import ctypes, os, sys, time
from serving.shared.process_privacy import PR_SET_DUMPABLE, hide_from_same_user

def become_nobody():
    os.setresgid(65534, 65534, 65534)
    os.setresuid(65534, 65534, 65534)
    ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)

ready, told = os.pipe()
secretive = os.fork()
if secretive == 0:
    become_nobody()
    if sys.argv[1] == "hidden":
        hide_from_same_user()
    os.write(told, b"x")
    time.sleep(60)
os.read(ready, 1)
curious = os.fork()
if curious == 0:
    become_nobody()
    for name in ("environ", "maps", "mem"):
        try:
            with open(f"/proc/{secretive}/{name}", "rb") as file:
                print(name, "readable")
        except PermissionError:
            print(name, "refused")
    sys.stdout.flush()
    os._exit(0)
os.waitpid(curious, 0)
os.kill(secretive, 9)
"""


@pytest.mark.parametrize(("how", "outcome"), [("hidden", "refused"), ("open", "readable")])
def test_hide_from_same_user_closes_environment_and_memory(how: str, outcome: str) -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT, how], capture_output=True, text=True, timeout=600, check=False)
    assert done.stdout.split("\n")[:-1] == [f"{name} {outcome}" for name in ("environ", "maps", "mem")], done.stderr
