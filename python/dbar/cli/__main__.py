"""``python -m dbar.cli`` is the command ``dbar``."""

import sys

from dbar.cli.program import main

sys.exit(main())
