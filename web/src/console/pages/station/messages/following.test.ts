import { expect, it } from "vitest";
import { found, KEPT, type Message, pretty, withNew } from "./following";

const message = (id: number, more: Partial<Message> = {}): Message =>
  ({
    id,
    at: new Date(id * 1000).toISOString(),
    message_id: String(id),
    direction: "in",
    action: "Heartbeat",
    outcome: "answered",
    request: "{}",
    response: null,
    ...more,
  }) as Message;

it("puts new messages before the old, each once, and forgets the oldest", () => {
  expect(withNew([message(2), message(1)], [message(3), message(2)]).map(({ id }) => id)).toEqual([3, 2, 1]);
  // Followed, it has no number yet; listed, it has.
  expect(withNew([message(2)], [message(2, { id: 0 })]).length).toBe(1);
  const many = Array.from({ length: KEPT }, (_, at) => message(KEPT - at));
  const next = withNew(many, [message(KEPT + 1)]);
  expect([next.length, next[0]?.id, next[next.length - 1]?.id]).toEqual([KEPT, KEPT + 1, 2]);
});

it("finds text in the action, the call and its answer", () => {
  const all = [
    message(1, { request: '{"idTag":"04A1"}' }),
    message(2, { response: '{"status":"Accepted"}' }),
  ];
  expect(found(all, "04a1").map(({ id }) => id)).toEqual([1]);
  expect(found(all, "accepted").map(({ id }) => id)).toEqual([2]);
  expect(found(all, " ").length).toBe(2);
});

it("shows what cannot be read as it is", () => {
  expect(pretty('{"a":1}')).toBe('{\n  "a": 1\n}');
  expect(pretty("{broken")).toBe("{broken");
  expect(pretty(null)).toBe("");
});
