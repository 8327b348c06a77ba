/** Names of sizes inside a text, such as `⌊(model.height+1)/2⌋`. */
const NAMES = /[A-Za-z_][\w.:/]*/g;

interface SizeName {
  readonly short: string;
  readonly name: string;
}

/**
 * Puts short names for the long names of sizes in a text, as the model's page does. Of several keys the first that
 * knows a name counts.
 */
export function shortNamer(...keys: readonly (readonly SizeName[] | undefined)[]): (text: string) => string {
  const short = new Map<string, string>();
  for (const key of [...keys].reverse()) for (const entry of key ?? []) short.set(entry.name, entry.short);
  if (short.size === 0) return (text) => text;
  return (text) => text.replace(NAMES, (name) => short.get(name) ?? name);
}
