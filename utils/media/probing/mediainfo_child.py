"""What the process of MediaInfo does: a path a line in, a JSON document a line out.

It is started as a script, by its file, with the folder that holds pymediainfo, and imports nothing
of this project.
"""

from __future__ import annotations

import json
import sys


def _serve() -> None:
    sys.path.append(sys.argv[1])
    from pymediainfo import MediaInfo

    for line in sys.stdin:
        try:
            answer = {"xml": MediaInfo.parse(json.loads(line), output="OLDXML")}
        except (FileNotFoundError, RuntimeError) as error:
            answer = {"not_opened": str(error)}
        except MemoryError:
            answer = {"too_large": "memory"}
        except OSError as error:
            answer = {"no_library": str(error)}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    _serve()
