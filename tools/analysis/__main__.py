"""`python -m tools.analysis MODEL_DIR`: tables, plots and report of a finished run again."""

import sys

from tools.analysis.run_analysis import main

sys.exit(main())
