"""`python -m logster`: the command line."""

import sys

from logster.cli import main

sys.exit(main())
