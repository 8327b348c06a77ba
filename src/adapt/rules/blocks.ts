import { isSmall, sameMap, stack, widen, type Affine, columnCount } from '../maps/affine.ts';
import { baseOf, isPlain, withMap, type Flow } from '../flow/flow.ts';
import type { Rule, Step } from '../flow/step.ts';
import { range } from '../../bytes/lists.ts';
import { TOO_MANY } from '../flow/reasons.ts';

const NOT_BLOCKS = 'it mixes channels and pixels in a way that is not known';
/** Larger blocks than any model uses; the map grows with the fourth power. */
const MAX_BLOCK = 64;

function imageFlow(step: Step): { flow: Flow; size: number } | null {
  const flow = step.only();
  const size = step.int('blocksize', 0);
  return flow && isPlain(flow) && flow.axis === 1 && flow.rank === 4 && size >= 1 && size <= MAX_BLOCK
    ? { flow, size }
    : null;
}

/** Blocks of pixels become channels, block index first: https://onnx.ai/onnx/operators/onnx__SpaceToDepth.html */
const spaceToDepth: Rule = (step) => {
  const image = imageFlow(step);
  if (!image) return NOT_BLOCKS;
  const { flow, size } = image;
  const blocks = size * size;
  const channels = flow.base.channels;
  if (!isSmall(blocks * flow.map.m.length, blocks * channels)) return TOO_MANY;
  const map = stack(Array.from({ length: blocks }, (_, block) => widen(flow.map, block * channels, blocks * channels)));
  const base = baseOf(step.node.outputs[0] ?? '', blocks * channels, step.node);
  return step.passAs(base, withMap({ ...flow, base, dims: [null, null, null, null] }, map), [flow.base]);
};

/**
 * Channels become blocks of pixels, block index first (DCR) or channel first (CRD):
 * https://onnx.ai/onnx/operators/onnx__DepthToSpace.html. It commutes with maps that treat every block alike and mix
 * none with another.
 */
const depthToSpace: Rule = (step) => {
  const image = imageFlow(step);
  if (!image) return NOT_BLOCKS;
  const { flow, size } = image;
  const blocks = size * size;
  const channelFirst = step.text('mode', 'DCR') === 'CRD';
  const map = blockMap(flow.map, blocks, channelFirst);
  if (!map) return 'the blocks of channels are mapped in different ways';
  const base = baseOf(step.node.outputs[0] ?? '', flow.base.channels / blocks, step.node);
  return step.passAs(base, withMap({ ...flow, base, dims: [null, null, null, null] }, map), [flow.base]);
};

/** The map of one block, when the whole map is that for every block; null otherwise. */
function blockMap(map: Affine, blocks: number, channelFirst: boolean): Affine | null {
  const rows = map.m.length / blocks;
  const columns = columnCount(map.m) / blocks;
  if (!Number.isInteger(rows) || !Number.isInteger(columns) || rows < 1 || columns < 1) return null;
  const place = (channel: number, block: number, count: number): number =>
    channelFirst ? channel * blocks + block : block * count + channel;
  const row = (channel: number, block: number): readonly number[] => map.m[place(channel, block, rows)] ?? [];
  const channels = range(0, rows);
  const baseChannels = range(0, columns);
  const ofBlock = (block: number): Affine => ({
    m: channels.map((c) => baseChannels.map((k) => row(c, block)[place(k, block, columns)] ?? 0)),
    b: channels.map((c) => map.b[place(c, block, rows)] ?? 0),
  });
  const readsNothingOf = (other: number, block: number): boolean =>
    channels.every((c) => baseChannels.every((k) => row(c, block)[place(k, other, columns)] === 0));
  const one = ofBlock(0);
  for (let block = 0; block < blocks; block++) {
    if (!sameMap(ofBlock(block), one)) return null;
    for (let other = 0; other < blocks; other++) if (other !== block && !readsNothingOf(other, block)) return null;
  }
  return one;
}

export const BLOCKS: Readonly<Record<string, Rule>> = { SpaceToDepth: spaceToDepth, DepthToSpace: depthToSpace };
