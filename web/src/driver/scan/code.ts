// The code on a charger, from what a camera saw or a person typed.
const CODE_MAX = 100;

// The code in it; null when there is none. Blanks and case do not matter to the server, nor here.
export function codeOf(read: string): string | null {
  const text = read.trim();
  if (text === "") return null;
  if (/^[a-z][a-z+.-]*:/i.test(text)) {
    const found = /\/(?:c|charge\/at)\/([^/?#]+)/.exec(text) ?? /\/([^/?#]+)\/?(?:[?#].*)?$/.exec(text);
    if (!found || !/^https?:/i.test(text)) return null;
    try {
      return decodeURIComponent(found[1]!).slice(0, CODE_MAX);
    } catch {
      return null;
    }
  }
  return text.length <= CODE_MAX && !/[\n/\\]/.test(text) ? text : null;
}
