"""What was landed, what we have promised to post, and what became of it.

The ledger knows documents (record type, external ID, payload, source), not cash sales: other
NetSuite flows can join beside IPOS.
"""
