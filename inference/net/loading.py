"""May two threads load a model at once? No: one lock for all loading.

transformers builds a model inside process-wide switches (a default device, patched initialisers), so a second
thread that loads meanwhile gets parameters without data; and its lazy imports fail when two threads make them
at once, so they stand inside the lock too. Inference needs no lock.
"""

import threading

LOADING = threading.RLock()
