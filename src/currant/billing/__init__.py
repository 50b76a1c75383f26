"""What is owed and paid: charges of sessions, ledger, wallets, payments, invoices, settlement."""
