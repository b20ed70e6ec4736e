"""Where packages come from while one watches: a folder, a stream of lines, an address; looked at once or again and again.

Each function takes in what is new and returns; what was taken in before is skipped by what the state remembers of it.
"""

from __future__ import annotations

import os
import queue
import re
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from hashlib import sha256
from pathlib import Path
from typing import IO, TYPE_CHECKING

from careo.base.errors import CareoError, DataError, InputError

if TYPE_CHECKING:
    from careo.run.watch import Session
