"""`python -m eve_meta` is `eve-meta`."""

import sys

from eve_meta.cli import main

sys.exit(main())
