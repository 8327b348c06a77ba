import type { FunctionDef, Node } from '../formats/onnx/model.ts';

/**
 * What a node's operator is called in tables and sentences: `Conv`, and `com.microsoft:FusedConv` in other domains. No
 * two operators share a key.
 */
export function operatorKey({ domain, opType }: Pick<Node, 'domain' | 'opType'>): string {
  // No operator's name holds a colon; a file may write one all the same.
  if (domain.includes(':') || opType.includes(':')) return JSON.stringify([domain, opType]);
  return domain ? `${domain}:${opType}` : opType;
}

type Functions = ReadonlyMap<string, FunctionDef>;
const KNOWN = new WeakMap<readonly FunctionDef[], Functions>();

/**
 * The local function of a model that a node calls; null for operators. Of several under one name, which ONNX forbids,
 * the first counts.
 */
export function calledFunction(functions: readonly FunctionDef[], node: Node): FunctionDef | null {
  if (functions.length === 0) return null;
  const byKey = KNOWN.get(functions) ?? functionsByKey(functions);
  KNOWN.set(functions, byKey);
  return byKey.get(functionKey(node.domain, node.opType, node.overload)) ?? null;
}

function functionsByKey(functions: readonly FunctionDef[]): Functions {
  const byKey = new Map<string, FunctionDef>();
  for (const called of functions) {
    const key = functionKey(called.domain, called.name, called.overload);
    if (!byKey.has(key)) byKey.set(key, called);
  }
  return byKey;
}

/** A text that only functions of the same domain, name and overload share. */
function functionKey(domain: string, name: string, overload: string): string {
  return JSON.stringify([domain, name, overload]);
}
