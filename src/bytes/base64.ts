/** What `String.fromCharCode` takes at once without filling the stack. */
const STEP_BYTES = 32 * 1024;

/** Bytes in base64, with what both Node and a browser have. */
export function base64(bytes: Uint8Array): string {
  const parts: string[] = [];
  for (let at = 0; at < bytes.length; at += STEP_BYTES)
    parts.push(String.fromCharCode(...bytes.subarray(at, at + STEP_BYTES)));
  return btoa(parts.join(''));
}
