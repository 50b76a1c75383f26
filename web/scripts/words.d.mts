export function check(folder?: string, code?: string): string[];
