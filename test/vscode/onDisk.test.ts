import { symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import assert from './assert.ts';
import { callTool } from './callTool.ts';
import { folder, read, uri } from './files.ts';

// What only a disk has: files outside the workspace's file system, and links.

describe('Tools for agents, on a disk', () => {
  it('stay inside the workspace, also where a link leads out', async () => {
    const outside = join(tmpdir(), `outside-${process.pid}.onnx`);
    writeFileSync(outside, await read(uri('resnet.onnx')));
    if (process.platform !== 'win32') symlinkSync(outside, uri('leads-out.onnx').fsPath);
    for (const path of [outside, 'leads-out.onnx', folder().fsPath])
      await assert.rejects(callTool('inspect', { path }), /There is no file .* in the folders of this workspace/, path);
    await assert.rejects(callTool('convert', { path: outside }), /There is no file/);
  });
});
