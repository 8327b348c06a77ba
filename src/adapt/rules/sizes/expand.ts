import { isSmall, type Affine } from '../../maps/affine.ts';
import { MAX_RANK, type Flow } from '../../flow/flow.ts';
import { TOO_MANY } from '../../flow/reasons.ts';
import type { Rule } from '../../flow/step.ts';
import { withSize } from './sizeVector.ts';

/** The size that an Expand asks for on the flow's axis, and where. */
interface AskedSize {
  readonly rank: number;
  readonly axis: number;
  /** Its place in the vector of sizes, which may leave out axes in front; negative for those. */
  readonly at: number;
  /** Null where the model computes it. */
  readonly entry: number | null;
}

function askedSize(flow: Flow, asked: readonly (number | null)[]): AskedSize {
  const rank = Math.max(flow.rank, asked.length);
  const axis = flow.axis + rank - flow.rank;
  const at = axis - (rank - asked.length);
  return { rank, axis, at, entry: at < 0 ? 1 : (asked[at] ?? null) };
}

/** Copies along axes of size one: https://onnx.ai/onnx/operators/onnx__Expand.html */
const expand: Rule = async (step) => {
  const flow = step.only();
  if (!flow || flow.gone || flow.outer !== 1 || flow.inner !== 1) return 'its shape comes from the image itself';
  const stored = await step.value(1);
  const asked = stored ? [...stored.values] : step.walk.known.integers(step.node.inputs[1] ?? '');
  if (!asked || asked.length > MAX_RANK) return 'its shape is not known before the model runs';
  const { rank, axis, at, entry } = askedSize(flow, asked);
  const rows = flow.map.m.length;
  if (entry === null) return 'it may copy channels, as often as the model computes';
  const moved: Partial<Flow> = { axis, rank };
  if (entry === 1) return step.pass(flow, { flow: moved });
  if (entry < 1 || (entry !== rows && rows !== 1)) return 'its shape does not fit the channels';
  const size = flow.base.channels;
  const inputs = entry === size ? undefined : await withSize(step, 1, asked, { at, size });
  if (inputs === null) return 'its shape is computed while the model runs';
  if (rank > MAX_RANK || !isSmall(entry, size)) return TOO_MANY;
  return step.pass(flow, {
    ...(inputs === undefined ? {} : { inputs: new Map([[1, inputs]]) }),
    flow: { ...moved, map: entry === rows ? flow.map : copied(flow.map, entry) },
  });
};

/** The first row, so many times. */
function copied({ m, b }: Affine, times: number): Affine {
  return { m: Array.from({ length: times }, () => m[0] ?? []), b: new Array<number>(times).fill(b[0] ?? 0) };
}

export const EXPAND: Readonly<Record<string, Rule>> = { Expand: expand };
