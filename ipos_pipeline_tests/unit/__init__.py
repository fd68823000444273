"""One module each; touches nothing outside it but the ledger's database."""
