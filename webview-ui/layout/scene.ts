import type { PageModel } from '../../src/protocol/messages.ts';
import { shapeText } from '../state/format.ts';
import { layoutGraph } from './layered.ts';
import type { LayoutEdge, Point } from './layered.ts';

export type BoxKind = 'input' | 'output' | 'weighted' | 'plain' | 'first';

export interface SceneBox {
  /** Node id, or null for a graph input or output. */
  nodeId: number | null;
  kind: BoxKind;
  title: string;
  detail: string;
  x: number;
  y: number;
  w: number;
  h: number;
}
export interface SceneEdge {
  from: number;
  to: number;
  points: Point[];
  label: string;
  labelAt: Point;
  left: number;
  top: number;
  right: number;
  bottom: number;
}
export interface Scene {
  boxes: SceneBox[];
  edges: SceneEdge[];
  width: number;
  height: number;
}

function clip(text: string, most: number): string {
  const letters = [...text];
  return letters.length <= most ? text : `${letters.slice(0, most - 1).join('')}…`;
}

/** Widths come from letter counts, not measured fonts, so the same file always gives the same picture. */
function makeBox(nodeId: number | null, kind: BoxKind, title: string, detail: string): SceneBox {
  const t = clip(title, 26);
  const d = clip(detail, 30);
  const w = Math.max(120, Math.ceil(Math.max([...t].length * 8.2, [...d].length * 6.8)) + 28);
  return { nodeId, kind, title: t, detail: d, x: 0, y: 0, w, h: d === '' ? 32 : 48 };
}

export function buildScene(model: PageModel): Scene {
  const first = new Set(model.firstLayers.map((l) => l.nodeId));
  const boxes: SceneBox[] = [];
  const indexOfNode = new Map<number, number>();
  for (const [i, input] of model.inputs.entries()) {
    indexOfNode.set(-1 - i, boxes.length);
    boxes.push(makeBox(null, 'input', input.name, 'graph input'));
  }
  for (const node of model.nodes) {
    // The largest weight is the one that says what the layer is; biases and scales are in the inspector.
    let weight: number[] | null = null;
    let most = -1;
    for (const { weight: w } of node.inputs) {
      if (!w) continue;
      const size = w.dims.reduce((a, b) => a * b, 1);
      if (size > most) {
        most = size;
        weight = w.dims;
      }
    }
    const kind: BoxKind = first.has(node.id) ? 'first' : weight ? 'weighted' : 'plain';
    indexOfNode.set(node.id, boxes.length);
    boxes.push(makeBox(node.id, kind, node.opType, weight ? shapeText(weight) : ''));
  }

  const links: (LayoutEdge & { label: string })[] = [];
  const seen = new Set<string>();
  const labelled = new Set<string>();
  for (const edge of model.edges) {
    const from = indexOfNode.get(edge.from);
    const to = indexOfNode.get(edge.to);
    const key = `${from} ${to} ${edge.tensor}`;
    if (from === undefined || to === undefined || seen.has(key)) continue;
    seen.add(key);
    // A tensor with several readers is labelled once, on its first edge.
    const tensorKey = `${from} ${edge.tensor}`;
    const label = labelled.has(tensorKey) ? '' : shapeText(edge.dims);
    labelled.add(tensorKey);
    links.push({ from, to, label });
  }
  for (const edge of model.outputEdges) {
    const from = indexOfNode.get(edge.from);
    const output = model.outputs[edge.output];
    if (from === undefined || !output) continue;
    links.push({ from, to: boxes.length, label: shapeText(edge.dims) });
    boxes.push(makeBox(null, 'output', output.name, 'graph output'));
  }

  const layout = layoutGraph(boxes, links);
  boxes.forEach((box, i) => Object.assign(box, layout.boxes[i]));
  const edges = links.map(({ from, to, label }, i): SceneEdge => {
    const route = layout.routes[i]!;
    const xs = route.points.map((p) => p.x);
    const ys = route.points.map((p) => p.y);
    return {
      from,
      to,
      points: route.points,
      label,
      labelAt: route.label,
      left: Math.min(...xs),
      right: Math.max(...xs),
      top: Math.min(...ys),
      bottom: Math.max(...ys),
    };
  });
  return { boxes, edges, width: layout.width, height: layout.height };
}
