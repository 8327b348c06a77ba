import * as system from './node/paths.ts';

/**
 * Files are named by text: a path on a disk, or a URI such as `memfs:/models/net.onnx` for what lies on no disk. These
 * functions are those of `node:path`, for both.
 */

/** A scheme of two letters at least, so that no drive of Windows is one. */
const URI = /^([a-z][a-z0-9+.-]+:(?:\/\/[^/?#]*)?)(\/[^?#]*)/i;

interface UriParts {
  /** Scheme and authority. */
  readonly root: string;
  /** Encoded, from the first slash on, without one at its end. */
  readonly path: string;
}

/** Whether a path is the URI of a file that lies on no disk. */
export function isUri(path: string): boolean {
  return URI.test(path);
}

/** A query names no place inside a folder, so neighbours are named without it. */
function uriParts(path: string): UriParts | null {
  const [, root, inside] = URI.exec(path) ?? [];
  if (root === undefined || inside === undefined) return null;
  return { root, path: inside.replace(/\/+$/, '') };
}

/** A URI is absolute. */
export function isAbsolute(path: string): boolean {
  return isUri(path) || system.isAbsolute(path);
}

/** The name of a file, as a person reads it. */
export function basename(path: string): string {
  const uri = uriParts(path);
  return uri ? decoded(uri.path.slice(uri.path.lastIndexOf('/') + 1)) : system.basename(path);
}

/** The last ending with its dot; '' where there is none. */
export function extname(path: string): string {
  return system.extname(basename(path));
}

/** The folder that a path lies in; of a URI without its query. */
export function dirname(path: string): string {
  const uri = uriParts(path);
  if (!uri) return system.dirname(path);
  return `${uri.root}${uri.path.slice(0, uri.path.lastIndexOf('/')) || '/'}`;
}

/** `names` may hold slashes; `..` and `.` are taken as what they mean, and never lead out of a URI's root. */
export function join(folder: string, ...names: readonly string[]): string {
  const uri = uriParts(folder);
  if (!uri) return system.join(folder, ...names);
  const steps = uri.path.split('/').filter(Boolean);
  for (const step of names.flatMap((name) => name.split('/'))) {
    if (step === '..') steps.pop();
    else if (step !== '' && step !== '.') steps.push(encoded(step));
  }
  return `${uri.root}/${steps.join('/')}`;
}

/** An absolute path. A URI is one already. */
export function resolve(path: string, ...names: readonly string[]): string {
  const uri = uriParts(path);
  if (!uri) return system.resolve(path, ...names);
  return names.length === 0 ? path : join(path, ...names);
}

/** As VS Code encodes a name, so that one file has one URI. */
function encoded(name: string): string {
  return encodeURIComponent(name).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
