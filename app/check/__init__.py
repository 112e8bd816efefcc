"""The independent checker: reads the documents and the sandbox's ledger, and believes no code of ours.

It restates the rules instead of importing them, so that an error in the program is not an error here too.
"""

from app.check.command import check, main

__all__ = ["check", "main"]
