import type { PageNode } from '../../src/protocol/pageModel.ts';
import { countText, shortCount } from '../../src/text/numbers.ts';
import { bytesText, nodeLabel, shapeText } from '../text/format.ts';
import { nodeParameters } from './graphModel.ts';
import type { GraphModel, SelectionKey } from './graphModel.ts';
import type { Heat } from './heat.ts';
import { leavingShape } from './targets.ts';

/** What a card beside the pointer says, as plain texts. */
export interface HoverFacts {
  readonly title: string;
  readonly name: string;
  readonly rows: readonly (readonly [label: string, value: string])[];
}

/** More inputs or outputs than these make the card longer than it helps. */
const MOST_TENSORS = 5;

/** Facts about a layer, a group, a graph input or output; null for what is not in the model. */
export function hoverFacts(model: GraphModel, key: SelectionKey, heat: Heat | null = null): HoverFacts | null {
  const group = model.groupOf(key);
  if (group !== undefined) return groupFacts(model, group);
  const at = model.itemOf(key);
  const item = at === undefined ? undefined : model.flat.items[at];
  if (at === undefined || !item) return null;
  if (item.node) return nodeFacts(model, at, item.node, heat);
  const value = model.valueOf(key);
  const shape = shapeText(value?.dims ?? null);
  return {
    title: item.role,
    name: value?.name ?? item.title,
    rows: known([
      ['Type', value?.dtype ?? ''],
      ['Shape', shape],
    ]),
  };
}

/** Facts about what a line carries: its tensor, or how many, and where they come from and go to. */
export function lineFacts(model: GraphModel, links: readonly number[]): HoverFacts | null {
  const link = model.flat.links[links[0] ?? -1];
  if (!link) return null;
  const carried = links.map((l) => model.flat.links[l]!);
  const tensors = new Set(carried.map(({ tensorId }) => tensorId)).size;
  const readers = new Set(carried.map(({ to }) => to));
  const to = readers.size === 1 ? model.nameOf(model.keyOf(link.to)) : `${readers.size} layers`;
  return {
    title: tensors > 1 ? `${tensors} tensors` : 'Tensor',
    name: tensors > 1 ? '' : link.tensor,
    rows: known([
      ['Type', tensors > 1 ? '' : (model.dtypeOf(link.from, link.tensor) ?? '')],
      ['Shape', tensors > 1 ? '' : shapeText(link.dims)],
      ['From', model.nameOf(model.keyOf(link.from))],
      ['To', to],
    ]),
  };
}

function known(rows: readonly (readonly [string, string])[]): (readonly [string, string])[] {
  return rows.filter(([, value]) => value !== '');
}

function groupFacts(model: GraphModel, group: number): HoverFacts {
  const { title, path, count } = model.hierarchy.groups[group]!;
  const { params } = model.facts[group]!;
  return {
    title: `Group ${title}`,
    name: path,
    rows: known([
      ['Layers', countText(count)],
      ['Out', leavingShape(model, model.keyOf(-1 - group))],
      ['Parameters', params > 0 ? countText(params) : ''],
    ]),
  };
}

function nodeFacts(model: GraphModel, at: number, node: PageNode, heat: Heat | null): HoverFacts {
  const params = nodeParameters(node);
  const value = heat?.values[at] ?? NaN;
  return {
    title: node.domain ? `${node.domain}.${node.opType}` : node.opType,
    name: nodeLabel(node),
    rows: known([
      ...inputRows(model, at, node),
      ...outputRows(node),
      ...weightRows(node),
      ['Parameters', params > 0 ? countText(params) : ''],
      ['Multiply-adds', node.cost?.macs ? shortCount(node.cost.macs) : ''],
      ['Activations', node.cost?.memory ? bytesText(node.cost.memory) : ''],
      [heat?.title ?? '', heat && !Number.isNaN(value) ? heat.text(value) : ''],
    ]).filter(([label], i, all) => all.findIndex((other) => other[0] === label) === i || REPEATED.has(label)),
  };
}

/** Labels that several rows may share; of others, as a heat map by parameters, the first says it. */
const REPEATED: ReadonlySet<string> = new Set(['In', 'Out', 'Weight']);

function typed(dtype: string | undefined, dims: readonly string[] | null): string {
  return [dtype ?? '', shapeText(dims)].filter((text) => text !== '').join(' ');
}

function inputRows(model: GraphModel, at: number, node: PageNode): (readonly [string, string])[] {
  const makers = new Map(model.flat.links.filter(({ to }) => to === at).map(({ tensor, from }) => [tensor, from]));
  const rows = node.inputs
    .filter(({ weight, name, value }) => !weight && name !== '' && value === undefined)
    .map(({ name, dims }) => ['In', typed(model.dtypeOf(makers.get(name), name), dims)] as const);
  return shortened(rows, 'In');
}

function outputRows({ outputs }: PageNode): (readonly [string, string])[] {
  const rows = outputs.filter(({ name }) => name !== '').map(({ dtype, dims }) => ['Out', typed(dtype, dims)] as const);
  return shortened(rows, 'Out');
}

function weightRows({ inputs }: PageNode): (readonly [string, string])[] {
  const rows = inputs.flatMap(({ weight, value }) => {
    if (!weight) return [];
    const text = value === undefined ? typed(weight.dtype, (weight.stored ?? weight.dims).map(String)) : value;
    return [['Weight', `${weight.name}  ${text}`] as const];
  });
  return shortened(rows, 'Weight');
}

function shortened(rows: readonly (readonly [string, string])[], label: string): (readonly [string, string])[] {
  const left = rows.length - MOST_TENSORS;
  return left > 0 ? [...rows.slice(0, MOST_TENSORS), [label, `and ${left} more`]] : [...rows];
}
