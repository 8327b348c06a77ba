import type { PageTensor } from '../../../src/protocol/pageModel.ts';

/** A module or a tensor in the tree of names: `layer1.0.conv1.weight` lies in `layer1`, `0` and `conv1`. */
export interface TreeNode {
  /** Its own part of the name. */
  readonly title: string;
  /** The whole name down to here. */
  readonly path: string;
  readonly depth: number;
  /** null for a module. */
  readonly tensor: PageTensor | null;
  readonly children: TreeNode[];
  /** Of everything below. */
  tensors: number;
  params: number;
  bytes: number;
  /** Place in the file of the first tensor below. */
  readonly order: number;
}

export type TreeSort = 'order' | 'title' | 'params';

/** What a reader has asked of the tree. */
export interface TreeView {
  readonly open: ReadonlySet<string>;
  /** Words that names, types or shapes must hold; '' for all. */
  readonly filter: string;
  readonly sort: TreeSort;
  readonly down: boolean;
}

/** The view with one module opened or closed. */
export function withModule(view: TreeView, path: string, { open }: { readonly open: boolean }): TreeView {
  const paths = new Set(view.open);
  if (open) paths.add(path);
  else paths.delete(path);
  return { ...view, open: paths };
}

/** Once sorts, again turns the order round, and a third time gives the file's own order back. */
export function sortedBy(view: TreeView, sort: TreeSort): TreeView {
  // The largest comes first where size is the question.
  const startsDown = sort === 'params';
  if (view.sort !== sort) return { ...view, sort, down: startsDown };
  if (view.down === startsDown) return { ...view, down: !startsDown };
  return { ...view, sort: 'order', down: false };
}

/** No network nests its modules deeper; a name made of dots alone may. */
const MOST_DEPTH = 32;

/**
 * The tree of all tensors. Modules with one child module and nothing else keep their own row: their names tell where
 * one is.
 */
export function tensorTree(tensors: readonly PageTensor[]): TreeNode {
  const root = newNode({ title: '', path: '', depth: 0, tensor: null, order: 0 });
  const modules = new Map<string, TreeNode>([['', root]]);
  tensors.forEach((tensor, order) => {
    const parts = nameParts(tensor.name);
    const above = [root];
    let path = '';
    for (const part of parts.slice(0, -1)) {
      path = path === '' ? part.text : `${path}${part.separator}${part.text}`;
      above.push(moduleOf(modules, above.at(-1) ?? root, { title: part.text, path, order }));
    }
    const home = above.at(-1) ?? root;
    const title = parts.at(-1)?.text ?? tensor.name;
    const leaf = newNode({ title, path: tensor.name, depth: home.depth + 1, tensor, order });
    Object.assign(leaf, { tensors: 1, params: tensor.params, bytes: tensor.bytes });
    home.children.push(leaf);
    for (const module of above) {
      module.tensors++;
      module.params += tensor.params;
      module.bytes += tensor.bytes;
    }
  });
  return root;
}

function newNode(own: Pick<TreeNode, 'title' | 'path' | 'depth' | 'tensor' | 'order'>): TreeNode {
  return { ...own, children: [], tensors: 0, params: 0, bytes: 0 };
}

function moduleOf(
  modules: Map<string, TreeNode>,
  parent: TreeNode,
  own: Pick<TreeNode, 'title' | 'path' | 'order'>,
): TreeNode {
  const known = modules.get(own.path);
  if (known) return known;
  const made = newNode({ ...own, depth: parent.depth + 1, tensor: null });
  modules.set(own.path, made);
  parent.children.push(made);
  return made;
}

/** The parts of a name and what stands before each: PyTorch separates by dots, Keras and TensorFlow by slashes. */
function nameParts(name: string): { text: string; separator: string }[] {
  const parts = name.split(/([./])/);
  const found: { text: string; separator: string }[] = [];
  for (let i = 0; i < parts.length; i += 2) {
    const separator = parts[i - 1] ?? '';
    const text = parts[i] ?? '';
    const last = found.at(-1);
    if (last && (text === '' || found.length >= MOST_DEPTH)) last.text += `${separator}${text}`;
    else found.push({ text, separator });
  }
  return found;
}

/** The rows in view order: what is open, or what the filter finds with the modules around it. */
export function treeRows(root: TreeNode, view: TreeView): TreeNode[] {
  const words = view.filter.toLowerCase().split(/\s+/).filter(Boolean);
  const wanted = words.length > 0 ? foundNodes(root, words) : null;
  const rows: TreeNode[] = [];
  const waiting = [...sorted(root.children, view)].reverse();
  for (let node = waiting.pop(); node; node = waiting.pop()) {
    if (wanted && !wanted.has(node)) continue;
    rows.push(node);
    const shown = wanted !== null || view.open.has(node.path);
    if (shown) waiting.push(...[...sorted(node.children, view)].reverse());
  }
  return rows;
}

function sorted(children: readonly TreeNode[], { sort, down }: TreeView): readonly TreeNode[] {
  const sign = down ? -1 : 1;
  if (sort === 'title') {
    const collator = new Intl.Collator('en', { numeric: true });
    return [...children].sort((a, b) => sign * collator.compare(a.title, b.title));
  }
  return [...children].sort((a, b) => sign * (a[sort] - b[sort]) || a.order - b.order);
}

/** The tensors that hold all words, and the modules above them. */
function foundNodes(root: TreeNode, words: readonly string[]): Set<TreeNode> {
  const found = new Set<TreeNode>();
  const waiting: TreeNode[][] = [[root]];
  for (let way = waiting.pop(); way; way = waiting.pop()) {
    const node = way.at(-1)!;
    if (node.tensor && holdsAll(node.tensor, words)) for (const above of way) found.add(above);
    for (const child of node.children) waiting.push([...way, child]);
  }
  return found;
}

function holdsAll({ name, dtype, dims }: PageTensor, words: readonly string[]): boolean {
  const text = `${name} ${dtype} ${dims.join('×')} ${dims.join('x')} [${dims.join(', ')}]`.toLowerCase();
  return words.every((word) => text.includes(word));
}

/** Paths of all modules, to open them all. */
export function modulePaths(root: TreeNode): string[] {
  const paths: string[] = [];
  const waiting = [...root.children];
  for (let node = waiting.pop(); node; node = waiting.pop()) {
    if (node.tensor) continue;
    paths.push(node.path);
    waiting.push(...node.children);
  }
  return paths;
}

/** As many tensors can be looked through without a search. */
const SMALL = 60;

/** Modules to open at first: all of a small file, those on the way to the input layers of a large one. */
export function firstOpen(root: TreeNode, inputs: readonly string[]): Set<string> {
  const all = modulePaths(root);
  if (root.tensors <= SMALL) return new Set(all);
  return new Set(all.filter((path) => inputs.some((name) => name.startsWith(path))));
}
