import i18next from "i18next";
import { beforeAll, expect, test } from "vitest";
import de from "../../../words/de.json";
import { problemWords } from "./problems";

const i18n = i18next.createInstance();

beforeAll(() =>
  i18n.init({
    lng: "de",
    resources: { de: { translation: de.console } },
    interpolation: { escapeValue: false },
  }),
);

const attempt = (problem: string, facts: Record<string, string | number | null> = {}) => ({
  problem: problem as never,
  facts,
  text: "In English.",
  path: "/ocpp/",
  identity: "CP1",
});

test("what a variant knows more exactly is said", () => {
  expect(problemWords(i18n.t, attempt("wrong_password", { variant: "spaces" }))).toContain("Leerzeichen");
});

test("a variant that is not known here is told as its problem", () => {
  expect(problemWords(i18n.t, attempt("wrong_password", { variant: "sung" }))).toBe(
    problemWords(i18n.t, attempt("wrong_password")),
  );
});

test("a problem that is not known here is told in English", () => {
  expect(problemWords(i18n.t, attempt("ate_the_cable"))).toBe("In English.");
});

test("a fact that is not known leaves a dash, not a hole", () => {
  expect(problemWords(i18n.t, attempt("tls_failed", { detail: null }))).toContain("(–)");
});

test("the station's standing is told in words, and its identity as it is", () => {
  expect(problemWords(i18n.t, attempt("not_admitted", { admission: "retired" }))).toContain(
    de.console.network.admission.retired,
  );
  expect(problemWords(i18n.t, attempt("unknown_identity"))).toContain("CP1");
});
