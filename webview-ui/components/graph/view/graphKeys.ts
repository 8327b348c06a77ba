import type { ControlledGraph } from './controlledGraph.ts';

/** What keys do on the graph, for those who can't see it. */
export const KEYS_SPOKEN = [
  'Arrow keys pan, plus and minus zoom, 0 fits, Alt with Up or Down selects the next layer,',
  'Enter opens or closes a group and goes to the details of a layer, I says what is selected,',
  'L goes through its lines, and Enter to the other end of one.',
  'The Layers tab lists the same layers as a table.',
].join(' ');

/** How far an arrow key pans, in pixels, and Page Up and Down as a part of the page's height. */
const PAN = 60;
const PAN_PAGE = 0.8;
/** What one press of a key or a button zooms by. */
export const ZOOM_IN = 1.25;
export const ZOOM_OUT = 0.8;

type KeyAction = (graph: ControlledGraph) => void;

/**
 * Goes to the other end of the line that the keyboard has come to; else opens or closes the selected group, or reads
 * the details of the selected layer.
 */
function open(graph: ControlledGraph): void {
  const { selected } = graph;
  const { line } = graph.pointed;
  if (line) graph.select(line.otherEnd, { reveal: true });
  else if (selected === null) return;
  else if (graph.scene?.model.groupOf(selected) !== undefined) graph.toggle(selected);
  else graph.readDetails();
}

function revealSelected(graph: ControlledGraph): void {
  if (graph.selected) void graph.reveal(graph.selected);
}

/** Selects the next or previous box in reading order; the first while none is selected. */
function selectNext(graph: ControlledGraph, by: 1 | -1): void {
  const { scene, selected } = graph;
  const order = scene?.readingOrder() ?? [];
  if (!scene || order.length === 0) return;
  const at = order.indexOf(scene.boxOf(selected) ?? -1);
  const next = at < 0 ? 0 : Math.min(order.length - 1, Math.max(0, at + by));
  graph.select(scene.model.keyOf(scene.geometry.box[order[next]!]!), { reveal: true });
}

/** A letter does the same in both cases, but for L and Shift+L, which go through lines in both directions. */
const KEYS: Readonly<Record<string, KeyAction>> = {
  ArrowLeft: ({ camera }) => camera.pan(PAN, 0),
  ArrowRight: ({ camera }) => camera.pan(-PAN, 0),
  ArrowUp: ({ camera }) => camera.pan(0, PAN),
  ArrowDown: ({ camera }) => camera.pan(0, -PAN),
  PageUp: ({ camera, page }) => camera.pan(0, page.height * PAN_PAGE),
  PageDown: ({ camera, page }) => camera.pan(0, -page.height * PAN_PAGE),
  '+': ({ camera }) => camera.zoomMiddle(ZOOM_IN),
  '=': ({ camera }) => camera.zoomMiddle(ZOOM_IN),
  '-': ({ camera }) => camera.zoomMiddle(ZOOM_OUT),
  '0': ({ camera }) => camera.fit(),
  f: ({ camera }) => camera.fit(),
  F: ({ camera }) => camera.fit(),
  s: revealSelected,
  Enter: open,
  ' ': open,
  l: ({ pointed }) => pointed.stepLine(1),
  L: ({ pointed }) => pointed.stepLine(-1),
  i: ({ pointed }) => pointed.describeSelected(),
  I: ({ pointed }) => pointed.describeSelected(),
  Escape: (graph) => graph.goBack(),
};

const KEYS_WITH_ALT: Readonly<Record<string, KeyAction>> = {
  ArrowDown: (graph) => selectNext(graph, 1),
  ArrowUp: (graph) => selectNext(graph, -1),
};

/** Does what a key stands for while the graph has the focus; other keys go on to the page. */
export function pressKey(graph: ControlledGraph, event: KeyboardEvent): void {
  if (event.ctrlKey || event.metaKey) return;
  const keys = event.altKey ? KEYS_WITH_ALT : KEYS;
  const action = Object.hasOwn(keys, event.key) ? keys[event.key] : undefined;
  if (!action) return;
  event.preventDefault();
  action(graph);
}
