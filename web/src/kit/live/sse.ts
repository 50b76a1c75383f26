// Server-sent events read from an answer's body (WHATWG HTML, 9.2.6).
//
// The browser's own EventSource does not tell why it was refused, and cannot be told when to try again.

export interface ServerEvent {
  kind: string;
  data: string;
  id: string;
}

// Takes text as it comes, in pieces of any length, and gives whole events; comments are nothing but a sign of life.
export class EventParser {
  private rest = "";
  private kind = "";
  private lines: string[] = [];
  private id = "";

  take(text: string): ServerEvent[] {
    const found: ServerEvent[] = [];
    const parts = (this.rest + text).split("\n");
    this.rest = parts.pop() ?? "";
    for (const part of parts) {
      const line = part.endsWith("\r") ? part.slice(0, -1) : part;
      if (line === "") {
        if (this.lines.length > 0)
          found.push({ kind: this.kind || "message", data: this.lines.join("\n"), id: this.id });
        this.kind = "";
        this.id = "";
        this.lines = [];
        continue;
      }
      const colon = line.indexOf(":");
      if (colon === 0) continue;
      const field = colon < 0 ? line : line.slice(0, colon);
      const value = colon < 0 ? "" : line.slice(colon + (line[colon + 1] === " " ? 2 : 1));
      if (field === "event") this.kind = value;
      else if (field === "data") this.lines.push(value);
      else if (field === "id") this.id = value;
    }
    return found;
  }
}

// Read an answer to its end; `alive` is called for whatever comes.
export async function readEvents(
  answer: Response,
  told: { event: (event: ServerEvent) => void; alive: () => void },
): Promise<void> {
  const reader = answer.body?.getReader();
  if (!reader) return;
  const parser = new EventParser();
  const decoder = new TextDecoder();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    told.alive();
    for (const event of parser.take(decoder.decode(value, { stream: true }))) told.event(event);
  }
}
