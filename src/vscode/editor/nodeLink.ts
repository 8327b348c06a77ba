/**
 * A link to a node of a model: `vscode://channelwise.channelwise/open?file=/m/resnet.onnx&node=/conv1/Conv`. Plain text
 * in and out.
 */
export interface NodeLink {
  /** Absolute path of a model, or the URI of one that lies on no disk. */
  readonly file: string;
  /** A node's name, or a tensor it makes; empty for none. */
  readonly node: string;
}

const EXTENSION = 'channelwise.channelwise';
/** Of a file on no disk, by a scheme of two letters at least; what is fetched from a network by its address is none. */
const VIRTUAL = /^(?!file:|https?:)[a-z][a-z0-9+.-]+:\//i;
/** No path and no name of a node needs more. */
const MAX_TEXT = 4096;

/**
 * The link as text. VS Code decodes a link's query once before it hands it over, so names are encoded twice:
 * else `a&b+c %41.onnx` would arrive as something else.
 */
export function linkText(scheme: string, { file, node }: NodeLink): string {
  const query = new URLSearchParams(node ? { file, node } : { file }).toString();
  const twice = query.replaceAll('%', '%25').replaceAll('+', '%2B');
  return `${scheme}://${EXTENSION}/open?${twice}`;
}

/**
 * Reads a link's path and query as VS Code hands them over: decoded once. Null for anything but an absolute path on
 * this machine that `isModel` takes, or the URI of such a file on no disk: a path that starts with two slashes names
 * another machine, and opening it would ask the network.
 */
export function readLink(path: string, query: string, isModel: (file: string) => boolean): NodeLink | null {
  if (path !== '/open' || query.length > 4 * MAX_TEXT) return null;
  const params = new URLSearchParams(query);
  const file = params.get('file') ?? '';
  const node = params.get('node') ?? '';
  if (file.length > MAX_TEXT || node.length > MAX_TEXT || file.includes('\0')) return null;
  const isAbsolute = /^(?:\/|[A-Za-z]:[\\/])/.test(file);
  const isElsewhere = /^[\\/]{2}/.test(file);
  const isPlace = VIRTUAL.test(file) || (isAbsolute && !isElsewhere);
  return isPlace && isModel(file) ? { file, node } : null;
}
