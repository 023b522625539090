import sys

from verifier.main import main

sys.exit(main())
