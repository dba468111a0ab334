"""``python -m strowger.simulators``."""

import sys

from strowger.simulators.main import main

if __name__ == "__main__":
    sys.exit(main())
