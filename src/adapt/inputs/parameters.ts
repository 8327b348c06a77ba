import { connectionsOf } from '../../graph/connections.ts';
import { operatorKey } from '../../graph/operatorKey.ts';
import type { Graph, Node } from '../../formats/onnx/model.ts';
import { CONV_KINDS } from '../rules/weights/conv.ts';

/** Layers whose inputs behind the first are learned numbers, beside the convolutions. */
const WITH_PARAMETERS = new Set([
  ...Object.keys(CONV_KINDS),
  'DeformConv',
  'BatchNormalization',
  'InstanceNormalization',
  'GroupNormalization',
  'LayerNormalization',
  'PRelu',
  'LSTM',
  'GRU',
  'RNN',
]);

/**
 * Tells of a graph's inputs which are read only where layers have their weights: a file without its weights lists those
 * as inputs, beside the image.
 */
export function parametersOf(graph: Graph): (name: string) => boolean {
  const { readers, captures } = connectionsOf(graph.nodes);
  return (name) => {
    const reading = readers.get(name) ?? [];
    return reading.length > 0 && !captures.has(name) && reading.every((node) => isParameterOf(node, name));
  };
}

function isParameterOf(node: Node, name: string): boolean {
  return node.inputs[0] !== name && WITH_PARAMETERS.has(operatorKey(node));
}
