"""Asks an application within this process: no socket, and many requests a second."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx
from fastapi import FastAPI


class Inside:
    """A client of one application; close it after use.

    Parameters
    ----------
    headers : mapping, optional
        Sent with every request.
    """

    def __init__(self, app: FastAPI, headers: Mapping[str, str] | None = None) -> None:
        self.app = app
        self._runner = asyncio.Runner()
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        self._client = httpx.AsyncClient(
            transport=transport, base_url="http://service", headers=headers
        )

    def request(self, method: str, address: str, **more: Any) -> httpx.Response:
        """Send one request; cookies are sent only where a header says so."""
        self._client.cookies.clear()
        return self._runner.run(self._client.request(method, address, **more))

    def get(self, address: str, **more: Any) -> httpx.Response:
        """Send a GET."""
        return self.request("GET", address, **more)

    def at_once(self, addresses: list[str], **more: Any) -> list[httpx.Response]:
        """Send many GETs at the same time."""

        async def all_of_them() -> list[httpx.Response]:
            asked = (self._client.get(address, **more) for address in addresses)
            return list(await asyncio.gather(*asked))

        return self._runner.run(all_of_them())

    def close(self) -> None:
        """Let go of the loop."""
        self._runner.run(self._client.aclose())
        self._runner.close()
