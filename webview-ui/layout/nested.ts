import { PORT_WIDTH, layoutContainer } from './container.ts';
import type { LayoutJob } from './container.ts';
import type { NestedInput, SceneGeometry } from './geometry.ts';
import { groupedBy, ofKey } from './grouped.ts';
import type { Layout } from './layered.ts';
import { collectPieces, visibleTree } from './pieces.ts';
import { SPACING } from './spacing.ts';
import type { Orientation } from './spacing.ts';

interface Inner {
  layout: Layout;
  /** Corner of the contents within the frame. */
  dx: number;
  dy: number;
}

/** Lays out each open group by itself, innermost first, then puts them into one another. No recursion. */
export function layoutNested(
  input: NestedInput,
  open: Uint8Array,
  orientation: Orientation = 'top-down',
): SceneGeometry {
  const tree = visibleTree(input, open);
  const pieces = collectPieces(input, tree);
  const job: LayoutJob = { input, tree, pieces, orientation };
  const { frame } = SPACING[orientation];
  const groups = input.groupParent.length;
  const w = new Float64Array(tree.ref.length);
  const h = new Float64Array(tree.ref.length);
  tree.ref.forEach((ref, v) => {
    w[v] = ref < 0 ? input.groupW[-1 - ref]! : input.itemW[ref]!;
    h[v] = ref < 0 ? input.groupH[-1 - ref]! : input.itemH[ref]!;
  });
  const portAt = new Float64Array(pieces.portGroup.length);
  const inner = new Array<Inner | null>(groups).fill(null);
  const byGroup = (keys: ArrayLike<number>): ((g: number) => Int32Array) => {
    const grouped = groupedBy(keys, groups);
    return (g) => ofKey(grouped, g);
  };
  const members = byGroup(tree.parent);
  const ports = byGroup(pieces.portGroup);
  const lines = byGroup(pieces.group);
  const local = new Int32Array(tree.ref.length + pieces.portGroup.length);
  for (let g = groups - 1; g >= 0; g--) {
    if (!tree.expanded[g]) continue;
    const layout = layoutContainer(job, {
      members: members(g),
      ports: ports(g),
      lines: lines(g),
      w,
      h,
      portAt,
      local,
    });
    const v = tree.ofGroup[g]!;
    const [dx, dy] = g === 0 ? [0, 0] : [Math.max(frame.side, (w[v]! - layout.width) / 2), frame.header];
    inner[g] = { layout, dx, dy };
    if (g === 0) continue;
    w[v] = layout.width + 2 * dx;
    h[v] = layout.height + frame.header + frame.foot;
    const own = ports(g);
    const [corner, places] = orientation === 'left-right' ? [dy, layout.y] : [dx, layout.x];
    for (let i = 0; i < own.length; i++) portAt[own[i]!] = corner + places[members(g).length + i]! + PORT_WIDTH / 2;
  }
  return assemble(job, inner, { members, lines, w, h });
}

interface Measured {
  members: (g: number) => Int32Array;
  lines: (g: number) => Int32Array;
  w: Float64Array;
  h: Float64Array;
}

/** Puts the layouts of open groups into one another: outer groups first, as the inner ones lie within them. */
function assemble(job: LayoutJob, inner: readonly (Inner | null)[], measured: Measured): SceneGeometry {
  const { tree, pieces, orientation } = job;
  const boxes = tree.ref.length;
  const pieceStart = pieceStarts(pieces.group.length, inner, measured);
  const placed: Assembled = {
    x: new Float64Array(boxes),
    y: new Float64Array(boxes),
    pieceStart,
    points: new Float64Array(pieceStart.at(-1)! * 2),
    labels: new Float64Array(pieces.group.length * 2),
  };
  inner.forEach((box, g) => {
    if (!box) return;
    const frame = tree.ofGroup[g]!;
    const left = g === 0 ? 0 : placed.x[frame]!;
    const top = g === 0 ? 0 : placed.y[frame]!;
    const [ox, oy] = [left + box.dx, top + box.dy];
    const within = measured.members(g);
    for (let i = 0; i < within.length; i++) {
      placed.x[within[i]!] = ox + box.layout.x[i]!;
      placed.y[within[i]!] = oy + box.layout.y[i]!;
    }
    const edge =
      orientation === 'left-right'
        ? { at: 0, near: left, far: left + measured.w[frame]! }
        : { at: 1, near: top, far: top + measured.h[frame]! };
    placeLines(job, placed, { layout: box.layout, lines: measured.lines(g), ox, oy, edge });
  });
  const root = inner[0]!.layout;
  return {
    orientation,
    box: Int32Array.from(tree.ref),
    open: Uint8Array.from(tree.ref, (ref) => (ref < 0 && tree.expanded[-1 - ref] ? 1 : 0)),
    ...placed,
    w: measured.w,
    h: measured.h,
    labelled: Uint8Array.from(pieces.labelled),
    arrow: Uint8Array.from(pieces.toBox, (value, p) => (value >= 0 && pieces.toPort[p]! < 0 ? 1 : 0)),
    ...pieces.allLinks(),
    width: root.width,
    height: root.height,
  };
}

type Assembled = Pick<SceneGeometry, 'x' | 'y' | 'pieceStart' | 'points' | 'labels'>;

/** Where each piece's points begin, and behind the last piece their count. */
function pieceStarts(count: number, inner: readonly (Inner | null)[], measured: Measured): Int32Array {
  const pieceStart = new Int32Array(count + 1);
  inner.forEach((box, g) => {
    if (!box) return;
    const { start } = box.layout;
    const own = measured.lines(g);
    for (let i = 0; i < own.length; i++) pieceStart[own[i]! + 1] = start[i + 1]! - start[i]!;
  });
  for (let p = 0; p < count; p++) pieceStart[p + 1]! += pieceStart[p]!;
  return pieceStart;
}

/** The lines of one open group, the corner of its contents, and the edges of its frame along the flow. */
interface GroupLines {
  layout: Layout;
  lines: Int32Array;
  ox: number;
  oy: number;
  edge: { at: number; near: number; far: number };
}

function placeLines(
  { pieces }: LayoutJob,
  { pieceStart, points, labels }: Assembled,
  { layout, lines, ox, oy, edge }: GroupLines,
): void {
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]!;
    const from = pieceStart[line]! * 2;
    let at = from;
    for (let k = layout.start[i]! * 2; k < layout.start[i + 1]! * 2; k += 2) {
      points[at++] = layout.points[k]! + ox;
      points[at++] = layout.points[k + 1]! + oy;
    }
    // A line through a frame runs to the frame's edge, across the title bar and the foot.
    if (pieces.fromBox[line]! < 0) points[from + edge.at] = edge.near;
    if (pieces.toBox[line]! < 0) points[at - 2 + edge.at] = edge.far;
    labels[2 * line] = layout.labels[2 * i]! + ox;
    labels[2 * line + 1] = layout.labels[2 * i + 1]! + oy;
  }
}
