"""coincide status: what is up, found out by asking each part."""

import json
from dataclasses import asdict

from infra.local.stack import Stack

WELL, UNWELL, DOWN = 0, 1, 3


def status(stack: Stack, *, as_json: bool) -> int:
    """Exit code 0: up and every part well. 1: up, a part is not. 3: down."""
    record = stack.record()
    if record is None or not stack.is_held():
        remainder = record is not None
        if as_json:
            print(json.dumps({"state": "down", "folder": str(stack.folder), "remainder": remainder}))
        else:
            print("Down. `coincide up` starts it." if not remainder else "Crashed. `coincide down` cleans up.")
        return DOWN
    if record.state == "starting":
        print(json.dumps(asdict(record)) if as_json else "Starting.")
        return UNWELL
    from infra.local.health import ask

    health = ask(record)
    if as_json:
        print(json.dumps(asdict(record) | {"health": {name: asdict(answer) for name, answer in health.items()}}))
    else:
        from infra.local.show import show_stack

        show_stack(record, "up" if record.state == "up" else "up, with a problem", health=health)
    return WELL if record.state == "up" and all(answer.well for answer in health.values()) else UNWELL
