"""A station's end of OCPP-J: its calls one at a time, paired with their answers.

The server has a peer of its own (`ocpp.peer`). This is deliberately not it: an error made once
would otherwise be made at both ends and seen at neither, and a station must choose its message ids
itself, to repeat them or not as its version says (OCPP-J 1.6 errata 3.7; 2.1 Part 4, 4.1.4).
"""

from collections.abc import Callable

from currant.ocpp.catalogue import Version
from currant.ocpp.codec import codec_for
from currant.ocpp.errors import ErrorCode, Refusal, Unsendable
from currant.ocpp.frames import Call, CallError, CallResult, Repaired, id_text, parse_frame
from currant.ocpp.payload import Payload
from currant.simulator.dialect import Answering, Refused
from currant.simulator.outbox import Letter

Send = Callable[[bytes], None]


class Line:
    """One connection's worth of calls. `failed` gets the error code; a lost answer is "timeout"."""

    __slots__ = ("_codec", "_send", "_version", "awaited", "deadline", "invalid_answers")

    def __init__(self, version: Version) -> None:
        self._version = version
        self._codec = codec_for(version)
        self._send: Send | None = None
        self.awaited: Letter | None = None
        self.deadline = 0.0
        self.invalid_answers = 0

    @property
    def connected(self) -> bool:
        return self._send is not None

    @property
    def idle(self) -> bool:
        return self._send is not None and self.awaited is None

    def open(self, send: Send) -> None:
        self._send = send
        self.awaited = None

    def close(self) -> Letter | None:
        """The connection is gone; what was asked and never answered comes back."""
        self._send = None
        letter, self.awaited = self.awaited, None
        return letter

    def ask(self, letter: Letter, *, message_id: str, deadline: float) -> None:
        assert self._send is not None
        letter.message_id = message_id
        self.awaited = letter
        self.deadline = deadline
        self._send(self._codec.encode_call(message_id, letter.action, letter.build()))

    def tell(self, message_id: str, action: str, message: Payload) -> None:
        """A message that wants no answer (2.1), beside whatever is under way."""
        if self._send is not None:
            self._send(self._codec.encode_send(message_id, action, message))

    def receive(
        self, data: bytes, answer: Callable[[str, Payload], Answering]
    ) -> tuple[Letter, Payload | Refused] | None:
        """Take a frame in: a request is answered at once; an answer comes back with what was asked."""
        frame = parse_frame(data, self._version)
        if isinstance(frame, Repaired):
            frame = frame.frame
        if isinstance(frame, Call):
            self._serve(frame, answer)
        elif isinstance(frame, CallResult | CallError):
            letter = self.awaited
            if letter is None or letter.message_id != id_text(bytes(frame.message_id)):
                return None
            self.awaited = None
            if isinstance(frame, CallError):
                return letter, Refused(code=frame.code, description=frame.description)
            decoded = self._codec.decode_response(letter.action, frame.payload)
            if isinstance(decoded, Refusal):
                self.invalid_answers += 1
                return letter, Refused(code=decoded.code.value, description=decoded.description)
            return letter, decoded.message
        return None

    def _serve(self, call: Call, answer: Callable[[str, Payload], Answering]) -> None:
        codec, message_id = self._codec, bytes(call.message_id)
        decoded = codec.decode_request(call.action, call.payload)
        if isinstance(decoded, Refusal):
            reply = codec.encode_error(message_id, decoded.code, decoded.description)
        else:
            result = answer(call.action, decoded.message)
            if isinstance(result, Refused):
                reply = codec.encode_error(message_id, ErrorCode.read(result.code), result.description)
            else:
                try:
                    reply = codec.encode_result(message_id, result)
                except Unsendable as error:
                    reply = codec.encode_error(message_id, ErrorCode.INTERNAL_ERROR, str(error))
        if self._send is not None:
            self._send(reply)
