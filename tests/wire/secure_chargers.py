"""Chargers for the tests of link security: one that takes certificates, one that keeps a password, one that moves."""

import asyncio
from typing import Any

from cryptography import x509
from network import PASSWORD, client_context
from securing import Charger, Secure, password

from currant.pki.hashes import hash_of_root


async def taking(secure: Secure, version: str, identity: str = "CS-1") -> Charger:
    """A charger in security profile 2 that takes whatever certificate it is sent."""
    await secure.net.add(identity, password=PASSWORD)
    charger = Charger(identity, version)

    def take(payload: dict[str, Any]) -> dict[str, Any]:
        charger.chain = payload["certificateChain"]
        return {"status": "Accepted"}

    charger.handlers["CertificateSigned"] = take
    await charger.connect(
        secure.net.tls_url, ssl=client_context(secure.authority), **password(identity, PASSWORD)
    )
    return charger


def hash_words(named: Any) -> dict[str, str]:
    return {
        "hashAlgorithm": named.algorithm,
        "issuerNameHash": named.issuer_name_hash.upper(),
        "issuerKeyHash": named.issuer_key_hash,
        "serialNumber": named.serial_number,
    }


class Shelf:
    """The roots in a charger."""

    def __init__(self, charger: Charger) -> None:
        self.roots: dict[str, list[dict[str, str]]] = {}
        self.version = charger.version
        charger.handlers["InstallCertificate"] = self.install
        charger.handlers["DeleteCertificate"] = self.delete
        charger.handlers["GetInstalledCertificateIds"] = self.told

    def install(self, payload: dict[str, Any]) -> dict[str, Any]:
        root = x509.load_pem_x509_certificate(payload["certificate"].encode())
        self.roots.setdefault(payload["certificateType"], []).append(hash_words(hash_of_root(root)))
        return {"status": "Accepted"}

    def delete(self, payload: dict[str, Any]) -> dict[str, Any]:
        wanted = payload["certificateHashData"]["serialNumber"]
        for held in self.roots.values():
            for each in held:
                if each["serialNumber"] == wanted:
                    held.remove(each)
                    return {"status": "Accepted"}
        return {"status": "NotFound"}

    def told(self, payload: dict[str, Any]) -> dict[str, Any]:
        asked = payload.get("certificateType") or list(self.roots)
        if self.version == "1.6":
            held = self.roots.get(asked, [])
            return {"status": "Accepted", "certificateHashData": held} if held else {"status": "NotFound"}
        chain = [
            {"certificateType": use, "certificateHashData": each}
            for use in asked
            for each in self.roots.get(use, [])
        ]
        return {"status": "Accepted", "certificateHashDataChain": chain} if chain else {"status": "NotFound"}


class Holder(Charger):
    """A charger that keeps the password it is given; `answer` is what it says to that."""

    def __init__(self, version: str, answer: str | None = "Accepted") -> None:
        super().__init__("CS-1", version)
        self.password = PASSWORD
        self.given: str | None = None
        self.answer = answer
        self.handlers["ChangeConfiguration"] = self.change
        self.handlers["SetVariables"] = self.set

    def change(self, payload: dict[str, Any]) -> dict[str, Any] | None:
        assert payload["key"] == "AuthorizationKey"
        return self.take(payload["value"], lambda said: {"status": said})

    def set(self, payload: dict[str, Any]) -> dict[str, Any] | None:
        [wanted] = payload["setVariableData"]
        assert (wanted["component"]["name"], wanted["variable"]["name"]) == (
            "SecurityCtrlr",
            "BasicAuthPassword",
        )
        told = {"component": wanted["component"], "variable": wanted["variable"]}
        return self.take(
            wanted["attributeValue"], lambda said: {"setVariableResult": [{"attributeStatus": said, **told}]}
        )

    def take(self, value: str, say: Any) -> dict[str, Any] | None:
        self.given = value
        if self.answer == "Rejected":
            return dict(say("Rejected"))
        self.password = value
        return None if self.answer is None else dict(say(self.answer))


async def holding(secure: Secure, version: str, answer: str | None = "Accepted") -> Holder:
    await secure.net.add("CS-1", password=PASSWORD)
    holder = Holder(version, answer)
    await holder.connect(
        secure.net.tls_url, ssl=client_context(secure.authority), **password("CS-1", PASSWORD)
    )
    return holder


class Movable(Charger):
    """A charger that can be moved: it keeps what it is told, and leaves when it is told to restart."""

    def __init__(self, version: str) -> None:
        super().__init__("CS-1", version)
        self.profiles: dict[int, dict[str, Any]] = {}
        self.priority = "1"
        self.left = asyncio.Event()
        self.leaving: list[asyncio.Task[None]] = []
        self.refuses_priority = False
        self.handlers |= {
            "GetInstalledCertificateIds": lambda _: {"status": "NotFound"},
            "InstallCertificate": lambda _: {"status": "Accepted"},
            "ChangeConfiguration": self.change,
            "SetNetworkProfile": self.set_profile,
            "GetVariables": self.get_variables,
            "SetVariables": self.set_variables,
            "Reset": self.reset,
            "TriggerMessage": self.trigger,
            "ExtendedTriggerMessage": self.trigger,
            "CertificateSigned": self.take,
        }

    def change(self, payload: dict[str, Any]) -> dict[str, Any]:
        assert payload["key"] == "SecurityProfile"
        self.leave()
        return {"status": "Accepted"}

    def set_profile(self, payload: dict[str, Any]) -> dict[str, Any]:
        if payload["configurationSlot"] == 1:
            return {"status": "Rejected"}
        self.profiles[payload["configurationSlot"]] = payload["connectionData"]
        return {"status": "Accepted"}

    def get_variables(self, payload: dict[str, Any]) -> dict[str, Any]:
        [wanted] = payload["getVariableData"]
        return {
            "getVariableResult": [{"attributeStatus": "Accepted", "attributeValue": self.priority, **wanted}]
        }

    def set_variables(self, payload: dict[str, Any]) -> dict[str, Any]:
        [wanted] = payload["setVariableData"]
        assert wanted["variable"]["name"] == "NetworkConfigurationPriority"
        if not self.refuses_priority:
            self.priority = wanted["attributeValue"]
        told = {"component": wanted["component"], "variable": wanted["variable"]}
        status = "Rejected" if self.refuses_priority else "Accepted"
        return {"setVariableResult": [{"attributeStatus": status, **told}]}

    def reset(self, payload: dict[str, Any]) -> dict[str, Any]:
        self.leave()
        return {"status": "Accepted"}

    def trigger(self, payload: dict[str, Any]) -> dict[str, Any]:
        self.leaving.append(asyncio.create_task(self.ask()))
        return {"status": "Accepted"}

    async def ask(self) -> None:
        await asyncio.sleep(0.01)
        assert (await self.call("SignCertificate", csr=self.request()))["status"] == "Accepted"

    def take(self, payload: dict[str, Any]) -> dict[str, Any]:
        self.chain = payload["certificateChain"]
        return {"status": "Accepted"}

    def leave(self) -> None:
        self.leaving.append(asyncio.create_task(self.go()))

    async def go(self) -> None:
        await asyncio.sleep(0.05)
        await self.close()
        self.left.set()


async def on_profile_1(secure: Secure, version: str) -> Movable:
    await secure.net.add("CS-1", password=PASSWORD, security_profile=1)
    charger = Movable(version)
    await charger.connect(secure.net.url, **password("CS-1", PASSWORD))
    return charger
