"""Timing: how long the server's rim waits for connections, its store and its database."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ServerTiming:
    """Server timing: durations of the rim, in seconds; those of the core are in `Limits`."""

    handshake_timeout: float = 5.0
    """Until a connection has opened; over TLS for each of the two handshakes."""
    close_timeout: float = 2.0
    """From a goodbye until the connection is cut."""
    silence_timeout: float = 9.0
    """Of silence until a connection is asked, and again until it is given up."""
    lag_interval: float = 0.25
    """Between two looks for connections that do not read, or are silent."""
    admission_timeout: float = 3.0
    """In the admission queue: less than a handshake has."""
    admission_interval: float = 0.02
    """Between two looks of the admission queue for a place."""
    refused_read_delay: float = 0.25
    """Until who reads too often is told so: who asks again at once would cost more."""
    read_lifetime: float = 1.0
    """Of a cached read: how long another server's writes and an expired token go unnoticed."""
    collection_interval: float = 600.0
    """Between two full garbage collections."""
    drift_interval: float = 10.0
    """Between two looks at how far seats are from their timelines."""

    pause: float = 0.01
    """Without a question until the store's thread does what could wait: what was answered last has
    been told by then."""
    step_timeout: float = 1.0
    """For which a step of something long waits for a pause."""
    settle_interval: float = 0.5
    """Between two looks at what was left in doubt, while nothing else is asked."""
    busy_timeout: float = 1.0
    """For a SQLite file: a server that has just been stopped may still be letting go."""
    connect_timeout: int = 3
    """For a connection to PostgreSQL, which takes whole seconds: a host that is silent is given up
    as one that is gone."""
    answer_timeout: float = 6.0
    """For PostgreSQL's answer: one that froze keeps its connections alive, so only a clock notices.
    Longer than a lock may be waited for, and with a new connection's time less than a seat waits.
    """
    schema_lock_timeout: float = 1.0
    """For PostgreSQL's lock of the schema: a server that has just been stopped may still hold it.
    """

    anchor_interval: float = 60.0
    """Between two times that the clock's anchor is kept and the certificate looked at."""
    maintenance_interval: float = 3600.0
    """Between two runs of maintenance; the first one comes after `anchor_interval`."""
    stop_timeout: float = 5.0
    """From a signal to the end."""
    orphan_stop_timeout: float = 0.6
    """From the parent's death to the end."""
