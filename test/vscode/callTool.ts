import * as vscode from 'vscode';
import assert from './assert.ts';

/** Calls a tool as an agent does, and gives its answer. */
export async function callTool(name: string, input: object): Promise<Record<string, unknown>> {
  const options = { input, toolInvocationToken: undefined };
  const { content } = await vscode.lm.invokeTool(`channelwise_${name}`, options);
  const [part] = content;
  assert.ok(part instanceof vscode.LanguageModelTextPart);
  return JSON.parse(part.value) as Record<string, unknown>;
}
