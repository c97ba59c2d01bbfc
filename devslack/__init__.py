"""devslack: a strict local Slack to run, try and test an app against.

It speaks the Web API, Socket Mode, the Events API and interactivity, and has a control API through
which a test or a page acts as a person. It knows nothing of the app it serves.
"""

from typing import Final

VERSION: Final = "0.1.0"
