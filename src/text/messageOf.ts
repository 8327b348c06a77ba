/** What went wrong, in the error's own words: anything may be thrown, and some of it is no Error. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
