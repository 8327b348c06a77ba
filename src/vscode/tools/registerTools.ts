import * as vscode from 'vscode';
import type { Extension } from '../extensionParts.ts';
import { plainMarkdown } from '../window/messages.ts';
import { MODEL_TOOLS, type ModelTool } from './modelTools.ts';
import { ToolInput } from './toolInput.ts';
import { toolReply } from './toolReply.ts';

/** Gives the agents of the editor the tools that package.json describes to them. */
export function registerTools(extension: Extension): vscode.Disposable {
  const registered = Object.entries(MODEL_TOOLS).map(([name, tool]) =>
    vscode.lm.registerTool(`channelwise_${name}`, asTool(extension, tool)),
  );
  return vscode.Disposable.from(...registered);
}

function asTool(extension: Extension, tool: ModelTool): vscode.LanguageModelTool<unknown> {
  return {
    prepareInvocation: (options) => {
      const input = new ToolInput(options.input);
      const invocationMessage = plainMarkdown(tool.doing(input));
      const asked = tool.confirm?.(input);
      if (!asked) return { invocationMessage };
      const confirmationMessages = { title: asked.title, message: plainMarkdown(asked.message) };
      return { invocationMessage, confirmationMessages };
    },
    invoke: async (options, token) => {
      const controller = new AbortController();
      const cancelling = token.onCancellationRequested(() => controller.abort());
      try {
        return toolReply(await tool.run(extension, new ToolInput(options.input), { signal: controller.signal }));
      } finally {
        cancelling.dispose();
      }
    },
  };
}
