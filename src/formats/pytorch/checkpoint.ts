import { ChannelwiseError } from '../../bytes/errors.ts';
import { cutText } from '../../text/cutText.ts';
import { valueText, isScalar } from './pickle/valueText.ts';
import { integerOf, itemsOf, textOf, type CallValue, type PickleValue, type Slot } from './pickle/pickleValue.ts';
import { arraySizes } from './numpyArray.ts';
import { rebuiltTensor, type RebuiltTensor, type UnreadTensor } from './rebuiltTensor.ts';
import type { PicklePart } from './container/torchContainer.ts';

/** A tensor under the name that leads to it from the checkpoint's root. The same tensor can have several names. */
export interface FoundTensor {
  readonly name: string;
  readonly tensor: RebuiltTensor;
  readonly part: PicklePart;
  /** The module whose parameter it is, where the file holds the module itself. */
  readonly module: PickledModule | null;
}

/** A pickled module, and the one that it is a part of. */
export interface PickledModule {
  readonly attributes: readonly [Slot, Slot][];
  readonly around: PickledModule | null;
}

/** Any other value of the checkpoint, as text. */
export interface FoundText {
  readonly name: string;
  readonly text: string;
}

export interface Checkpoint {
  readonly tensors: readonly FoundTensor[];
  readonly texts: readonly FoundText[];
  /** Tensors of a kind that isn't read, and why. */
  readonly unread: readonly FoundText[];
}

/** A name in a checkpoint has some ten steps; a structure this deep is made to harm. */
const MAX_DEPTH = 200;
/** A key longer than this is no name of a layer. */
const MAX_KEY = 500;
/** Names are kept for so many tensors: as many as the instructions of a pickle allow. */
const MAX_TENSORS = 200_000;
/** Other values are shown, not searched. */
const MAX_TEXTS = 300;
/** A module's own dictionaries: a state dict's names leave them out. */
const MODULE_PARTS = new Set(['_parameters', '_buffers', '_modules']);

/** Statistics and the states of random numbers are shorter; what has two axes or more may be a weight. */
const WEIGHT_RANK = 2;
const ARRAY = 'it is an array of NumPy (save it as a tensor: torch.from_numpy)';

/** A key and what leads to it; shared by all that lies below. */
interface Path {
  readonly above: Path | null;
  readonly key: string;
  readonly depth: number;
}

interface Step {
  readonly value: PickleValue;
  readonly path: Path | null;
  /** The module whose parameter the value may be. */
  readonly module: PickledModule | null;
  /** The innermost module around it. */
  readonly around: PickledModule | null;
  /** Inside a module: its settings are no values of the checkpoint. */
  readonly inModule: boolean;
}

/**
 * Finds all tensors of a pickle, depth first in the order in which they stand, without recursion. Containers that are
 * reached twice are walked once. Throws `malformed`, code `torch-tensor`, where a tensor contradicts itself, and
 * `unsupported` beyond the limits.
 */
export function readCheckpoint(part: PicklePart): Checkpoint {
  const tensors: FoundTensor[] = [];
  const texts: FoundText[] = [];
  const unread: FoundText[] = [];
  const walked = new Set<PickleValue>();
  const path = part.prefix === '' ? null : pathTo(null, part.prefix);
  const todo: Step[] = [{ value: part.pickle.root.value, path, module: null, around: null, inModule: false }];
  for (let step = todo.pop(); step; step = todo.pop()) {
    const name = nameOf(step.path);
    const found = tensorAt(step.value, name);
    if (found && 'unread' in found) {
      unread.push({ name, text: found.unread });
      continue;
    }
    if (found) {
      if (tensors.length >= MAX_TENSORS) throw tooMuch(`it has more than ${MAX_TENSORS} tensors`);
      tensors.push({ name, tensor: found, part, module: step.module });
      continue;
    }
    if (walked.has(step.value) && !isScalar(step.value)) continue;
    walked.add(step.value);
    if ((step.path?.depth ?? 0) > MAX_DEPTH) throw tooMuch(`it is more than ${MAX_DEPTH} deep`);
    if (isText(step.value)) {
      if (!step.inModule && texts.length < MAX_TEXTS) texts.push({ name, text: textAt(step.value) });
      continue;
    }
    for (const child of children(step).reverse()) todo.push(child);
  }
  return { tensors, texts, unread };
}

function tooMuch(what: string): ChannelwiseError {
  return new ChannelwiseError('unsupported', 'torch-file', `This checkpoint can't be read: ${what}.`);
}

function tensorAt(value: PickleValue, name: string): ReturnType<typeof rebuiltTensor> {
  try {
    return rebuiltTensor(value) ?? unreadArray(value);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new ChannelwiseError('malformed', 'torch-tensor', `Tensor ${name} is damaged: ${error.message}.`, {
      tensor: name,
    });
  }
}

/** An array of NumPy that may be a weight. */
function unreadArray(value: PickleValue): UnreadTensor | null {
  return (arraySizes(value)?.length ?? 0) < WEIGHT_RANK ? null : { unread: ARRAY };
}

function textAt(value: PickleValue): string {
  const sizes = arraySizes(value);
  return sizes ? `NumPy array [${sizes.join(', ')}]` : valueText(value);
}

/** A list of numbers or texts is one value; others are walked. */
function isText(value: PickleValue): boolean {
  const items = itemsOf(value);
  return (
    isScalar(value) || arraySizes(value) !== null || (items !== null && items.every((item) => isScalar(item.value)))
  );
}

function pathTo(above: Path | null, key: string): Path {
  return { above, key, depth: (above?.depth ?? 0) + 1 };
}

function nameOf(path: Path | null): string {
  const keys: string[] = [];
  for (let at = path; at; at = at.above) keys.push(at.key);
  return keys.reverse().join('.');
}

function children(step: Step): Step[] {
  const { value, inModule } = step;
  switch (value.kind) {
    case 'tuple':
    case 'list':
    case 'set':
    case 'frozenset':
      return value.items.map((slot, i) => below(step, `${i}`, slot));
    case 'dict':
      return value.entries.map(([key, slot]) => below(step, keyText(key), slot));
    case 'call':
      return callChildren(step, value);
    case 'persistent':
      return inModule ? [] : [{ ...step, value: value.id.value }];
    default:
      return [];
  }
}

function below(step: Step, key: string, { value }: Slot): Step {
  return { ...step, value, path: pathTo(step.path, key), module: null };
}

/** What a call was given and what was put into it: dictionaries with their keys, attributes by name. */
function callChildren(step: Step, call: CallValue): Step[] {
  const out: Step[] = [];
  const attributes = stateAttributes(call.state?.value);
  if (isModule(attributes)) {
    const inside = { ...step, around: { attributes, around: step.around }, inModule: true };
    for (const [key, slot] of attributes) out.push(...moduleChildren(inside, keyText(key), slot));
    return out;
  }
  const args = itemsOf(call.args.value) ?? [];
  out.push(...args.map((slot, i) => below(step, `${i}`, slot)));
  if (call.keywords) out.push(below(step, 'keywords', call.keywords));
  out.push(...call.items.map((slot, i) => below(step, `${i}`, slot)));
  out.push(...call.entries.map(([key, slot]) => below(step, keyText(key), slot)));
  const inModule = attributes.length > 0;
  out.push(...attributes.map(([key, slot]) => ({ ...below(step, keyText(key), slot), inModule })));
  if (call.state && attributes.length === 0) out.push({ ...below(step, 'state', call.state), inModule: true });
  return out;
}

/** A state is a dictionary of attributes, or a pair of one and what `__slots__` hold. */
function stateAttributes(state: PickleValue | undefined): readonly [Slot, Slot][] {
  if (state?.kind === 'dict') return state.entries;
  const parts = state?.kind === 'tuple' ? state.items : [];
  return parts.flatMap(({ value }) => (value.kind === 'dict' ? value.entries : []));
}

function isModule(attributes: readonly [Slot, Slot][]): boolean {
  return attributes.some(([key]) => textOf(key.value) === '_parameters');
}

/** The parameters, buffers and modules of a module under its own name; other attributes under theirs. */
function moduleChildren(step: Step, key: string, slot: Slot): Step[] {
  if (!MODULE_PARTS.has(key)) return [below(step, key, slot)];
  const module = key === '_parameters' ? step.around : null;
  return dictEntries(slot.value).map(([name, value]) => ({ ...below(step, keyText(name), value), module }));
}

/** Entries of a dictionary, or of the OrderedDict that a call makes. */
function dictEntries(value: PickleValue): readonly [Slot, Slot][] {
  return value.kind === 'dict' || value.kind === 'call' ? value.entries : [];
}

function keyText({ value }: Slot): string {
  const text = textOf(value) ?? integerOf(value)?.toString() ?? valueText(value);
  return cutText(text, MAX_KEY);
}
