import type { AdaptationPlan } from '../plan.ts';
import { quoted } from './literals.ts';
import { countOf } from '../../../text/numbers.ts';

/** Of Keras files that hold a whole model: they are loaded, not copied into another one. */
export const KERAS_MODEL = { id: 'keras', title: 'Keras model' } as const;

/**
 * Python that loads an adapted Keras model and goes on training it: https://keras.io/api/models/model_saving_apis/ and
 * https://keras.io/guides/transfer_learning/. `fileName` is that of the adapted file, without its folder.
 */
export function kerasFilePython(plan: AdaptationPlan, fileName: string): string {
  const inputs = plan.inputs.map(
    ({ name, oldChannels, newChannels, axis }) =>
      `# Input ${quoted(name)}: ${countOf(newChannels, 'channel')} on axis ${axis}, in place of ${oldChannels}.`,
  );
  const weights = plan.folds.map(
    ({ tensor, oldDims, newDims }) =>
      `# Changed: ${quoted(tensor)}, ${shapeText(oldDims)} before, ${shapeText(newDims)} now.`,
  );
  const added = plan.addedNodes.map(({ name, opType }) => `# Added: the layer ${quoted(name)} (${quoted(opType)}).`);
  return [
    'import keras',
    '',
    ...inputs,
    ...weights,
    ...added,
    `model = keras.models.load_model(${quoted(fileName)})`,
    'print([tuple(tensor.shape) for tensor in model.inputs])',
    '',
    '# To fine-tune it, with your own loss, images and labels:',
    'model.compile(',
    '    optimizer=keras.optimizers.Adam(learning_rate=1e-5),',
    '    loss="sparse_categorical_crossentropy",',
    '    metrics=["accuracy"],',
    ')',
    '# model.fit(images, labels, epochs=5)',
    '',
  ].join('\n');
}

function shapeText(dims: readonly number[]): string {
  return `(${dims.join(', ')})`;
}
