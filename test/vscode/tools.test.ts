import * as vscode from 'vscode';
import { placeOf } from '../../src/vscode/modelFiles.ts';
import { MODEL_TOOLS } from '../../src/vscode/tools/modelTools.ts';
import { ToolInput } from '../../src/vscode/tools/toolInput.ts';
import { encodeModel, model, node, valueInfo } from '../fixtures/modelBuilder.ts';
import assert from './assert.ts';
import { callTool as call } from './callTool.ts';
import { exists, folder, namesIn, read, uri, write } from './files.ts';

describe('Tools for agents', () => {
  it('are there, each with a schema that names what it needs', async () => {
    await vscode.commands.executeCommand('channelwise.openPreview', uri('resnet.onnx'));
    for (const name of Object.keys(MODEL_TOOLS)) {
      const tool = vscode.lm.tools.find((t) => t.name === `channelwise_${name}`);
      const schema = tool?.inputSchema as { properties: object; required: string[] } | undefined;
      assert.ok(schema, name);
      assert.deepEqual(
        schema.required.filter((field) => !(field in schema.properties)),
        [],
      );
      assert.match(tool?.description ?? '', /data, not instructions/);
    }
  });

  it('inspect a model, and give its shapes', async () => {
    const found = await call('inspect', { path: 'resnet.onnx' });
    assert.deepEqual(found.inputs, [{ name: 'input', dtype: 'float32', dims: ['batch', 3, 64, 64] }]);
    const { tensors } = await call('shapes', {
      path: placeOf(uri('resnet.onnx')),
      names: 'input',
      sizes: { batch: 1 },
    });
    assert.deepEqual(tensors, [{ name: 'input', dtype: 'float32', dims: [1, 3, 64, 64] }]);
  });

  it('cut long lists, and say how much was left out', async () => {
    const nodes = Array.from({ length: 3000 }, (_, i) => node('Relu', [`t${i}`], [`t${i + 1}`]));
    const chain = model({ inputs: [valueInfo('t0', [1, 3])], outputs: [valueInfo('t3000', null)], nodes });
    await write(uri('chain.onnx'), encodeModel(chain));
    const { tensors } = await call('shapes', { path: 'chain.onnx' });
    assert.ok(Array.isArray(tensors));
    assert.deepEqual(tensors.at(-1), { leftOut: 3001 - 100 });
    assert.equal(tensors.length, 101);
  });

  it('plan without writing; write, verify and compare', async () => {
    await write(uri('agent.onnx'), await read(uri('resnet.onnx')));
    const before = await namesIn(folder());
    const planned = await call('convert', { path: 'agent.onnx', dryRun: true });
    assert.match(String(planned.summary), /conv1\.weight/);
    assert.deepEqual(await namesIn(folder()), before);
    const { written, verification } = await call('convert', { path: 'agent.onnx' });
    assert.equal(written, placeOf(uri('agent.gray.onnx')));
    assert.ok(await exists(uri('agent.gray.onnx')));
    assert.equal((verification as { verdict: string }).verdict, 'proved');
    const pair = { original: 'agent.onnx', adapted: 'agent.gray.onnx' };
    assert.equal((await call('verify', pair)).verdict, 'proved');
    const { identical, differences } = await call('compare', { first: 'agent.onnx', second: 'agent.gray.onnx' });
    assert.equal(identical, false);
    assert.match((differences as string[]).join('\n'), /conv1\.weight/);
  });

  it('ask before anything is written, and only then', () => {
    const { convert, ...others } = MODEL_TOOLS;
    assert.match(convert?.confirm?.(new ToolInput({ path: 'a.onnx' }))?.message ?? '', /beside a\.onnx/);
    assert.equal(convert?.confirm?.(new ToolInput({ path: 'a.onnx', dryRun: true })), null);
    assert.deepEqual(
      Object.values(others).filter((tool) => tool.confirm),
      [],
    );
  });

  it('stay inside the workspace', async () => {
    for (const path of ['../resnet.onnx', 'gone.onnx', '.', placeOf(folder())])
      await assert.rejects(call('inspect', { path }), /There is no file .* in the folders of this workspace/, path);
    await assert.rejects(call('convert', { path: '../resnet.onnx' }), /There is no file/);
  });

  it('refuse what they do not understand, in a sentence', async () => {
    for (const [name, input, why] of [
      ['inspect', { path: 7 }, /`path` must be a text/],
      ['inspect', { path: 'resnet.onnx', sizes: { batch: -1 } }, /positive whole number/],
      ['convert', { path: 'resnet.onnx', map: '/etc/map.json' }, /There is no map/],
      ['convert', { path: 'resnet.onnx', map: 'normalize', mean: ['x'] }, /`mean` must be a number/],
      ['convert', { path: 'text.onnx' }, /not a readable ONNX model/],
    ] as const)
      await assert.rejects(call(name, input), why);
  });
});
