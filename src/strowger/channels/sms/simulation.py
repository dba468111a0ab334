"""Talking to the simulated SMSC's control interface."""

from strowger.foundation.simulation import SimulatorsOff, ask

__all__ = ["SimulatorsOff", "ask"]
