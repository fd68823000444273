"""The systems on the other side, imitated over HTTP and SMTP: IPOS, NetSuite, a mail server.

They know nothing of `ipos_pipeline` and share no code with it, so that a misunderstanding shows.
"""
