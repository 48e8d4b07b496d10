"""A process that attaches to the server of a data folder and then does what its standard input says.

Started as `python attach_process.py DATA_DIR`; answers each line with one line of JSON.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from collegium.kit import embedded


def main() -> None:
    server = embedded.attach(Path(sys.argv[1]))
    answer = {"pid": server.pid, "socket_dir": str(server.socket_dir), "dsn": server.dsn("postgres", "postgres")}
    print(json.dumps(answer), flush=True)
    for line in sys.stdin:
        if line.strip() == "detach":
            server.detach()
        elif line.strip() == "fork":
            child = os.fork()
            if child == 0:
                server.detach()
                os._exit(0)
            os.waitpid(child, 0)
        elif line.strip() == "fork and stay":
            ours, its = os.pipe()
            if os.fork() == 0:
                os.close(its)
                os.read(ours, 1)  # Ends when the parent does.
                os._exit(0)
            os.close(ours)
        print(json.dumps({"pid": server.pid}), flush=True)


if __name__ == "__main__":
    main()
