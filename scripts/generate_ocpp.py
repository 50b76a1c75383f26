"""Write the message types of `currant.ocpp` from the official JSON schemas.

The schemas come with the PyPI package `ocpp`, a development dependency. Run it after changing it,
and commit what it writes: `python scripts/generate_ocpp.py [folder]`.

1.6 describes nested objects in place, without names, so their names are taken from the tables
below, which are those of the specification; 2.x names everything itself.
"""

import importlib.util
import json
import re
import sys
from pathlib import Path
from typing import Any

Schema = dict[str, Any]

VERSIONS = {"v16": "OCPP 1.6", "v201": "OCPP 2.0.1", "v21": "OCPP 2.1"}

OBJECTS_16 = {
    "idTagInfo": "IdTagInfo",
    "chargingSchedule": "ChargingSchedule",
    "chargingSchedulePeriod": "ChargingSchedulePeriod",
    "configurationKey": "KeyValue",
    "meterValue": "MeterValue",
    "transactionData": "MeterValue",
    "sampledValue": "SampledValue",
    "chargingProfile": "ChargingProfile",
    "csChargingProfiles": "ChargingProfile",
    "localAuthorizationList": "AuthorizationData",
}

ENUMS_16 = {
    "IdTagInfo.status": "AuthorizationStatus",
    "BootNotificationResponse.status": "RegistrationStatus",
    "CancelReservationResponse.status": "CancelReservationStatus",
    "ChangeAvailability.type": "AvailabilityType",
    "ChangeAvailabilityResponse.status": "AvailabilityStatus",
    "ChangeConfigurationResponse.status": "ConfigurationStatus",
    "ClearCacheResponse.status": "ClearCacheStatus",
    "chargingProfilePurpose": "ChargingProfilePurposeType",
    "chargingProfileKind": "ChargingProfileKindType",
    "recurrencyKind": "RecurrencyKindType",
    "chargingRateUnit": "ChargingRateUnitType",
    "ClearChargingProfileResponse.status": "ClearChargingProfileStatus",
    "DataTransferResponse.status": "DataTransferStatus",
    "DiagnosticsStatusNotification.status": "DiagnosticsStatus",
    "FirmwareStatusNotification.status": "FirmwareStatus",
    "GetCompositeScheduleResponse.status": "GetCompositeScheduleStatus",
    "SampledValue.context": "ReadingContext",
    "SampledValue.format": "ValueFormat",
    "SampledValue.measurand": "Measurand",
    "SampledValue.phase": "Phase",
    "SampledValue.location": "Location",
    "SampledValue.unit": "UnitOfMeasure",
    "RemoteStartTransactionResponse.status": "RemoteStartStopStatus",
    "RemoteStopTransactionResponse.status": "RemoteStartStopStatus",
    "ReserveNowResponse.status": "ReservationStatus",
    "Reset.type": "ResetType",
    "ResetResponse.status": "ResetStatus",
    "SendLocalList.updateType": "UpdateType",
    "SendLocalListResponse.status": "UpdateStatus",
    "SetChargingProfileResponse.status": "ChargingProfileStatus",
    "StatusNotification.errorCode": "ChargePointErrorCode",
    "StatusNotification.status": "ChargePointStatus",
    "StopTransaction.reason": "Reason",
    "TriggerMessage.requestedMessage": "MessageTrigger",
    "TriggerMessageResponse.status": "TriggerMessageStatus",
    "UnlockConnectorResponse.status": "UnlockStatus",
}

# Enumerations that stations extend in good faith: what they say is kept as it came.
OPEN_ENUMS = {"Measurand", "UnitOfMeasure", "MeasurandEnumType", "IdTokenEnumType"}

# Required, and yet None when a station's value was missing or senseless (see `payload.Reported`).
REPORTED_INSTANTS = {"timestamp", "generatedAt", "basetime"}
REPORTED_ENUMS = {"TriggerReasonEnumType"}

# Optional texts that may well be empty; any other empty text means that there is none (R12: omitted).
MAY_BE_EMPTY = {"value", "attributeValue", "actualValue", "data", "v"}

# What would come apart in the wrong places: `so_c`, `emai_ds`, `v2_x`.
SPELLINGS = {"V2X": "V2x", "SoC": "Soc", "soC": "soc", "SoH": "Soh", "soH": "soh", "EMAIDs": "Emaids"}


def snake(name: str) -> str:
    """`evseId` to `evse_id`, `maxChargePower_L2` to `max_charge_power_l2`, `targetSoC` to `target_soc`."""
    for wire, plain in SPELLINGS.items():
        name = name.replace(wire, plain)
    name = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", name)
    name = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name)
    return name.lower()


def camel(name: str) -> str:
    """What msgspec makes of a field's name by itself (``rename="camel"``)."""
    first, *rest = name.split("_")
    return first + "".join(part.title() for part in rest)


class Version:
    """The types of one version, gathered schema by schema."""

    def __init__(self, package: str, schemas: Path) -> None:
        self.package = package
        self.title = VERSIONS[package]
        self.enums: dict[str, list[str]] = {}
        self.types: dict[str, str] = {}
        self.messages: dict[str, str] = {}
        for path in sorted(schemas.glob("*.json")):
            self._message(path.stem.removesuffix("Request"), json.loads(path.read_text("utf-8-sig")))

    def _message(self, name: str, schema: Schema) -> None:
        answer = name.endswith("Response")
        what = f"The answer to {name.removesuffix('Response')}." if answer else f"The {name} message."
        self.messages[name] = self._struct(
            name, schema, schema.get("definitions", {}), f"{self.title}: {what}"
        )

    def _struct(self, name: str, schema: Schema, definitions: Schema, introduction: str) -> str:
        required = set(schema.get("required", []))
        lines = [f"class {name}(Payload, frozen=True, kw_only=True):", f'    """{introduction}"""', ""]
        properties = schema.get("properties", {})
        # In the order of the schemas, which is that of the specification's tables: so they are sent, too.
        for wire in sorted(properties, key=lambda wire: wire == "customData"):
            lines.append("    " + self._field(name, wire, properties[wire], definitions, wire in required))
        if not properties:
            lines.pop()
        return "\n".join(lines) + "\n"

    def _field(self, owner: str, wire: str, schema: Schema, definitions: Schema, required: bool) -> str:
        annotation = self._type(owner, wire, schema, definitions, required)
        if not required:
            annotation = f"Maybe[{annotation}]"
        elif wire in REPORTED_INSTANTS or annotation in REPORTED_ENUMS:
            annotation = f"Reported[{annotation}]"
        field = snake(wire)
        if camel(field) != wire:
            default = f'field(name="{wire}")' if required else f'field(default=None, name="{wire}")'
            return f"{field}: {annotation} = {default}"
        return f"{field}: {annotation}" + ("" if required else " = None")

    def _type(self, owner: str, wire: str, schema: Schema, definitions: Schema, required: bool) -> str:
        if "$ref" in schema:
            name = schema["$ref"].rsplit("/", 1)[1]
            if name == "CustomDataType":
                return name
            return self._named(name, definitions[name], definitions)
        if "enum" in schema:
            return self._enum(ENUMS_16.get(f"{owner}.{wire}") or ENUMS_16[wire], schema["enum"])
        if "type" not in schema:
            return "Any"  # DataTransfer.data of 2.x
        match schema["type"]:
            case "object":
                return self._named(OBJECTS_16[wire], schema, definitions)
            case "array":
                item = self._type(owner, wire, schema["items"], definitions, True)
                limits = {"min_length": schema.get("minItems"), "max_length": schema.get("maxItems")}
                return limited(f"list[{item}]", limits)
            case "string" if schema.get("format") == "date-time":
                return "Instant"
            case "string":
                least = None if required or wire in MAY_BE_EMPTY else 1
                return limited("str", {"min_length": least, "max_length": schema.get("maxLength")})
            case "integer":
                low, high = schema.get("minimum"), schema.get("maximum")
                if low is None and high is None:
                    return "Integer"
                ends = {
                    "ge": int(-(2**63) if low is None else low),
                    "le": int(2**63 - 1 if high is None else high),
                }
                return limited("int", ends)
            case "number":
                return limited("float", {"ge": schema.get("minimum"), "le": schema.get("maximum")})
            case "boolean":
                return "bool"
        raise ValueError(f"{self.title} {owner}.{wire}: no type for {schema}")

    def _named(self, name: str, schema: Schema, definitions: Schema) -> str:
        if "enum" in schema:
            return self._enum(name, schema["enum"])
        written = self._struct(name, schema, definitions, f"{self.title}: {name}.")
        # Two schemas of 1.6 differ in whether a list may be empty: the type with more limits suits both.
        self.types[name] = max(
            self.types.setdefault(name, written), written, key=lambda text: text.count("=")
        )
        return name

    def _enum(self, name: str, values: list[str]) -> str:
        # The two lists of units in 1.6 differ by Hertz (errata 2.2); one type knows the words of both.
        known = self.enums.setdefault(name, list(values))
        known.extend(value for value in values if value not in known)
        return name

    def write(self, folder: Path) -> None:
        folder = folder / self.package
        folder.mkdir(parents=True, exist_ok=True)
        enums = "\n".join(self._enum_text(name) for name in sorted(self.enums))
        head = '"""{}: {}. Generated by scripts/generate_ocpp.py, do not edit."""\n\n'
        (folder / "enums.py").write_text(
            head.format(self.title, "enumerations")
            + "from typing import TYPE_CHECKING, Literal, TypeAlias\n\n"
            + names(self.enums)
            + enums
        )
        types = "\n\n".join(self.types.values())
        (folder / "types.py").write_text(
            head.format(self.title, "parts of messages")
            + imports(types, ["enums"], self)
            + names(self.types)
            + "\n"
            + types
        )
        messages = "\n\n".join(self.messages.values())
        (folder / "messages.py").write_text(
            head.format(self.title, "requests and answers")
            + imports(messages, ["enums", "types"], self)
            + names(self.messages)
            + "\n"
            + messages
        )
        (folder / "__init__.py").write_text(
            head.format(self.title, "the message types, named as in the specification")
            + "".join(
                f"from currant.ocpp.{self.package}.{module} import *\n"
                for module in ("enums", "messages", "types")
            )
        )

    def _enum_text(self, name: str) -> str:
        literal = "Literal[\n" + "".join(f'    "{value}",\n' for value in self.enums[name]) + "]\n"
        if name not in OPEN_ENUMS:
            return f"{name}: TypeAlias = {literal}"
        # To the type checker it is a str: a station's own word may come through.
        inner = literal.replace("\n", "\n    ").rstrip(" ")
        return f"if TYPE_CHECKING:\n    {name}: TypeAlias = str\nelse:\n    {name} = {inner}"


def limited(annotation: str, limits: dict[str, Any]) -> str:
    given = ", ".join(f"{key}={value}" for key, value in limits.items() if value is not None)
    return f"Annotated[{annotation}, Meta({given})]" if given else annotation


def names(defined: dict[str, Any]) -> str:
    return "__all__ = [\n" + "".join(f'    "{name}",\n' for name in sorted(defined)) + "]\n\n"


def imports(code: str, modules: list[str], version: Version) -> str:
    def used(word: str) -> bool:
        return re.search(rf"\b{word}\b", re.sub(r'""".*?"""', "", code)) is not None

    lines = []
    typing = [word for word in ("Annotated", "Any") if used(word)]
    if typing:
        lines.append(f"from typing import {', '.join(typing)}\n")
    spec = [word for word in ("Meta", "field") if re.search(rf"\b{word}\(", code)]
    if spec:
        lines.append(f"from msgspec import {', '.join(spec)}\n")
    shared = [
        word
        for word in ("CustomDataType", "Instant", "Integer", "Maybe", "Payload", "Reported")
        if used(word)
    ]
    lines.append(f"from currant.ocpp.payload import {', '.join(shared)}\n")
    for module in modules:
        wanted = [name for name in sorted(getattr(version, module)) if used(name)]
        if wanted:
            inside = "".join(f"    {name},\n" for name in wanted)
            lines.append(f"from currant.ocpp.{version.package}.{module} import (\n{inside})\n")
    return "\n".join(lines) + "\n"


def generate(folder: Path) -> None:
    """Write the packages `v16`, `v201` and `v21` into `folder`."""
    spec = importlib.util.find_spec("ocpp")
    if spec is None or spec.origin is None:
        sys.exit("The schemas come with the package `ocpp`: install the development dependencies first.")
    for package in VERSIONS:
        Version(package, Path(spec.origin).parent / package / "schemas").write(folder)


if __name__ == "__main__":
    here = Path(__file__).resolve().parent.parent / "src" / "currant" / "ocpp"
    generate(Path(sys.argv[1]) if len(sys.argv) > 1 else here)
