"""A proxy that has a server below a path of its host, and nothing else."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx

_OF_A_HOP = {"connection", "content-length", "content-encoding", "transfer-encoding", "host"}


@contextmanager
def below_a_path(url: str, path: str = "/hearth/watch/") -> Iterator[str]:
    """Give the address of a server below a path, which is taken off what it is handed."""
    with httpx.Client(base_url=url, timeout=60) as behind:

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._hand_on()

            def do_POST(self) -> None:
                self._hand_on()

            def _hand_on(self) -> None:
                if not self.path.startswith(path):
                    self.send_error(404)
                    return
                sent = {k: v for k, v in self.headers.items() if k.lower() not in _OF_A_HOP}
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                rest = "/" + self.path.removeprefix(path)
                answer = behind.request(self.command, rest, headers=sent, content=body)
                self.send_response(answer.status_code)
                for name, value in answer.headers.items():
                    if name.lower() not in _OF_A_HOP:
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer.content)))
                self.end_headers()
                self.wfile.write(answer.content)

            def log_message(self, *_: object) -> None:
                pass

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as proxy:
            thread = threading.Thread(target=proxy.serve_forever)
            thread.start()
            try:
                yield f"http://127.0.0.1:{proxy.server_port}{path}"
            finally:
                proxy.shutdown()
                thread.join(30)
