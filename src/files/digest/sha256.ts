import { joined } from '../../bytes/joined.ts';

/** SHA-256 over parts, in hexadecimal digits. The platform's own, which browsers have too, takes them in one piece. */
export async function sha256(parts: readonly (string | Uint8Array)[]): Promise<string> {
  const encoder = new TextEncoder();
  const bytes = parts.map((part) => (typeof part === 'string' ? encoder.encode(part) : part));
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', joined(bytes)));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
