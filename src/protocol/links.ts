/** A link to a node of a model: `vscode://channelwise.channelwise/open?file=/m/resnet.onnx&node=/conv1/Conv`. Plain text in and out. */
export interface NodeLink {
  /** Absolute path of an .onnx file. */
  file: string;
  /** A node's name, or a tensor it makes; empty for none. */
  node: string;
}

const EXTENSION = 'channelwise.channelwise';
/** No path and no name of a node needs more. */
const MAX_TEXT = 4096;

export function linkText(scheme: string, { file, node }: NodeLink): string {
  return `${scheme}://${EXTENSION}/open?${new URLSearchParams(node ? { file, node } : { file }).toString()}`;
}

/**
 * Reads a link's path and query, as they arrive. Null for anything but an absolute path of an .onnx file on this machine:
 * a path that starts with two slashes names another machine, and opening it would ask the network.
 */
export function readLink(path: string, query: string): NodeLink | null {
  if (path !== '/open' || query.length > 4 * MAX_TEXT) return null;
  const params = new URLSearchParams(query);
  const [file, node] = [params.get('file') ?? '', params.get('node') ?? ''];
  if (file.length > MAX_TEXT || node.length > MAX_TEXT || file.includes('\0')) return null;
  if (!/\.onnx$/i.test(file) || /^[\\/]{2}/.test(file) || !/^(?:\/|[A-Za-z]:[\\/])/.test(file)) return null;
  return { file, node };
}
