"""The agent's side of Prism's protocol: one JSON request per line in, one answer per line out.

    -> {"id", "task", "input", "context", "deadline_ms", "idempotency_key"}
    <- {"id", "progress": ...}                          any number
    <- {"id", "value", "confidence", "reasoning"}       once, or
    <- {"id", "error": {"message", "retryable"}}        once
"""

import json
import sys


class Refused(Exception):
    """The request cannot be served, and asking again would not help."""


def serve(answer):
    """Serves requests until standard input ends.

    `answer(request, progress)` returns `(value, confidence, reasoning)`; `progress(data)` may be
    called meanwhile.
    """
    for line in sys.stdin:
        if line.strip():
            serve_one(line, answer)


def serve_one(line, answer):
    request = json.loads(line)

    def send(**fields):
        print(json.dumps({"id": request["id"], **fields}, allow_nan=False), flush=True)

    try:
        value, confidence, reasoning = answer(request, lambda data: send(progress=data))
    except Refused as refused:
        send(error={"message": str(refused), "retryable": False})
        return
    send(value=value, confidence=round(confidence, 4), reasoning=reasoning)
