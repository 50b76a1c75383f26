"""Where facts become durable: one database, group commit, the journal, jobs, numbers, backups."""
