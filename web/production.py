"""The website as several worker processes serve it, configured by the environment alone.

    gunicorn --preload --worker-class uvicorn_worker.UvicornWorker web.production:app

LOGSTER_* variables are Logster's own settings, SITE_* those of `web.options`. Importing this module starts no thread
and opens no connection, so that it may be loaded before the workers are forked. Each worker writes what it still holds
before it ends: the lifespan of the app does that.
"""

import gc
import os

from web.startup import production

app = production(os.environ)

# What is loaded by now stays as it is, so that the workers go on sharing its memory.
gc.collect()
gc.freeze()
