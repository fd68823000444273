"""One module for each thing that happens; each joins the ledger with one client and the domain."""
