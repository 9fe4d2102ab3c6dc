"""How often a process of ours looks for garbage that refers to itself."""

import gc

YOUNG = 20_000  # objects made, less those freed, before the youngest are looked through
_OLDER = (20, 50)  # looks at the younger ones before the older ones are looked through too


def collect_none_yet() -> None:
    """Look for none until ``collect_seldom``: what a process loads stays, and looking through it finds nothing."""
    gc.disable()


def collect_seldom() -> None:
    """Look for cyclic garbage seldom: every job in hand is some hundred objects, and none of them is garbage yet.

    With Python's own thresholds a third of a busy worker's time goes into looking. For processes that are ours alone.
    """
    if not gc.isenabled():
        gc.freeze()  # nor is what was loaded meanwhile looked through later
        gc.enable()
    gc.set_threshold(YOUNG, *_OLDER)
