import { enclosingCall, type Enclosing, type TextSpan } from './callText.ts';

/** Axes that can't be the channels', counted from either end, of pictures and of videos. */
const OTHER_AXES = new Set(['0', '2', '3', '4', '-1', '-2']);
/** Sizes from here on are of other axes only. */
const BEHIND_CHANNELS = new Set(['2', '3', '4', '-1', '-2']);
const ENTRY = /^\)?\[([^\]]*)\]/;

/** What an expression makes of all the sizes of an image, which it holds at a place. */
export type SizeUse = 'other-axes' | 'kept' | 'channels';

/** `kept` where the expression is the sizes and no more; `channels` where it may look at how many there are. */
export function sizeUse(expression: string, sizes: TextSpan): SizeUse {
  const entry = ENTRY.exec(expression.slice(sizes.end))?.[1];
  if (entry !== undefined) return OTHER_AXES.has(entry) ? 'other-axes' : 'channels';
  if (sizes.start === 0 && sizes.end === expression.length) return 'kept';
  const call = enclosingCall(expression, sizes);
  return call?.isWhole && call.index === 0 && isOfOtherAxes(call) ? 'other-axes' : 'channels';
}

function isOfOtherAxes({ callee, arguments: given }: Enclosing): boolean {
  if (callee === 'torch.len') return true;
  return callee === 'torch.slice' && BEHIND_CHANNELS.has(given[1] ?? '');
}

/** `torch.size(x, 2)`: the size of one axis, which is not the channels'. */
export function isOtherAxis({ arguments: given }: Enclosing): boolean {
  return OTHER_AXES.has(given[1] ?? '');
}
