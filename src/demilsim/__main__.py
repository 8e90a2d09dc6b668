"""``python -m demilsim``."""

from demilsim.cli import main

main()
