import * as vscode from 'vscode';

/** An agent reads no more of a reply with profit, and each character costs it. */
const MOST_CHARACTERS = 20_000;
/** Of a long list the first are given, and how many were left out. */
const MOST_ITEMS = 100;

/** A result as an agent reads it: JSON, with long lists cut and counted. */
export function toolReply(value: unknown): vscode.LanguageModelToolResult {
  return new vscode.LanguageModelToolResult([new vscode.LanguageModelTextPart(replyText(value))]);
}

function replyText(value: unknown): string {
  for (let most = MOST_ITEMS; most > 0; most = Math.floor(most / 2)) {
    const text = JSON.stringify(value, (_, part: unknown) => shortList(part, most));
    if (text.length <= MOST_CHARACTERS) return text;
  }
  return JSON.stringify({ error: 'The result is too long to be given here; ask for less, or use the command line.' });
}

function shortList(part: unknown, most: number): unknown {
  if (!Array.isArray(part) || part.length <= most) return part;
  return [...(part as unknown[]).slice(0, most), { leftOut: part.length - most }];
}
