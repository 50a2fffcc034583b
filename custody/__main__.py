"""Entry point of ``python -m custody``."""

import sys

from custody.commands import main

sys.exit(main())
