"""`make bench`: every bench, or those named. Figures are ratios within one run, because machines differ."""

import argparse
import subprocess
import sys

BENCHES = ("scoring", "writes", "supervisor", "pipeline", "identity", "known")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *BENCHES], default=list(BENCHES))
    for name in parser.parse_args().names or BENCHES:
        # A process each: one bench's caches and memory are not the next one's.
        subprocess.run([sys.executable, "-m", f"bench.{name}"], check=True)


if __name__ == "__main__":
    main()
