import { memberAt, text } from '../../../bytes/json/json.ts';
import type { Layer } from './network.ts';

/** Layers that do the same at every step by themselves, whatever axes stand in front of the last one. */
const ALONG_LAST = new Set(['Dense', 'Activation', 'ReLU', 'LeakyReLU', 'ELU', 'Dropout', 'LayerNormalization']);

/** Whether a layer applies another one, or a whole model, to each step by itself. */
export function hasSteps({ className, config }: Layer): boolean {
  const inside = text(memberAt(config, 'layer', 'class_name')) ?? '';
  return className === 'TimeDistributed' && !ALONG_LAST.has(inside);
}
