import type { NestedInput } from './geometry.ts';
import { layoutGraph } from './layered.ts';
import type { Layout } from './layered.ts';
import type { Pieces, VisibleTree } from './pieces.ts';
import { SPACING } from './spacing.ts';
import type { Orientation } from './spacing.ts';

/** How wide the place is at which lines enter or leave a group. */
export const PORT_WIDTH = 8;

/** The graph, what of it is open, its lines, and which way it goes. */
export interface LayoutJob {
  readonly input: NestedInput;
  readonly tree: VisibleTree;
  readonly pieces: Pieces;
  readonly orientation: Orientation;
}

/** What lies directly in one open group. Sizes and places of ports are those on the page. */
export interface Container {
  members: Int32Array;
  ports: Int32Array;
  lines: Int32Array;
  w: Float64Array;
  h: Float64Array;
  /** Where each port lies on its frame, from the frame's corner. */
  portAt: Float64Array;
  /** Numbers of boxes and ports within the group; filled anew for each. */
  local: Int32Array;
}

/** Lays out what lies directly in one group: members first, then its ports. */
export function layoutContainer({ input, tree, pieces, orientation }: LayoutJob, container: Container): Layout {
  const sideways = orientation === 'left-right';
  const { members, ports, lines, local, portAt } = container;
  // Layout goes from top to bottom: for the other way a box's height is its width, and all is turned at the end.
  const [across, along] = sideways ? [container.h, container.w] : [container.w, container.h];
  const count = members.length + ports.length;
  const boxes = tree.ref.length;
  const w = new Float64Array(count);
  const h = new Float64Array(count);
  const pin = ports.length > 0 ? new Int8Array(count) : null;
  members.forEach((member, i) => {
    local[member] = i;
    w[i] = across[member]!;
    h[i] = along[member]!;
  });
  ports.forEach((port, i) => {
    const at = members.length + i;
    local[boxes + port] = at;
    w[at] = PORT_WIDTH;
    pin![at] = pieces.portSide[port]!;
  });
  const [from, to] = [new Int32Array(lines.length), new Int32Array(lines.length)];
  const [fromOffset, toOffset] = [new Float64Array(lines.length), new Float64Array(lines.length)];
  const [fromFixed, toFixed] = [new Uint8Array(lines.length), new Uint8Array(lines.length)];
  lines.forEach((line, i) => {
    const [fromBox, fromPort] = [pieces.fromBox[line]!, pieces.fromPort[line]!];
    const [toBox, toPort] = [pieces.toBox[line]!, pieces.toPort[line]!];
    from[i] = local[fromBox >= 0 ? fromBox : boxes + fromPort]!;
    to[i] = local[toBox >= 0 ? toBox : boxes + toPort]!;
    fromFixed[i] = fromPort >= 0 ? 1 : 0;
    toFixed[i] = toPort >= 0 ? 1 : 0;
    if (fromBox >= 0 && fromPort >= 0) fromOffset[i] = portAt[fromPort]! - across[fromBox]! / 2;
    else if (fromBox >= 0 && tree.ref[fromBox]! >= 0)
      fromOffset[i] = (input.linkSlot[pieces.firstLink[line]!]! * across[fromBox]!) / 2;
    if (toBox >= 0 && toPort >= 0) toOffset[i] = portAt[toPort]! - across[toBox]! / 2;
  });
  const labelled = Uint8Array.from(lines, (line) => pieces.labelled[line]!);
  const spacing = SPACING[orientation];
  const layout = layoutGraph({ w, h, from, to, fromOffset, toOffset, fromFixed, toFixed, pin, labelled, spacing });
  return sideways ? turned(layout) : layout;
}

/** The same picture with its two directions exchanged. */
function turned({ x, y, points, start, labels, width, height }: Layout): Layout {
  for (const list of [points, labels]) {
    for (let i = 0; i < list.length; i += 2) [list[i], list[i + 1]] = [list[i + 1]!, list[i]!];
  }
  return { x: y, y: x, points, start, labels, width: height, height: width };
}
