// How hard a password is to guess, roughly: length counts most, as in four random words.

export const LENGTH_MIN = 10;

// 0 too short or all alike, 1 will do, 2 good, 3 very good.
export function strengthOf(password: string): 0 | 1 | 2 | 3 {
  const different = new Set(password).size;
  if (password.length < LENGTH_MIN || different < 5) return 0;
  const kinds = [/\p{Ll}/u, /\p{Lu}/u, /\p{N}/u, /[^\p{L}\p{N}]/u].filter((kind) =>
    kind.test(password),
  ).length;
  const worth = password.length + 2 * kinds + (different > 10 ? 2 : 0);
  if (worth >= 26) return 3;
  return worth >= 18 ? 2 : 1;
}
