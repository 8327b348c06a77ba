import { PROVENANCE_KEY, provenanceOf } from '../adapt/report/provenance.ts';
import { basename } from '../files/paths.ts';
import { isConstant } from '../formats/onnx/attributes.ts';
import type { Graph, Model } from '../formats/onnx/model.ts';
import { storedTensors } from '../graph/storedTensors.ts';
import { withOpenModels } from '../jobs/open/openModel.ts';
import type { DifferenceSign, PageComparison, PageDifference, PageDifferenceGroup } from '../protocol/comparison.ts';
import { packModel } from '../protocol/pack.ts';
import type { CallOptions } from '../rpc/messages.ts';
import { compare } from '../verify/compare/compare.ts';
import type { TensorChange } from '../verify/compare/compareTensors.ts';
import {
  comparisonStatement,
  inlineText,
  nodeText,
  renamedLine,
  tensorLine,
  textLine,
  type Line,
} from '../verify/compare/compareText.ts';
import type { Comparison, TextChange, ValueChange } from '../verify/compare/comparison.ts';
import { readPageModel } from './readPage.ts';

/** Rows of one group that go to the page; more of them nobody reads. */
const MAX_ROWS = 5000;

/**
 * Compares the page's model with another one. An adapted model comes second, whichever of the two it is. Throws
 * ChannelwiseError for what can't be read.
 */
export async function comparePage(
  path: string,
  otherPath: string,
  { signal, onProgress }: CallOptions,
): Promise<PageComparison> {
  const other = packModel(await readPageModel(otherPath, signal));
  return withOpenModels([path, otherPath], signal, async (own, second) => {
    const swapped = provenanceOf(own.model).length > provenanceOf(second.model).length;
    const [a, b] = swapped ? [second, own] : [own, second];
    const found = await compare({ a, b, onProgress });
    const names = swapped ? [otherPath, path] : [path, otherPath];
    return {
      own: swapped ? 'b' : 'a',
      aName: basename(names[0] ?? ''),
      bName: basename(names[1] ?? ''),
      other,
      ...pageComparison(found, a.model, b.model),
    };
  });
}

/** A comparison as rows with places in the two graphs. */
export function pageComparison(
  found: Comparison,
  a: Model,
  b: Model,
): Omit<PageComparison, 'own' | 'aName' | 'bName' | 'other'> {
  const places = { a: new Places(a.graph), b: new Places(b.graph) };
  const marks = { a: new Map<string, DifferenceSign>(), b: new Map<string, DifferenceSign>() };
  const nodes = nodeRows(found.nodes, places);
  for (const row of nodes) mark(row, marks);
  // Nodes first: a weight of a new node is new with it, and says nothing about the node itself.
  const weights = found.tensors.map((tensor) => tensorRow(tensor, places, marks));
  const inputs = endRows(found.inputs, 'i', places);
  const outputs = endRows(found.outputs, 'o', places);
  for (const row of [...inputs, ...outputs]) mark(row, marks);
  const texts = (list: readonly TextChange[]): PageDifference[] => list.map((change) => rowOf(textLine(change)));
  const groups = [
    differenceGroup('Inputs', inputs),
    differenceGroup('Outputs', outputs),
    differenceGroup('Nodes', nodes),
    differenceGroup('Weights', weights),
    differenceGroup('Names', nameRows(found, places)),
    differenceGroup(
      'Declared shapes',
      found.valueInfo.map((change) => rowOf(valueLine(change))),
    ),
    differenceGroup('Model', texts(found.header)),
    differenceGroup('Metadata', texts(found.metadata.map(inWords))),
  ];
  return {
    statement: comparisonStatement(found),
    groups: groups.filter(({ count }) => count > 0),
    marks: { a: [...marks.a], b: [...marks.b] },
    alignment: [...found.alignment],
  };
}

/** Where a row leads to, in each graph; null where it leads nowhere. */
type Keys = Partial<Pick<PageDifference, 'a' | 'b'>>;

function rowOf([sign, text]: Line, { a = null, b = null }: Keys = {}): PageDifference {
  return { sign, text, a, b };
}

/** What was added on one side, or removed, is on the other a place that changed at most. */
function mark({ sign, a, b }: PageDifference, marks: Marks): void {
  if (a && (sign !== '+' || !marks.a.has(a))) marks.a.set(a, sign === '+' ? '~' : sign);
  if (b && (sign !== '-' || !marks.b.has(b))) marks.b.set(b, sign === '-' ? '~' : sign);
}

function endRows(changes: readonly ValueChange[], what: 'i' | 'o', places: BothPlaces): PageDifference[] {
  return changes.map((change) =>
    rowOf(valueLine(change), {
      a: change.a === null ? null : places.a.end(what, change.name),
      b: change.b === null ? null : places.b.end(what, change.name),
    }),
  );
}

function nodeRows({ removed, added, changed }: Comparison['nodes'], places: BothPlaces): PageDifference[] {
  return [
    ...removed.map((node) => rowOf(['-', nodeText(node)], { a: places.a.node(node.index) })),
    ...added.map((node) => rowOf(['+', nodeText(node)], { b: places.b.node(node.index) })),
    ...changed.map(({ a, b, changes }) =>
      rowOf(['~', `${nodeText(b)}: ${changes.map(inlineText).join('; ')}`], {
        a: places.a.node(a.index),
        b: places.b.node(b.index),
      }),
    ),
  ];
}

function nameRows({ nodes, renamedTensors }: Comparison, places: BothPlaces): PageDifference[] {
  return [
    ...nodes.renamed.map((pair) =>
      rowOf(renamedLine(pair), { a: places.a.node(pair.a.index), b: places.b.node(pair.b.index) }),
    ),
    ...renamedTensors.map(({ a, b }) => rowOf(['~', `${a} → ${b}`], { a: places.a.reader(a), b: places.b.reader(b) })),
  ];
}

/** The record of an adaptation is for programs; its tab shows it. */
function inWords(textChange: TextChange): TextChange {
  if (textChange.what !== PROVENANCE_KEY || (textChange.a !== null && textChange.b !== null)) return textChange;
  const words = 'the record of the adaptation';
  return { ...textChange, a: textChange.a === null ? null : words, b: textChange.b === null ? null : words };
}

/** The first rows of a group, and how many it has. */
export function differenceGroup(title: string, rows: PageDifference[]): PageDifferenceGroup {
  return { title, count: rows.length, rows: rows.slice(0, MAX_ROWS) };
}

function valueLine({ name, ...sides }: ValueChange): Line {
  return textLine({ what: name, ...sides });
}

type BothPlaces = { readonly a: Places; readonly b: Places };
type Marks = { readonly a: Map<string, DifferenceSign>; readonly b: Map<string, DifferenceSign> };

/** A weight is shown at the nodes that read it. */
function tensorRow(change: TensorChange, places: BothPlaces, marks: Marks): PageDifference {
  const [sign, text] = tensorLine(change);
  const sides = [
    ['a', change.a && (change.was ?? change.name)],
    ['b', change.b && change.name],
  ] as const;
  const keys = sides.map(([side, name]) => {
    const readers = name ? places[side].readers(name) : [];
    for (const key of readers) if (!marks[side].has(key)) marks[side].set(key, '~');
    return readers[0] ?? null;
  });
  return { sign, text, a: keys[0] ?? null, b: keys[1] ?? null };
}

/** Where tensors are in a graph as the page draws it. */
class Places {
  private readonly graph: Graph;
  private readonly inputs: ReadonlyMap<string, number>;
  private readonly outputs: ReadonlyMap<string, number>;
  private readonly reading = new Map<string, string[]>();

  constructor(graph: Graph) {
    this.graph = graph;
    const stored = storedTensors(graph);
    this.inputs = new Map(graph.inputs.filter((i) => !stored.has(i.name)).map((input, i) => [input.name, i]));
    this.outputs = new Map(graph.outputs.map((output, i) => [output.name, i]));
    graph.nodes.forEach((node, id) => {
      for (const input of new Set(node.inputs)) {
        const list = this.reading.get(input);
        if (list) list.push(`n${id}`);
        else this.reading.set(input, [`n${id}`]);
      }
    });
  }

  end(what: 'i' | 'o', name: string): string | null {
    const at = (what === 'i' ? this.inputs : this.outputs).get(name);
    return at === undefined ? null : `${what}${at}`;
  }

  /** A Constant is not drawn; what reads it is. */
  node(id: number): string | null {
    const node = this.graph.nodes[id];
    return node && isConstant(node) ? this.reader(node.outputs[0] ?? '') : `n${id}`;
  }

  /** Tensors in attributes are listed as `output (operator attribute)`. */
  readers(name: string): readonly string[] {
    return this.reading.get(name) ?? this.reading.get(name.replace(/ \(\w+ \w+\)$/, '')) ?? [];
  }

  reader(name: string): string | null {
    return this.readers(name)[0] ?? null;
  }
}
