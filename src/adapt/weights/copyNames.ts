/** Words for a running average of a network's weights, or for the best of several. */
const AVERAGE_WORDS = new Set(
  'ema swa avg average averaged averaging moving exponential shadow best last latest'.split(' '),
);
/** Words for two networks of one shape that both see the image, of which one follows the other: MoCo, BYOL, DINO. */
const TWIN_WORDS = new Set('online target student teacher momentum query key q k'.split(' '));
/** Words for what stands around a network, whatever it is: containers of a checkpoint, wrappers, roles in training. */
const CONTAINER_WORDS = new Set(
  `module model models net network networks state dict params parameters weight weights checkpoint ckpt callback
   callbacks stochastic student teacher online target forward orig mod`.split(/\s+/),
);
/** `EMACallback`, `model_state_dict`, `params-ema` in words. */
const WORD = /[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+/g;

/**
 * A name without the parts in front that tell copies and containers apart: the network that is trained, its running
 * average, a wrapper.
 */
export function networkName(name: string): string {
  const parts = name.split('.');
  const first = parts.findIndex((part, i) => i === parts.length - 1 || !isCopyPart(part));
  return parts.slice(first).join('.');
}

/** What copies of one network have in common: `G.conv.weight` and `G_ema.conv.weight` are one. */
export function copyKey(name: string): string {
  const [first = '', ...rest] = networkName(name).split('.');
  if (rest.length === 0) return first;
  const own = first.split('_').filter((word) => !isCopyWord(word.toLowerCase()));
  return [own.length === 0 ? first : own.join('_'), ...rest].join('.');
}

function isCopyWord(word: string): boolean {
  return AVERAGE_WORDS.has(word) || TWIN_WORDS.has(word);
}

/** `backbone_conv1_weight` of `ema_backbone_conv1_weight`; null of a name without such a word in front. */
export function averagedName(name: string): string | null {
  const [first = '', ...rest] = name.split('_');
  return AVERAGE_WORDS.has(first) && rest.length > 0 ? rest.join('_') : null;
}

/** The words of a part of a name, in small letters. */
export function wordsOf(part: string): string[] {
  return (part.match(WORD) ?? []).map((word) => word.toLowerCase());
}

function isCopyPart(part: string): boolean {
  const words = wordsOf(part);
  return words.length > 0 && words.every((word) => AVERAGE_WORDS.has(word) || CONTAINER_WORDS.has(word));
}
