"""One WebSocket of a station: whole messages out of frames, at a bearable pace, until it is closed.

Knows nothing of OCPP. What a message means is `connection`'s business, which stands on this.
"""

import asyncio
import time

from picows import WSCloseCode, WSFrame, WSListener, WSMsgType, WSTransport

from currant.gateway.compression import Compression
from currant.gateway.config import GatewayConfig
from currant.gateway.messages import Assembly, Broken, expand
from currant.gateway.pace import Pace

TEXT = WSMsgType.TEXT
CLOSING_S = 2.0
"""How long a station may take to answer a close, before its socket is cut off."""

monotonic = time.monotonic


class Socket(WSListener):
    """`current` is true until the connection has left, or was replaced: from then on it has no effect."""

    __slots__ = (
        "_assembly",
        "_closing",
        "_compression",
        "_config",
        "_held",
        "_pace",
        "_transport",
        "current",
        "heard_at",
        "opened_at",
        "pinged_at",
        "ponged",
    )

    def __init__(self, config: GatewayConfig, compression: Compression | None) -> None:
        now = monotonic()
        self._config = config
        self._compression = compression
        self._transport: WSTransport | None = None
        self._assembly: Assembly | None = None
        self._held = 0
        self._pace = Pace(config.message_burst, now=now)
        self._closing = ""
        self.current = True
        self.opened_at = self.heard_at = now
        self.pinged_at = 0.0
        self.ponged = False

    # What stands on this fills in

    def _opened(self) -> None:
        raise NotImplementedError

    def _message(self, data: bytes, now: float) -> None:
        raise NotImplementedError

    def _left(self) -> None:
        """Called once, when `current` has become false."""
        raise NotImplementedError

    def _odd(self, code: str, detail: str) -> None:
        """The station does something that is not quite right."""
        raise NotImplementedError

    def _too_fast(self) -> None:
        """The station speaks faster than is allowed, and is about to be closed for it."""
        raise NotImplementedError

    # picows

    def on_ws_connected(self, transport: WSTransport) -> None:
        self._transport = transport
        self._opened()

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        self.heard_at = now = monotonic()
        if (
            frame.msg_type is TEXT
            and frame.fin
            and not (frame.rsv1 or frame.rsv2 or frame.rsv3)
            and self._assembly is None
        ):
            data = frame.get_payload_as_bytes()
        else:
            whole = self._unusual(transport, frame)
            if whole is None:
                return
            data = whole
        if not self.current:
            return
        config = self._config
        pause_s = self._pace.spend(config.messages_per_second, config.message_burst, now=now)
        if pause_s:
            self._slow_down(pause_s, now)
        self._message(data, now)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self._transport = None
        self.leave()

    def pause_writing(self) -> None:
        # The station does not take what is sent: it is not listened to until it does.
        self.hold()

    def resume_writing(self) -> None:
        self.let_go()

    def _unusual(self, transport: WSTransport, frame: WSFrame) -> bytes | None:
        """Control frames, fragments and compressed messages; a whole message, if this completes one."""
        kind = frame.msg_type
        if kind is WSMsgType.PING:
            transport.send_pong(frame.get_payload_as_bytes())
            return None
        if kind is WSMsgType.PONG:
            self.ponged = True
            return None
        if kind is WSMsgType.CLOSE:
            self._closing = self._closing or "The station closed the connection."
            transport.send_close(WSCloseCode.OK)
            transport.disconnect()
            return None
        limit = self._config.max_message_bytes
        try:
            if frame.fin and self._assembly is None and kind is not WSMsgType.CONTINUATION:
                if frame.rsv2 or frame.rsv3 or (frame.rsv1 and self._compression is None):
                    raise Broken(WSCloseCode.PROTOCOL_ERROR, "A reserved bit is set that was not agreed on.")
                if kind is WSMsgType.BINARY:
                    self._odd("binary-frame", "a text frame is due")
                message = frame.get_payload_as_bytes()
                return expand(message, limit=limit) if frame.rsv1 else message
            if self._assembly is None:
                self._assembly = Assembly()
            whole = self._assembly.add(frame, may_compress=self._compression is not None, limit=limit)
            if whole is not None:
                self._assembly = None
            return whole
        except Broken as broken:
            self.close(broken.code, reason=broken.reason)
            return None

    def send(self, data: bytes) -> None:
        transport = self._transport
        if transport is None or not self.current:
            return
        compression = self._compression
        if compression is not None and len(data) > self._config.compress_above_bytes:
            transport.send(TEXT, compression.deflate(data), True, True)
        else:
            transport.send(TEXT, data)

    def ping(self, now: float) -> None:
        if self._transport is not None:
            self.pinged_at = now
            self._transport.send_ping()

    # Reading slower

    def hold(self) -> None:
        """Stop reading until as many `let_go` have come."""
        self._held += 1
        if self._held == 1 and self._transport is not None:
            self._transport.underlying_transport.pause_reading()

    def let_go(self) -> None:
        self._held -= 1
        if self._held == 0 and self._transport is not None:
            socket = self._transport.underlying_transport
            if not socket.is_closing():
                socket.resume_reading()

    def _slow_down(self, pause_s: float, now: float) -> None:
        if self._pace.throttled_for(now=now) > self._config.throttled_limit_s:
            self._too_fast()
            self.close(WSCloseCode.POLICY_VIOLATION, reason="Too many messages.")
            return
        self.hold()
        asyncio.get_running_loop().call_later(pause_s, self.let_go)

    # Going

    def close(self, code: WSCloseCode = WSCloseCode.OK, *, reason: str = "") -> None:
        """End the connection: told first, cut off when the station does not answer."""
        transport = self._transport
        self._closing = self._closing or reason
        if transport is None or transport.is_disconnected:
            return
        transport.send_close(code, reason.encode()[:120])
        self.leave()
        loop = asyncio.get_running_loop()
        loop.call_later(0.05, transport.disconnect)
        loop.call_later(CLOSING_S, transport.disconnect, False)

    def leave(self) -> None:
        if self.current:
            self.current = False
            self._left()
