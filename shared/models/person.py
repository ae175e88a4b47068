"""A person: a signed-in human, known only by the id that identity gave."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Person:
    """`id` is the Firebase UID (text, 1 to 128 characters); anonymous sign-in counts as a person."""

    id: str
