"""Prints the OpenAPI document of the API, for whoever generates a client from it: the console's is made so.

No server runs and no database is opened: the routes describe themselves.
"""

import sys
from types import SimpleNamespace
from typing import Any, cast

from currant.api.application import create_app
from currant.api.describing import describe
from currant.api.services import ApiServices

if __name__ == "__main__":
    app = create_app(cast("ApiServices", cast("Any", SimpleNamespace(tenancy=None))))
    sys.stdout.buffer.write(describe(app))
