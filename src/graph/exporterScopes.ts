import type { Node } from '../formats/onnx/model.ts';

/** Longer texts, and deeper scopes, are no exporter's. */
const MAX_TEXT = 4096;
const MAX_DEPTH = 24;

/**
 * The scopes a node was made in, outermost first, as PyTorch's exporter notes them: `pkg.torch.onnx.name_scopes` (a
 * Python list of texts) or `namespace` (`name: class` joined by slashes). Both begin with the model itself, which has
 * no name, and end with the node. Null without either.
 */
export function nodeScope(node: Node): string[] | null {
  const note = (key: string): string =>
    (node.metadata?.find((entry) => entry.key === key)?.value ?? '').slice(0, MAX_TEXT);
  const scopes = fromList(note('pkg.torch.onnx.name_scopes')) ?? fromNamespace(note('namespace'));
  return scopes && scopes.length > 0 ? scopes.slice(0, MAX_DEPTH) : null;
}

function fromList(text: string): string[] | null {
  if (!/^\s*\[.*\]\s*$/s.test(text)) return null;
  const parts = [...text.matchAll(/'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"/g)].map((m) =>
    (m[1] ?? m[2] ?? '').replace(/\\(.)/g, '$1'),
  );
  return named(parts.slice(0, -1));
}

function fromNamespace(text: string): string[] | null {
  if (text === '') return null;
  const parts = text.split('/');
  // Without classes the text is a plain path of scopes, and the node is not in it.
  if (!text.includes(':')) return named(parts);
  return named(
    parts
      .slice(0, -1)
      .map((part) => part.slice(0, Math.max(0, part.indexOf(':') < 0 ? part.length : part.indexOf(':')))),
  );
}

function named(parts: readonly string[]): string[] {
  return parts.map((part) => part.trim()).filter((p) => p !== '');
}
