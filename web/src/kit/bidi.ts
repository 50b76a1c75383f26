// What is put into a sentence keeps its own direction: an identity within Arabic, an Arabic name within German.
const [ISOLATE, POP] = ["\u2068", "\u2069"];
const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/;
const LEFT_TO_RIGHT = /[A-Za-z\u00c0-\u024f\u0370-\u052f\u0900-\u0dff]/;
const DIGIT_OR_SIGN = /[0-9+\-/:.@_#*%]/;

export function isolated(value: string, direction: "ltr" | "rtl"): string {
  const foreign =
    direction === "rtl"
      ? LEFT_TO_RIGHT.test(value) || (value.length > 1 && DIGIT_OR_SIGN.test(value))
      : RIGHT_TO_LEFT.test(value);
  return foreign ? `${ISOLATE}${value}${POP}` : value;
}
