"""`python3 -m bootstrap`, for those who have not installed the command."""

import sys

from bootstrap.main import main

sys.exit(main())
