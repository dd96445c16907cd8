"""How much of anything one guest may have of a server."""

MAX_CONNECTIONS = 128
"""Open at one interface at once; one more is closed as soon as it was accepted."""

MAX_BODY_BYTES = 1024 * 1024
"""Of a request; a longer body is read to its end, forgotten, and answered with 413."""

MAX_DISCARDED_BODY_BYTES = 16 * 1024 * 1024
"""A body that goes on past this ends its connection without an answer."""

IDLE_SECONDS = 60
"""Without a byte from the guest, before its connection is closed."""

CLOSING_SECONDS = 60
"""For a guest to take what is still to be sent before its connection is aborted."""

BACKLOG = 1024
"""Guests of one interface that wait to be accepted; as the agent has it, whose socket it is."""

KEEPING_SECONDS = 30
"""For the agent to keep a password, before its guest's connection is closed. Conntrack forgets one that its
guest has half-closed after 60 s."""

LEAVING_SECONDS = 0.25
"""For guests that have connected to ask and be answered, before a server ends."""
