"""`python -m hearthwatch.cli`, the same as the command `hearthwatch`."""

import sys

from hearthwatch.cli.main import main

sys.exit(main())
