import type { AdaptationPlan } from '../../report/plan.ts';
import { pythonText } from './pythonText.ts';
import type { PythonLibrary } from './weightsPython.ts';
import { countOf } from '../../../text/numbers.ts';

/** Of Keras files with weights alone. */
export const KERAS: PythonLibrary = { id: 'keras', title: 'Keras' };

/** Python that loads adapted weights into a Keras model. */
export function kerasWeightsPython(plan: AdaptationPlan, fileName: string): string {
  const channels = plan.inputs[0]?.newChannels ?? 1;
  return [
    `# Keras: a network that takes ${countOf(channels, 'channel')}.`,
    'import keras',
    `network = ...  # built as for the original file, with an input of (height, width, ${channels})`,
    `network.load_weights(${pythonText(fileName)})`,
    '',
  ].join('\n');
}
