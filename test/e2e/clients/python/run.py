"""The features of one client: `run.py CLIENT URL`.

Each line on standard input names a function of `CLIENT_suite.py`; the line of JSON on standard output that answers it is
`null` if the function returned, else its traceback.
"""

import importlib
import inspect
import json
import os
import sys
import traceback

client, url = sys.argv[1:]
os.environ["SERVICE_URL"] = url
# Some clients print: the answers go to a copy of standard output, and prints to standard error.
answers = os.fdopen(os.dup(1), "w", buffering=1)
os.dup2(2, 1)
suite = importlib.import_module(f"{client}_suite")

for line in sys.stdin:
    feature = getattr(suite, line.strip())
    try:
        if inspect.iscoroutinefunction(feature):
            suite.LOOP.run_until_complete(feature())
        else:
            feature()
        print("null", file=answers)
    except BaseException:
        print(json.dumps(traceback.format_exc()), file=answers)
