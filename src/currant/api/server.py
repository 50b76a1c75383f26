"""Serves the API with uvicorn in the loop that is already running; signals stay with whoever owns them."""

import asyncio
import contextlib
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import uvicorn
from litestar import Litestar

GRACE_S = 5


class Tls(msgspec.Struct, frozen=True, kw_only=True):
    """The certificate chain and private key (PEM) that HTTPS uses."""

    certificate: Path
    key: Path


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class ApiServer:
    """A listening API: `start()`, then `port` says where, `stop()` ends streams and waits for requests."""

    def __init__(
        self,
        app: Litestar,
        *,
        host: str,
        port: int,
        tls: Tls | None = None,
        trusted_proxies: tuple[str, ...] = (),
    ) -> None:
        settings: dict[str, Any] = {}
        if tls is not None:
            settings |= {
                "ssl_certfile": str(tls.certificate),
                "ssl_keyfile": str(tls.key),
                "ssl_version": ssl.PROTOCOL_TLS_SERVER,
            }
        self.app = app
        self._tls = tls
        self._server = _Server(
            uvicorn.Config(
                app,
                host=host,
                port=port,
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=bool(trusted_proxies),
                forwarded_allow_ips=list(trusted_proxies),
                timeout_graceful_shutdown=GRACE_S,
                timeout_keep_alive=75,
                limit_concurrency=4_000,
                backlog=2_048,
                ws="none",
                **settings,
            )
        )
        self._running: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Listen; raises OSError when the address cannot be had."""
        self._running = asyncio.create_task(self._run(), name="api")
        while not self._server.started:
            if self._running.done():
                self._running.result()
                raise OSError("The API could not be started: see the log.")
            await asyncio.sleep(0.005)

    @property
    def port(self) -> int:
        """The port it listens on, also when 0 was asked for."""
        return int(self._server.servers[0].sockets[0].getsockname()[1])

    def reload_certificate(self) -> None:
        """Use the certificate's files as they are now, for connections that come from now on."""
        context = self._server.config.ssl
        if self._tls is not None and context is not None:
            context.load_cert_chain(self._tls.certificate, self._tls.key)

    async def stop(self) -> None:
        # Event streams never end by themselves: they are told, or they would use up the grace of all.
        closing: asyncio.Event = self.app.state.closing
        closing.set()
        self._server.should_exit = True
        if self._running is not None:
            await self._running
            self._running = None

    async def _run(self) -> None:
        try:
            await self._server.serve()
        except SystemExit as error:  # uvicorn's way to say that the port is taken
            config = self._server.config
            raise OSError(f"Cannot listen on {config.host}:{config.port}: is it taken?") from error


async def serve(
    app: Litestar, host: str, port: int, tls: Tls | None = None, *, trusted_proxies: tuple[str, ...] = ()
) -> ApiServer:
    """A started `ApiServer`; the caller stops it."""
    server = ApiServer(app, host=host, port=port, tls=tls, trusted_proxies=trusted_proxies)
    await server.start()
    return server
