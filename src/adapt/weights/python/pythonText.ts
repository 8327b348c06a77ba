/** A text as Python writes it: JSON's texts are Python's too. */
export function pythonText(text: string): string {
  return JSON.stringify(text);
}
