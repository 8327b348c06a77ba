import type { MenuContext } from '../../src/protocol/actions.ts';
import type { PageTensor } from '../../src/protocol/pageModel.ts';
import type { GraphModel, SelectionKey } from './graphModel.ts';
import { traceAll } from './trace.ts';
import type { Direction, Trace } from './trace.ts';

/**
 * What an action is for: what can be selected, a line by `l` and the number of its link, or a tensor of a file without
 * a graph by `w` and its name.
 */
export type Target = SelectionKey;

/** The open ground between all layers and lines. */
export const GROUND: Target = '';

/** A line, by the number of its link. */
export function linkTarget(link: number): Target {
  return `l${link}`;
}

/** A tensor of a file without a graph. */
export function tensorTarget(name: string): Target {
  return `w${name}`;
}

function tensorOf({ page }: GraphModel, target: Target): PageTensor | undefined {
  return target.startsWith('w') ? page.tensors?.find(({ name }) => name === target.slice(1)) : undefined;
}

function linkOf(model: GraphModel, target: Target): number | undefined {
  const link = /^l\d+$/.test(target) ? Number(target.slice(1)) : NaN;
  return model.flat.links[link] ? link : undefined;
}

/** Whether the model has it: what comes back from VS Code may name anything. */
export function isTarget(model: GraphModel, target: Target): boolean {
  return model.has(target) || linkOf(model, target) !== undefined || tensorOf(model, target) !== undefined;
}

/** The name that Copy Name copies; that of a line is its tensor's. */
export function targetName(model: GraphModel, target: Target): string {
  const tensor = tensorOf(model, target);
  if (tensor) return tensor.name;
  const link = linkOf(model, target);
  if (link !== undefined) return model.flat.links[link]!.tensor;
  const group = model.groupOf(target);
  return group === undefined ? model.linkName(target) : model.hierarchy.groups[group]!.path.replace(/^\//, '');
}

/** The items that a thing holds: of a group, all inside. */
function itemsOf(model: GraphModel, target: Target): number[] {
  const item = model.itemOf(target);
  if (item !== undefined) return [item];
  const within = insideOf(model, target);
  return Array.from(model.flat.items.keys()).filter(within);
}

/** Whether an item belongs to what is selected: is it, or lies in its group at any depth. */
function insideOf(model: GraphModel, key: SelectionKey): (item: number) => boolean {
  const item = model.itemOf(key);
  if (item !== undefined) return (i) => i === item;
  const { groups, groupOf } = model.hierarchy;
  const inside = new Uint8Array(groups.length);
  const group = model.groupOf(key);
  if (group !== undefined) inside[group] = 1;
  // A parent comes before its children.
  groups.forEach(({ parent }, i) => {
    if (parent >= 0 && inside[parent]) inside[i] = 1;
  });
  return (i) => inside[groupOf[i]!] === 1;
}

/** The links that enter or leave a thing; of a group, those that cross its frame. */
export function linksAt(model: GraphModel, key: SelectionKey): { into: number[]; out: number[] } {
  const within = insideOf(model, key);
  const into: number[] = [];
  const out: number[] = [];
  model.flat.links.forEach((link, i) => {
    const [from, to] = [within(link.from), within(link.to)];
    if (to && !from) into.push(i);
    if (from && !to) out.push(i);
  });
  return { into, out };
}

/** The shape of the last tensor that leaves a group; '' where it isn't known. */
export function leavingShape(model: GraphModel, group: SelectionKey): string {
  const { links } = model.flat;
  const last = linksAt(model, group).out.findLast((link) => links[link]!.dims);
  return last === undefined ? '' : model.labels.of(links[last]!);
}

/** What feeds a thing directly, or what it feeds, each once and in the file's order. */
export function neighbours(model: GraphModel, target: Target, direction: Direction): SelectionKey[] {
  const { links } = model.flat;
  const own = linkOf(model, target);
  const crossing = own === undefined ? linksAt(model, target) : { into: [own], out: sameTensor(model, own) };
  const items =
    direction === 'inputs' ? crossing.into.map((l) => links[l]!.from) : crossing.out.map((l) => links[l]!.to);
  return [...new Set(items)].sort((a, b) => a - b).map((item) => model.keyOf(item));
}

function sameTensor({ flat }: GraphModel, link: number): number[] {
  const { tensorId } = flat.links[link]!;
  return Array.from(flat.links.keys()).filter((l) => flat.links[l]!.tensorId === tensorId);
}

/** A trace, and how many items it holds beside where it begins. */
export interface TraceFrom extends Trace {
  readonly between: number;
}

/** Everything between a thing and the graph's inputs or outputs. */
export function traceFrom(model: GraphModel, target: Target, direction: Direction): TraceFrom {
  const own = linkOf(model, target);
  if (own === undefined) {
    const starts = itemsOf(model, target);
    const trace = traceAll(model.flat, starts, direction);
    return { ...trace, between: trace.items.size - starts.length };
  }
  const { from, to } = model.flat.links[own]!;
  const { items, links } = traceAll(model.flat, [direction === 'inputs' ? from : to], direction);
  return { items, links: [...links, own], between: items.size };
}

/**
 * Names of the weights of a layer that the host can be asked for. Those inside subgraphs go by names of their own,
 * which it doesn't know.
 */
export function weightsOf(model: GraphModel, target: Target): string[] {
  const tensor = tensorOf(model, target);
  if (tensor) return [tensor.name];
  const node = model.flat.items[model.itemOf(target) ?? -1]?.node;
  if (!node || node.id >= model.page.nodes.length) return [];
  return node.inputs.flatMap(({ weight }) => (weight && weight.dtype !== 'string' ? [weight.name] : []));
}

/** What the context menu of a thing is to know. `selected` is where a path may begin. */
export function menuContext(model: GraphModel, target: Target, selected: SelectionKey | null): MenuContext {
  const here = model.itemOf(target);
  const start = model.itemOf(selected);
  return {
    webviewSection: sectionOf(model, target),
    target,
    hasWeights: weightsOf(model, target).length > 0,
    hasLink: model.has(target) && model.linkName(target) !== '',
    hasPath: here !== undefined && start !== undefined && here !== start,
    hasGroups: model.hierarchy.groups.length > 1,
  };
}

function sectionOf(model: GraphModel, target: Target): MenuContext['webviewSection'] {
  if (target === GROUND) return 'graph';
  if (target.startsWith('w')) return 'tensor';
  if (target.startsWith('l')) return 'edge';
  if (model.groupOf(target) !== undefined) return 'group';
  return target.startsWith('n') ? 'layer' : 'value';
}
