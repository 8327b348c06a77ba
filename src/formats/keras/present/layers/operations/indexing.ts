import { items, member, memberAt, number, text, type Json } from '../../../../../bytes/json/json.ts';
import type { LayerBuilder, Value } from '../../layerBuilder.ts';
import { argument } from './call.ts';
import { Unpresentable } from '../../unpresentable.ts';

/** Further than any axis goes, as ONNX's Slice says "to the end" and "from the end". */
const FAR = 2 ** 31 - 1;

interface Part {
  readonly start: number;
  readonly stop: number;
  readonly step: number;
}

/** One entry of an index: a place, a part of an axis, all axes that are not named, or a new axis. */
type Index = { readonly place: number } | Part | 'rest' | 'new';

function indexOf(json: Json): Index {
  if (json.value === null) return 'new';
  const place = number(json);
  if (place !== undefined) return { place };
  const kind = text(member(json, 'class_name'));
  if (kind === '__ellipsis__' || text(json) === 'Ellipsis') return 'rest';
  const slice = kind === '__slice__' ? member(json, 'config') : json;
  if (!member(slice, 'start') && !member(slice, 'stop')) throw new Unpresentable('its index is not readable');
  const step = number(member(slice, 'step')) ?? 1;
  const [first, last] = step > 0 ? [0, FAR] : [FAR, -FAR];
  return { start: number(member(slice, 'start')) ?? first, stop: number(member(slice, 'stop')) ?? last, step };
}

function indices(json: Json | undefined): Index[] {
  const list =
    member(json, 'items') ??
    (text(member(json, 'class_name')) === '__tuple__' ? memberAt(json, 'config', 'value') : json);
  if (!list) throw new Unpresentable('its index is not given');
  return Array.isArray(list.value) ? items(list).map(indexOf) : [indexOf(list)];
}

/** Where the step of −1 stands in x[..., ::-1]; null for an index that does anything else, or more. */
export function flipStep(given: Json | undefined): Json | null {
  const named = items(items(given).length > 3 ? given : items(given)[0])[3];
  const list = member(named, 'slice_spec') ?? items(member(given, 'args'))[1] ?? memberAt(given, 'kwargs', 'key');
  const inner = text(member(list, 'class_name')) === '__tuple__' ? memberAt(list, 'config', 'value') : list;
  const entries = items(member(list, 'items') ?? inner);
  const flips: Json[] = [];
  for (const entry of entries) {
    const kind = text(member(entry, 'class_name'));
    if (kind === '__ellipsis__') continue;
    const slice = kind === '__slice__' ? member(entry, 'config') : entry;
    const [start, stop, step] = ['start', 'stop', 'step'].map((name) => member(slice, name));
    if (!start || start.value !== null || stop?.value !== null) return null;
    if (step?.value === -1) flips.push(step);
    else if (step && step.value !== null && step.value !== 1) return null;
  }
  return flips.length === 1 ? (flips[0] ?? null) : null;
}

/** What an index does, axis by axis. */
interface Cut {
  readonly parts: readonly (Part & { readonly axis: number })[];
  /** Axes of the tensor that a place takes away. */
  readonly gone: readonly number[];
  /** Places of new axes in what comes out. */
  readonly added: readonly number[];
}

function cutOf(given: readonly Index[], rank: number): Cut {
  const parts: (Part & { axis: number })[] = [];
  const gone: number[] = [];
  const added: number[] = [];
  const named = given.filter((index) => index !== 'rest' && index !== 'new').length;
  let [axis, made] = [0, 0];
  for (const index of given) {
    if (index === 'rest') {
      axis += rank - named;
      made += rank - named;
    } else if (index === 'new') {
      added.push(made);
      made++;
    } else if ('place' in index) {
      const { place } = index;
      gone.push(axis);
      parts.push({ axis, start: place, stop: place === -1 ? FAR : place + 1, step: 1 });
      axis++;
    } else {
      parts.push({ axis, ...index });
      axis++;
      made++;
    }
  }
  const isCut = ({ start, stop, step }: Part): boolean => start !== 0 || stop !== FAR || step !== 1;
  return { parts: parts.filter(isCut), gone, added };
}

/** x[…]: slices along axes, places that take an axis away, new axes: https://keras.io/api/ops/core/ */
export function getItem(builder: LayerBuilder, inputs: readonly Value[]): Value[] {
  const value = builder.only(inputs);
  const rank = builder.rank(value);
  const { parts, gone, added } = cutOf(indices(argument(builder, 1, 'slice_spec', 'key')), rank);
  const ints = (part: string, of: (one: (typeof parts)[number]) => number): string => builder.ints(part, parts.map(of));
  let name = builder.plain(value);
  if (parts.length > 0)
    name = builder.node('Slice', [
      name,
      ints('starts', ({ start }) => start),
      ints('ends', ({ stop }) => stop),
      ints('axes', ({ axis }) => axis),
      ints('steps', ({ step }) => step),
    ]);
  if (gone.length > 0) name = builder.node('Squeeze', [name, builder.ints('gone', gone)]);
  if (added.length > 0) name = builder.node('Unsqueeze', [name, builder.ints('added', added)]);
  if (name === value.name) name = builder.node('Identity', [name]);
  return [{ name, rank: rank - gone.length + added.length, moved: false }];
}
