/** How the pages of a domain's operators are called in ONNX's documentation: https://onnx.ai/onnx/operators/ */
const PAGES: Readonly<Record<string, string>> = { '': 'onnx__', 'ai.onnx.ml': 'onnx_aionnxml_' };

/**
 * The address of an operator's page in ONNX's documentation; null for operators that have none. The name comes from a
 * model, so only letters and digits become part of an address.
 */
export function operatorPage(domain: string, opType: string): string | null {
  const prefix = Object.hasOwn(PAGES, domain) ? PAGES[domain] : undefined;
  if (prefix === undefined || !/^[A-Za-z][A-Za-z0-9]{0,99}$/.test(opType)) return null;
  return `https://onnx.ai/onnx/operators/${prefix}${opType}.html`;
}
