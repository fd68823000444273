"""What to do when NetSuite refuses a document: one sentence for each of its codes.

The codes and what they were seen to mean: netsuite_facts 4. Not here: what happened, in words for a
shop manager (error_words.py); which answer is a refusal (clients/netsuite_answers.py).
"""

from __future__ import annotations

SHOW_REQUEST = "give the request and the answer (ipos-pipeline errors show) to the data team"

NEXT_STEPS = {
    "USER_ERROR": "Do what NetSuite's sentence in the details asks for. A field that the form makes"
    " mandatory goes into NETSUITE_MAPPING_FILE, or off the form. Then retry it.",
    "INVALID_CONTENT": "NetSuite names a field whose value it does not take: it does not exist, is"
    " inactive, or is of another subsidiary. Correct that field in the location's configuration"
    " record, or what it points to in NetSuite. Then retry it.",
    "INVALID_REQUEST": "Compare the field names in NETSUITE_MAPPING_FILE with those of the account;"
    f" if they are right, {SHOW_REQUEST}.",
    "NONEXISTENT_ID": "Compare the internal IDs in the location's configuration record with"
    " NetSuite: one of them is not there any more. Correct it, then retry.",
    "IDEMPOTENCY_ERROR": "NetSuite takes the document for the repetition of another request, which"
    f" no request of this pipeline is: {SHOW_REQUEST}.",
}

OTHER_NEXT_STEP = (
    f"Do what NetSuite's sentence in the details asks for; if it is not clear, {SHOW_REQUEST}."
)


def next_step_for(code: str) -> str:
    """Say what a person does about a refusal with this code; NetSuite has many more of them."""
    return NEXT_STEPS.get(code, OTHER_NEXT_STEP)
