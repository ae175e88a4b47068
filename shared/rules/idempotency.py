"""How long a request that comes again is recognised."""

from datetime import timedelta

KEPT = timedelta(hours=24)
"""A phone that was offline for a day may still retry; what is older is a new request."""
