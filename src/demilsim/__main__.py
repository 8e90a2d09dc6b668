"""The command ``demilsim``, and ``python -m demilsim``."""

import os

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
"""What libraries of linear algebra ask how many threads they may use."""


def main() -> None:
    """Run the command with one thread for linear algebra, unless the environment says otherwise.

    Sums that threads share depend in their last bit on how many there are, and a search may then end at
    another plan: the same seed is to give the same plan however many cores a machine has.
    """
    for name in THREADS:
        os.environ.setdefault(name, "1")
    # NumPy asks when it is loaded.
    from demilsim.cli import main as command

    command()


if __name__ == "__main__":
    main()
