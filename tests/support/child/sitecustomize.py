"""Read by Python processes that a test starts (conftest puts this folder on their path): they are blocked too."""

import importlib.util
import sys
from pathlib import Path

# Under the name that tests import it by: a process that runs pytest itself must see the attempts made here.
_spec = importlib.util.spec_from_file_location("tests.support.network", Path(__file__).parents[1] / "network.py")
if _spec is not None and _spec.loader is not None:
    _network = importlib.util.module_from_spec(_spec)
    sys.modules[_spec.name] = _network
    _spec.loader.exec_module(_network)
    _network.block()
