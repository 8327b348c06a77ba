import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemorySource } from '../../../../src/bytes/byteSource.ts';
import { scanModel } from '../../../../src/formats/onnx/scan/scan.ts';
import type { ValueType } from '../../../../src/formats/onnx/model.ts';
import { DTYPE, encodeModel, model, node } from '../../../fixtures/modelBuilder.ts';
import type { onnx } from 'onnx-proto';

type TypeProto = NonNullable<onnx.IValueInfoProto['type']>;

async function declaredAs(levels: number): Promise<ValueType | null> {
  let type: TypeProto = { tensorType: { elemType: DTYPE.float32, shape: { dim: [{ dimValue: 2 }] } } };
  for (let i = 0; i < levels; i++) type = { sequenceType: { elemType: type } };
  const bytes = encodeModel(
    model({ inputs: [{ name: 's', type }], outputs: [], nodes: [node('Identity', ['s'], ['t'])] }),
  );
  return (await scanModel(new MemorySource(bytes))).graph.inputs[0]?.type ?? null;
}

/** How many sequences lie in each other, and what the innermost holds. */
function opened(type: ValueType | null): { levels: number; holds: ValueType | null } {
  let levels = 0;
  let at = type;
  for (; at?.kind === 'other'; at = at.element ?? null) levels++;
  return { levels, holds: at };
}

for (const levels of [0, 1, 8])
  test(`sequences ${levels} deep are read with what they hold`, async () => {
    assert.deepEqual(opened(await declaredAs(levels)), {
      levels,
      holds: { kind: 'tensor', dtype: DTYPE.float32, dims: [2] },
    });
  });

for (const levels of [10, 40])
  test(`sequences ${levels} deep are read as far as people may look inside; what they hold is not known`, async () => {
    assert.deepEqual(opened(await declaredAs(levels)), { levels: 9, holds: null });
  });
