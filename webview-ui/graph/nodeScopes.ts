import type { PageNode } from '../../src/protocol/pageModel.ts';

/** Scopes deeper than this are cut: no exporter nests so far, a hostile file may. */
const MAX_DEPTH = 24;
/** Modules come one after another in a file; operators' names that are used as scopes come again and again. */
const MOST_RETURNS = 2;

/** Scopes of a file's nodes: the exporter's own, else what stands before the last slash or dot of their names. */
export class NodeScopes {
  readonly #dots: boolean;

  constructor(nodes: readonly PageNode[]) {
    this.#dots = dotsAreScopes(nodes);
  }

  /** Scopes of a node, outermost first. */
  of(node: PageNode): string[] {
    if (node.scope && node.scope.length > 0) return node.scope.slice(0, MAX_DEPTH);
    const prefix = this.prefixOf(node);
    return node.name.includes('/') ? slashScopes(prefix) : dotScopes(prefix);
  }

  /** What of a node's name is its scope; '' for none. */
  prefixOf(node: PageNode): string {
    const slash = node.name.lastIndexOf('/');
    if (slash >= 0) return node.name.slice(0, slash);
    return this.#dots ? dotPrefix(node) : '';
  }
}

function slashScopes(prefix: string): string[] {
  return prefix
    .split('/', 10 * MAX_DEPTH)
    .filter((part) => part !== '')
    .slice(0, MAX_DEPTH);
}

/** `layer1` and `layer1.0` around `layer1.0.conv1`, as PyTorch names its modules. */
function dotScopes(prefix: string): string[] {
  const scopes: string[] = [];
  for (let end = prefix.indexOf('.'); end >= 0 && scopes.length < MAX_DEPTH; end = prefix.indexOf('.', end + 1))
    if (end > 0) scopes.push(prefix.slice(0, end));
  return prefix === '' ? scopes : [...scopes, prefix].slice(0, MAX_DEPTH);
}

/** `Conv` of `Conv.12` is the operator, not a module. */
function dotPrefix({ name, opType }: PageNode): string {
  const prefix = name.slice(0, Math.max(0, name.lastIndexOf('.')));
  return prefix === opType || prefix.endsWith(`.${opType}`) ? '' : prefix;
}

/** Whether what stands before the dots of names are modules: then nodes of one come together, not all over the file. */
function dotsAreScopes(nodes: readonly PageNode[]): boolean {
  const prefixes = new Set<string>();
  let [changes, before] = [0, ''];
  for (const node of nodes) {
    const prefix = node.name.includes('/') ? '' : dotPrefix(node);
    if (prefix === '' || prefix === before) continue;
    prefixes.add(prefix);
    before = prefix;
    changes++;
  }
  return changes <= MOST_RETURNS * prefixes.size;
}
