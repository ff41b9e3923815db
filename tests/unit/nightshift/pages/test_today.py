"""The start page: what was done, what waits and why, asked without a browser."""

from datetime import timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import update

from tests.hostile import NAMES
from tests.pages import client, post
from tests.unit.nightshift.pages.test_shift import RUN, add, begin, note, started
from utils.clock import now
from utils.config import Settings
from utils.db import addresses, duplicates, ledger, queue, runs, sources, workers
from utils.db.schema import Item, Run
from utils.db.session import session
from utils.errors import PermanentError, RetryableError, SettingsError
from utils.models.duplicates import Decision
from utils.models.page_settings import Role
from utils.models.rendition import Compression, Rendition
from utils.models.shift import Outcome, RunStatus
