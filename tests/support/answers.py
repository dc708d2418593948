"""A server on the loopback that answers everything with the same bytes. Effects: a thread, a port."""

from __future__ import annotations

import socket
import threading
from types import TracebackType
from typing import Self


def answer(body: bytes, status: int = 200, promised: int | None = None, **headers: str) -> bytes:
    """An answer of HTTP; `promised` is a length that its body does not have."""
    told = {
        "Content-Length": str(len(body) if promised is None else promised),
        "Connection": "close",
        **headers,
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in told.items())
    return f"HTTP/1.1 {status} said\r\n{head}\r\n".encode() + body


class AnswerServer:
    """`with AnswerServer(answer(b"…")) as server:` serves it at `server.url`; `asked` are the first lines."""

    def __init__(self, said: bytes, *, hold: bool = False) -> None:
        """With `hold` it says nothing until it is closed."""
        self.asked: list[bytes] = []
        self._said = said
        self._held = threading.Event()
        if not hold:
            self._held.set()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}/all.zip"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._held.set()
        # A blocked accept does not notice that its socket was closed: this does end it.
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while True:
            try:
                peer, _ = self._socket.accept()
            except OSError:
                return
            with peer:
                try:
                    self.asked.append(peer.recv(65536).partition(b"\r\n")[0])
                    self._held.wait()
                    peer.sendall(self._said)
                    peer.shutdown(socket.SHUT_WR)
                    peer.recv(65536)
                except OSError:
                    continue
