import { ChannelwiseError } from '../../../bytes/errors.ts';
import type { MessageRef } from '../model.ts';
import { GROUP, LEN, malformed, type Field, type WireReader, HEADER_BYTES } from './wire.ts';

/**
 * What to do with one field of a message whose contents are collected in a draft.
 * - value: the header is enough (varints)
 * - bytes: the payload is needed, whole; it is valid only during the call
 * - list: the payload is taken part by part; `take` returns how many bytes it used, and holds back a value cut by the
 *   end
 * - message: a message of its own; `cost` where it takes more memory than most
 */
export type Rule<D> =
  | { readonly kind: 'value'; set(draft: D, field: Field): void }
  | { readonly kind: 'bytes'; set(draft: D, bytes: Uint8Array, field: Field): void }
  | { readonly kind: 'list'; take(draft: D, part: Uint8Array, field: Field, budget: Budget): number }
  | { readonly kind: 'message'; readonly cost?: number; enter(draft: D, ref: MessageRef, depth: number): Frame };

export type Rules<D> = Readonly<Record<number, Rule<D>>>;

/** A message being read. `depth` counts the graphs around it. `finish` runs when all its fields were seen. */
export interface Frame {
  readonly ref: MessageRef;
  readonly rules: Rules<unknown>;
  readonly draft: unknown;
  readonly depth: number;
  readonly finish?: (() => void) | undefined;
}

/** The structure of a model takes at most this much memory, roughly; models of 500,000 nodes stay below it. */
const MAX_HELD_BYTES = 1024 ** 3;
/** What a message costs in memory besides its texts: the object, its reference, its lists. */
const MESSAGE_COST = 256;
/**
 * What a node costs: itself, and what shapes, channels and the graph's groups keep of it. An empty one takes 1.2 kB.
 */
export const NODE_COST = 1024;
/** What a text or a kept value costs besides its characters. */
const TEXT_COST = 48;
/** A list is taken in parts of this size, so that a cancel is noticed. */
const PART_BYTES = 256 * 1024;

/** Counts what reading a model's structure takes, so that a hostile file can't fill the memory. */
export class Budget {
  private held = 0;

  /** Adds what something at `offset` takes. Throws `unsupported` (too-large) beyond what a model may take. */
  charge(bytes: number, offset: number): void {
    this.held += bytes;
    if (this.held > MAX_HELD_BYTES) {
      throw new ChannelwiseError(
        'unsupported',
        'too-large',
        `The model's structure, without its weights, needs more than ${MAX_HELD_BYTES / 1024 ** 2} MiB of memory ` +
          `(at byte ${offset}).`,
        { offset },
      );
    }
  }
}

/**
 * Walks a message and all messages inside that the rules ask for, with a stack of its own: nothing recurses, however
 * deep a file nests. It waits only where the window has to move. `onProgress` gets the offset reached.
 */
export async function walkMessages(
  wire: WireReader,
  root: Frame,
  onProgress?: (offset: number) => void,
): Promise<void> {
  const budget = new Budget();
  const stack: { frame: Frame; at: number }[] = [{ frame: root, at: root.ref.bodyStart }];
  for (let top = stack.at(-1); top; top = stack.at(-1)) {
    const { frame } = top;
    const limit = frame.ref.end;
    if (top.at >= limit) {
      frame.finish?.();
      stack.pop();
      continue;
    }
    while (!wire.holdsHeader(top.at, limit)) {
      onProgress?.(top.at);
      await wire.load(top.at, Math.min(HEADER_BYTES, limit - top.at));
    }
    const field = wire.header(top.at, limit);
    if (field.wireType === GROUP) field.end = await wire.groupEnd(field, limit);
    top.at = field.end;
    const rule = frame.rules[field.number];
    if (!rule) continue;
    if (rule.kind === 'value') rule.set(frame.draft, field);
    else if (rule.kind === 'bytes') {
      const length = field.end - field.bodyStart;
      wire.checkText(field);
      budget.charge(TEXT_COST + 2 * length, field.start);
      while (!wire.holds(field.bodyStart, length)) await wire.load(field.bodyStart, length);
      rule.set(frame.draft, wire.view(field.bodyStart, field.end), field);
    } else if (rule.kind === 'list') await takeList({ wire, budget }, rule, frame.draft, field);
    else {
      if (field.wireType !== LEN) throw malformed(`field ${field.number} should hold a message`, field.start);
      budget.charge(rule.cost ?? MESSAGE_COST, field.start);
      const ref = { start: field.start, bodyStart: field.bodyStart, end: field.end, parent: frame.ref };
      const inner = rule.enter(frame.draft, ref, frame.depth);
      stack.push({ frame: inner, at: ref.bodyStart });
    }
  }
}

async function takeList(
  { wire, budget }: { readonly wire: WireReader; readonly budget: Budget },
  rule: Rule<unknown> & { kind: 'list' },
  draft: unknown,
  field: Field,
): Promise<void> {
  if (field.wireType === LEN) wire.checkText(field);
  for (let at = field.bodyStart; at < field.end;) {
    const end = Math.min(field.end, at + PART_BYTES);
    while (!wire.holds(at, end - at)) await wire.load(at, end - at);
    const used = rule.take(draft, wire.view(at, end), field, budget);
    if (used === 0) throw malformed('a list of numbers is cut short', field.start);
    at += used;
    if (at < field.end) await wire.breathe();
  }
}
