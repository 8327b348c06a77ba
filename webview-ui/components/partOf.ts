/** The element with a tag inside a root, as the class that stands for the tag; null while it isn't drawn. */
export function partOf<Part extends Element>(root: ParentNode, tag: string, kind: new () => Part): Part | null {
  const part = root.querySelector(tag);
  return part instanceof kind ? part : null;
}
