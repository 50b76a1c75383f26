"""Writes docs/configuration.md from the settings themselves; `--check` only says whether it is current."""

import sys
from pathlib import Path

from currant.app.settings import Key, keys, sections

FILE = Path(__file__).parent.parent / "docs" / "configuration.md"

HEAD = """# Configuration

<!-- Made by scripts/document_settings.py from src/currant/app/settings.py: change it there. -->

Currant runs without any. Settings are read from one TOML file, the first of: `--config FILE`, the file that
`CURRANT_CONFIG` names, `currant.toml` in the working directory, `~/.config/currant/currant.toml`.
Every key is also an environment variable, which goes before the file; options of the command line go before both.
Lists are written as JSON in variables: `CURRANT_TLS_NAMES='["csms.example.org"]'`.

A key that does not exist is an error, so that a misspelt one is not silently without effect.
`currant check` says what is wrong with the settings, the certificates, the ports and the database, in words.

```toml
# currant.toml of a server that faces the Internet, with its own certificate
operator = "Example Charging"

[http]
host = "0.0.0.0"
port = 443
tls = true

[ocpp]
plain = false            # wss:// alone

[tls]
certificate = "/etc/ssl/currant/fullchain.pem"
key = "/etc/ssl/currant/privkey.pem"
```
"""


def page() -> str:
    parts = [HEAD]
    section: str | None = None
    for key in keys():
        if key.section != section:
            section = key.section
            title = f"## [{section}]\n\n{sections()[section]}" if section else "## Without a section"
            parts.append(f"\n{title}\n")
        parts.append(
            f"\n### `{key.dotted}`\n\n{key.explanation}\n\n"
            f"{key.type}, default {_default(key)}; `{key.variable}`\n"
        )
    return "".join(parts)


def _default(key: Key) -> str:
    value = getattr(key.default, "value", key.default)
    if value is None or value == "":
        return "none"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, tuple):
        return "`[]`"
    return f"`{value}`" if isinstance(value, int | float) else f'`"{value}"`'


def main() -> int:
    if "--check" not in sys.argv:
        FILE.parent.mkdir(exist_ok=True)
        FILE.write_text(page(), encoding="utf-8")
        return 0
    if FILE.exists() and FILE.read_text(encoding="utf-8") == page():
        return 0
    print(f"{FILE} is not what the settings say: run scripts/document_settings.py", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
