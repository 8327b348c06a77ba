import { adaptModel } from '../../../adapt/adaptModel.ts';
import { mapFromJson, type ChannelMap } from '../../../adapt/maps/channelMap.ts';
import type { ProvenanceSource, ProvenanceStep } from '../../../adapt/report/provenance.ts';
import { liesInModel } from '../../../bytes/errors.ts';
import type { ByteSource } from '../../../bytes/byteSource.ts';
import { SplicedSource } from '../../../bytes/splicedSource.ts';
import { allTensors } from '../../../formats/onnx/allTensors.ts';
import { scanModel } from '../../../formats/onnx/scan/scan.ts';
import { WireReader } from '../../../formats/onnx/scan/wire.ts';
import { ByteComparer, type KnownCopies } from '../../sameBytes.ts';
import { descendants, wiring, type ModelFile, type Wiring } from '../../wiring.ts';
import type { InputMaps } from '../inputMap.ts';
import { CopiedRanges, sameSources } from './copies.ts';
import { sameInterface } from './interfaces.ts';
import { SeamFinder } from './seam.ts';

/**
 * What the original gives when it is adapted again with the recorded map. This settles a model of our own: no change
 * that somebody made to it afterwards goes unseen, whatever inputs it waits for.
 * - `bytes`: the adapted file, to the last byte
 * - `content`: the same nodes, weights and interface; metadata or their order differ
 * - `different`: a model that was made or changed by something else
 * - `impossible`: the original can't be adapted so
 */
export interface Rebuild {
  readonly result: 'bytes' | 'content' | 'different' | 'impossible';
  /**
   * Tensors of the original that an exact adaptation may leave with other values or another shape; null where that
   * isn't known.
   */
  readonly unequal: ReadonlySet<string> | null;
  /** Tensors that the last step makes equal again. */
  readonly equal: ReadonlySet<string>;
  /** What adapting again gives; null where the adapted file is that, or it is impossible. */
  readonly model: Wiring | null;
  /** Names of the weights that take the map in. */
  readonly weights: readonly string[];
  readonly copies: KnownCopies | null;
  /** The adapted file's bytes, read from the original: where adapting again gives them all. */
  readonly bytes: ByteSource | null;
}

interface Step {
  readonly map: ChannelMap;
  readonly inputs: readonly string[];
  /** The axis of all inputs as the record says it; absent where it says none, or several. */
  readonly axis?: number | undefined;
  readonly keepIntegers?: boolean | undefined;
  readonly version: string;
  readonly source: ProvenanceSource;
}

/** A longer story than this is not retold. */
const MAX_STEPS = 8;
const IMPOSSIBLE: Rebuild = {
  result: 'impossible',
  unequal: null,
  equal: new Set(),
  model: null,
  weights: [],
  copies: null,
  bytes: null,
};

/**
 * Adapts the original again and compares, streaming. Throws `cancelled` and `io`; whatever else goes wrong makes it
 * `impossible`.
 */
export async function rebuild(a: Wiring, b: Wiring, maps: InputMaps, signal?: AbortSignal): Promise<Rebuild> {
  return orImpossible(async () => {
    const steps = stepsOf(maps);
    if (!steps.length || steps.length > MAX_STEPS) return IMPOSSIBLE;
    // The inputs and their axis were named by the user, or chosen by the model's looks, which the record doesn't say.
    const named = await rebuildOnce(a, b, { steps, named: true, signal });
    if (named.result !== 'different') return named;
    const chosen = await orImpossible(() => rebuildOnce(a, b, { steps, named: false, signal }));
    return chosen.result === 'impossible' || chosen.result === 'different' ? named : chosen;
  });
}

async function orImpossible(work: () => Promise<Rebuild>): Promise<Rebuild> {
  try {
    return await work();
  } catch (error) {
    if (!liesInModel(error)) throw error;
    return IMPOSSIBLE;
  }
}

function stepsOf(maps: InputMaps): Step[] {
  if (maps.steps.length)
    return maps.steps.map((step) => ({
      map: { ...mapFromJson(step.inputs[0], step.map.name), ...warningOf(step.map.warning) },
      inputs: step.inputs.map((input) => input.name),
      axis: axisOf(step.inputs),
      keepIntegers: step.keepIntegers === true,
      version: step.version,
      source: sourceOf(step.source),
    }));
  const [first] = maps.inputs;
  if (!first) return [];
  const map = { name: 'map', matrix: first.map.m, shift: first.map.b };
  return [{ map, inputs: maps.inputs.map((input) => input.name), version: '', source: { name: '', size: 0 } }];
}

/** Where two axes may hold the channels, the person named one. */
function axisOf(inputs: ProvenanceStep['inputs']): number | undefined {
  const [axis, ...others] = new Set(inputs.map((input) => input.axis));
  return others.length === 0 ? axis : undefined;
}

/** Anybody can write a record, so what it says of its source may be anything. */
function sourceOf({ name, size, digest }: { name?: unknown; size?: unknown; digest?: unknown }): ProvenanceSource {
  return {
    name: typeof name === 'string' ? name : '',
    size: typeof size === 'number' ? size : 0,
    ...(typeof digest === 'string' ? { digest } : {}),
  };
}

function warningOf(warning: string | undefined): { warning?: string } {
  return typeof warning === 'string' ? { warning } : {};
}

interface Attempt {
  readonly steps: readonly Step[];
  readonly named: boolean;
  readonly signal: AbortSignal | undefined;
}

async function rebuildOnce(a: Wiring, b: Wiring, { steps, named, signal }: Attempt): Promise<Rebuild> {
  const unequal = new Set<string>();
  const weights: string[] = [];
  let equal = new Set<string>();
  let at: ModelFile = a.file;
  let copies: KnownCopies | null = null;
  for (const [i, step] of steps.entries()) {
    const { ctx, model } = at;
    const { plan, splices } = await adaptModel({
      ctx,
      model,
      map: step.map,
      inputs: named ? step.inputs : undefined,
      axis: named ? step.axis : undefined,
      keepIntegers: step.keepIntegers,
      version: step.version,
      source: step.source,
      signal,
    });
    const before = i === 0 ? a : wiring(at);
    const folded = plan.folds.map((fold) => fold.tensor);
    weights.push(...folded);
    const changed = [...step.inputs, ...folded];
    equal = new Set(plan.seam);
    for (const name of unequalTensors(before, changed, equal)) unequal.add(name);
    const source = new SplicedSource(ctx.wire.source, splices);
    if (steps.length === 1) copies = new CopiedRanges(ctx.wire.source.size, splices);
    if (i === steps.length - 1 && (await sameSources(source, b.file.ctx.wire.source, () => ctx.wire.breathe()))) {
      const same = await sameDataFiles(a.file, b.file);
      if (same) return { result: 'bytes', unequal, equal, model: null, weights, copies, bytes: source };
    }
    at = {
      model: await scanModel(source, signal),
      ctx: { wire: new WireReader(source, signal), external: a.file.ctx.external },
      identity: a.file.identity,
    };
  }
  const again = wiring(at);
  const result = (await sameContent(again, b)) ? 'content' : 'different';
  return { result, unequal, equal, model: again, weights, copies: null, bytes: null };
}

/**
 * What follows from changed tensors in front of those that are equal again. A shape is read in front of them, where the
 * channels are others.
 */
function unequalTensors(w: Wiring, changed: readonly string[], equal: ReadonlySet<string>): Set<string> {
  const unequal = descendants(w, changed, equal);
  for (const node of w.order)
    if (['Shape', 'Size'].includes(node.opType) && node.inputs.some((name) => equal.has(name)))
      for (const output of node.outputs) unequal.add(output);
  return unequal;
}

/** Two files of the same bytes name the same data files; these hold the same bytes too. */
async function sameDataFiles(a: ModelFile, b: ModelFile): Promise<boolean> {
  const bytes = new ByteComparer(a, b);
  for (const stored of allTensors(b.model)) {
    const tensors = 'indices' in stored ? [stored.values, stored.indices] : [stored];
    for (const tensor of tensors)
      if (tensor.storage.kind === 'external' && !(await bytes.sameTensor(tensor, tensor))) return false;
  }
  return true;
}

/** Nothing has to be measured between the two, and both take and give the same. */
async function sameContent(again: Wiring, b: Wiring): Promise<boolean> {
  if (!sameInterface(again, b)) return false;
  const { measured, broken } = await new SeamFinder(again, b).find(new Set());
  return measured.length === 0 && broken.length === 0;
}
