"""x"""
from typing import Any
def describe(generated: dict[str, Any], app: Any) -> bytes:
    import json
    return json.dumps(generated, default=str).encode()
