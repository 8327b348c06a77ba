import assert from 'node:assert/strict';
import { test } from 'node:test';
import { grayscale } from '../../../../src/adapt/maps/channelMap.ts';
import { adaptWeights } from '../../../../src/adapt/weights/adaptWeights.ts';
import { weightsPython } from '../../../../src/adapt/weights/weightsPython.ts';
import { MemorySource } from '../../../../src/bytes/byteSource.ts';
import { safetensorsFormat } from '../../../../src/formats/safetensors/format.ts';
import { floatWeights, safetensorsFile } from '../../../fixtures/safetensors.ts';

const ROWS: readonly [weight: string, says: RegExp][] = [
  ['model.0.conv.weight', /^# ultralytics.*ch: 1\n/s],
  ['vit.embeddings.patch_embeddings.projection.weight', /^# transformers.*from_pretrained/s],
  ['conv_stem.weight', /^# timm.*in_chans=1\)/s],
  ['patch_embed.proj.weight', /^# timm.*in_chans=1\)/s],
  ['features.0.weight', /^# PyTorch.*for name in \["features\.0"\]:/s],
];

test('Python by what the names say, and the file is read as text that Python takes', async () => {
  for (const [weight, says] of ROWS) {
    const bytes = safetensorsFile([floatWeights(weight, [2, 3, 1, 1])]);
    const { tensors } = await safetensorsFormat.open(new MemorySource(bytes), { name: 'm' });
    const { plan } = await adaptWeights({ tensors, map: grayscale() });
    const names = tensors.map(({ name }) => name);
    const code = weightsPython(plan, { fileName: 'a"b.safetensors', reader: 'safetensors', names });
    assert.match(code, says);
    assert.match(code, /load_file\("a\\"b\.safetensors"\)\nnetwork\.load_state_dict\(state\)\n$/);
  }
});
