import i18next from "i18next";
import { beforeAll, expect, test } from "vitest";
import en from "../words/en.json";
import { errorWords, faultCode, securityKindWords, stopReasonWords, whoWords } from "./vocabulary";

const i18n = i18next.createInstance();

beforeAll(() => i18n.init({ lng: "en", resources: { en: { translation: en.console } } }));

test("faults have the codes that the server gives them", () => {
  expect(faultCode("GroundFailure")).toBe("fault_ground_failure");
  expect(faultCode("EVSEContactorFault")).toBe("fault_evse_contactor_fault");
  expect(faultCode("EVCommunicationError")).toBe("fault_ev_communication_error");
  expect(faultCode("CableOverTempStop")).toBe("fault_cable_over_temp_stop");
});

test("an error is told in words, and one of a maker's own as it came", () => {
  expect(errorWords(i18n.t, "PowerLoss")).toBe(en.console.insight.fault_power_loss);
  expect(errorWords(i18n.t, "E42 hiccups")).toBe("E42 hiccups");
  expect(errorWords(i18n.t, "")).toBe("");
});

test("reasons and kinds that nobody knows are told as they came", () => {
  expect(stopReasonWords(i18n.t, "EVDisconnected")).toBe(en.console.stop_reason.EVDisconnected);
  expect(stopReasonWords(i18n.t, "Solar.Eclipse")).toBe("Solar.Eclipse");
  expect(securityKindWords(i18n.t, null)).toBe("");
});

test("who did it is told by name", () => {
  expect(whoWords(i18n.t, "person:ada@example.com")).toBe("ada@example.com");
  expect(whoWords(i18n.t, "key:billing")).toContain("billing");
  expect(whoWords(i18n.t, "local")).toBe(en.console.audit.by_local);
  expect(whoWords(i18n.t, "")).toBe("–");
});
