"""Files between stations and Currant: logs and diagnostics sent here, firmware fetched from here."""
