import type { Graph, ValueInfo } from '../../formats/onnx/model.ts';
import { candidates, realInputs, typeText } from './candidates.ts';
import { whyNot } from './noImageInput.ts';
import { parametersOf } from './parameters.ts';

/** An input as a choice: where it may hold channels, and how many. */
export interface ImageInput {
  readonly name: string;
  /** `float32[N, 3, 224, 224]`. */
  readonly type: string;
  /** Channel counts that the declared dims allow, likeliest first; empty where no size is declared. */
  readonly channels: readonly number[];
  /** A channel axis without a declared size: any count may be right. */
  readonly open: boolean;
  /** Why it can't be an image; null where it can. */
  readonly why: string | null;
  /** Chosen unless a person says otherwise. */
  readonly isLikely: boolean;
  /** Of a layer of weights alone: why a person has to say whether it sees the image. */
  readonly asked?: string;
}

/** Image sizes are larger; a number this small is rather a channel count. */
const FEW = 16;

/** All inputs a caller feeds, with what may be adapted of each. */
export function imageInputs(graph: Graph): ImageInput[] {
  const isParameter = parametersOf(graph);
  return realInputs(graph).map((input) => {
    const channels = sizes(input);
    const open = candidates(input, -1).length > 0;
    return {
      name: input.name,
      type: typeText(input),
      channels,
      open,
      why: channels.length || open ? null : whyNot(input, 3),
      isLikely: !isParameter(input.name),
    };
  });
}

function sizes(input: ValueInfo): number[] {
  const dims = input.type?.kind === 'tensor' ? (input.type.dims ?? []) : [];
  const numbers = new Set(dims.filter((dim): dim is number => typeof dim === 'number' && dim > 0));
  const found = [...numbers].filter((n) => candidates(input, n).some((candidate) => candidate.certain));
  return found.sort((a, b) => rank(a) - rank(b) || a - b);
}

/** The likeliest count first. */
function rank(n: number): number {
  const likely = [3, 1, 4].indexOf(n);
  if (likely >= 0) return likely;
  return n <= FEW ? FEW : FEW + 1;
}
