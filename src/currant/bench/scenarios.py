"""The scripts of the load: what each station says, in which order, and what it must be told."""

from currant.bench import messages as say
from currant.bench.load import Script

CALLS_A_SESSION = 14
METERINGS_A_SESSION = 6
WATT_HOURS_A_SAMPLE = 184
SECONDS_A_SAMPLE = 60


def boots(version: str) -> Script:
    yield say.boot(version)


def heartbeats(count: int) -> Script:
    for number in range(count):
        yield say.heartbeat(number)


class Metering16:
    """A running 1.6 transaction that is metered again and again."""

    def __init__(self, number: int) -> None:
        self.uid = say.token_uid(number)
        self.transaction = 0
        self.samples = 0

    def begin(self) -> Script:
        answer = yield say.start_16(0, self.uid, 0, 1000)
        self.transaction = answer["transactionId"]

    def go_on(self, count: int) -> Script:
        for _ in range(count):
            self.samples += 1
            yield say.meter_values_16(self.samples, self.transaction, self.samples, 1000 + self.samples)


class Metering2:
    """A running 2.x transaction that is metered again and again, from `second` and `energy_wh` on."""

    def __init__(self, number: int, name: str, *, second: int, energy_wh: int) -> None:
        self.uid = say.token_uid(number)
        self.transaction = f"{name}-{number}"
        self.second = second
        self.energy_wh = energy_wh
        self.samples = 0

    def begin(self) -> Script:
        yield say.transaction_event(
            0, "Started", self.transaction, 0, self.second, self.energy_wh, trigger="Authorized", uid=self.uid
        )

    def go_on(self, count: int) -> Script:
        for _ in range(count):
            self.samples += 1
            n = self.samples
            yield say.transaction_event(
                n, "Updated", self.transaction, n, self.second + n, self.energy_wh + n
            )


def sessions_16(station: int, count: int, first: int = 0) -> Script:
    """Whole sessions of 14 calls, one after the other; the register goes on between them."""
    energy = 1000 + first * METERINGS_A_SESSION * WATT_HOURS_A_SAMPLE
    second = first * 1000
    uid = say.token_uid(station)
    for n in range(first, first + count):
        yield say.status_16(n, "Preparing", second)
        yield say.authorize(n, "1.6", uid)
        answer = yield say.start_16(n, uid, second + 1, energy)
        transaction = answer["transactionId"]
        yield say.status_16(n, "Charging", second + 2)
        for _ in range(METERINGS_A_SESSION):
            second += SECONDS_A_SAMPLE
            energy += WATT_HOURS_A_SAMPLE
            yield say.meter_values_16(n, transaction, second, energy)
        yield say.status_16(n, "SuspendedEV", second + 10)
        yield say.stop_16(n, transaction, uid, second + 30, energy)
        yield say.status_16(n, "Finishing", second + 31)
        yield say.status_16(n, "Available", second + 60)
        second += 100


def sessions_2(station: int, count: int, first: int = 0) -> Script:
    """Whole sessions of 14 calls as 2.0.1 tells them."""
    energy = 1000 + first * METERINGS_A_SESSION * WATT_HOURS_A_SAMPLE
    second = first * 1000
    uid = say.token_uid(station)
    for n in range(first, first + count):
        transaction = f"s{station}-{n}"
        yield say.status_2(n, "Occupied", second)
        yield say.authorize(n, "2.0.1", uid)
        yield say.transaction_event(
            n, "Started", transaction, 0, second + 1, energy, trigger="CablePluggedIn", state="EVConnected"
        )
        yield say.transaction_event(
            n,
            "Updated",
            transaction,
            1,
            second + 2,
            energy,
            trigger="Authorized",
            state="EVConnected",
            uid=uid,
        )
        yield say.transaction_event(
            n, "Updated", transaction, 2, second + 3, energy, trigger="ChargingStateChanged"
        )
        for sample in range(METERINGS_A_SESSION):
            second += SECONDS_A_SAMPLE
            energy += WATT_HOURS_A_SAMPLE
            yield say.transaction_event(n, "Updated", transaction, 3 + sample, second, energy)
        yield say.transaction_event(
            n,
            "Updated",
            transaction,
            9,
            second + 10,
            energy,
            trigger="ChargingStateChanged",
            state="SuspendedEV",
        )
        yield say.transaction_event(
            n,
            "Ended",
            transaction,
            10,
            second + 30,
            energy,
            trigger="EVCommunicationLost",
            state="Idle",
            stopped="EVDisconnected",
        )
        yield say.status_2(n, "Available", second + 60)
        second += 100
