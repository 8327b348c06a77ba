import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DTYPES } from '../../src/tensors/dtypes.ts';
import { mobileNetV2 } from '../fixtures/architectures.ts';
import { encodeModel, floatTensor, graph, int64Tensor, model, node, valueInfo } from '../fixtures/modelBuilder.ts';
import { STORED, modelOf, tensorBody } from '../fixtures/storedTensors.ts';
import { CLASSIFIERS } from '../fixtures/zoo/classifiers.ts';
import { DETECTORS } from '../fixtures/zoo/detectors.ts';
import { buildExported } from '../fixtures/zoo/net.ts';
import { ODD } from '../fixtures/zoo/odd.ts';
import { RESTORATION } from '../fixtures/zoo/restoration.ts';

/** Larger models make an input slow and add no structure. */
const MAX_BYTES = 300_000;
const TESTDATA = '/usr/share/libonnx-testdata';

/**
 * What is mutated: ONNX's own test models where Debian's libonnx-testdata is installed, the zoo, and every way to store
 * a tensor.
 */
export function fuzzCorpus(): Uint8Array[] {
  const files = existsSync(TESTDATA)
    ? readdirSync(TESTDATA, { recursive: true })
        .map(String)
        .filter((f) => f.endsWith('.onnx'))
        .sort()
        .map((f) => join(TESTDATA, f))
    : [];
  const testdata = files.filter((f) => statSync(f).size <= MAX_BYTES).map((f) => new Uint8Array(readFileSync(f)));
  const zoo = [...CLASSIFIERS, ...DETECTORS, ...ODD, ...RESTORATION]
    .map(buildExported)
    .filter((bytes) => bytes.length <= MAX_BYTES);
  // Most test models are one operator, so the zoo comes several times.
  return [...testdata, ...[1, 2, 3, 4, 5].flatMap(() => [...zoo, ...stored(), constants(), mobileNetV2(0.1, 10, 32)])];
}

/** For each storage form, a model with a tensor of every element type. */
function stored(): Uint8Array[] {
  return STORED.map((form) =>
    modelOf(
      ...Object.entries(DTYPES).flatMap(([dtype, { bits, name }]) =>
        bits === null
          ? []
          : [
              tensorBody(form, {
                name,
                dtype: Number(dtype),
                dims: [8],
                raw: Uint8Array.from({ length: bits }, (_, i) => i % 2),
              }),
            ],
      ),
    ),
  );
}

/** Constants in all attribute forms, before a convolution, with a subgraph and a sparse initializer. */
function constants(): Uint8Array {
  const weight = floatTensor('', [2, 3, 1, 1], [1, 2, 3, 4, 5, 6]);
  const sparse = {
    dims: [2, 3, 1, 1],
    values: floatTensor('sparse', [2], [1, 2]),
    indices: int64Tensor('', [2], [0, 4]),
  };
  const then = graph({
    name: 'then',
    nodes: [
      node('Constant', [], ['inner'], { value: { tensor: weight } }),
      node('Conv', ['image', 'inner'], ['picked']),
    ],
    outputs: [valueInfo('picked', null)],
  });
  return encodeModel(
    model({
      inputs: [valueInfo('image', [1, 3, 8, 8]), valueInfo('which', [], 9), valueInfo('listed', [2, 3, 1, 1])],
      outputs: [valueInfo('y', null)],
      initializers: [floatTensor('listed', [2, 3, 1, 1], [1, 2, 3, 4, 5, 6])],
      sparseInitializers: [sparse],
      nodes: [
        node('Constant', [], ['a'], { value_float: { float: 2 } }),
        node('Constant', [], ['b'], { value_floats: { floats: [1, 2, 3] } }),
        node('Constant', [], ['c'], { value_int: 2 }),
        node('Constant', [], ['d'], { value_ints: { ints: [1, 3, 1, 1] } }),
        node('Constant', [], ['e'], { sparse_value: { sparse } }),
        node('Constant', [], ['f'], { value: { tensor: weight } }),
        node('Constant', [], ['g'], { value_string: 'text' }),
        node('Reshape', ['b', 'd'], ['scale']),
        node('Mul', ['image', 'scale'], ['scaled']),
        node('Conv', ['scaled', 'e'], ['one']),
        node('Conv', ['image', 'f'], ['two']),
        node('Conv', ['image', 'listed'], ['three']),
        node('Conv', ['image', 'sparse'], ['four']),
        node('If', ['which'], ['five'], { then_branch: { graph: then }, else_branch: { graph: then } }),
        node('Sum', ['one', 'two', 'three', 'four', 'five'], ['y']),
      ],
    }),
  );
}
