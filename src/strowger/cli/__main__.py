"""``python -m strowger.cli``."""

from strowger.cli import main

main()
