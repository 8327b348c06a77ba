import dagre from '@dagrejs/dagre';
import { GraphModel } from '../../webview-ui/graph/graphModel.ts';
import { layoutNested } from '../../webview-ui/layout/nested.ts';
import { LAYOUT_GRAPHS } from './layout.ts';

/**
 * Lays out one graph in a process of its own, so that its memory can be told. Prints milliseconds of processor time,
 * which other work on the machine does not stretch, and bytes.
 */
const [which = '', graph = ''] = process.argv.slice(2);
const model = new GraphModel(LAYOUT_GRAPHS[graph]!());
const { input } = model;
const work =
  which === 'dagre' ? byDagre() : () => void layoutNested(input, new Uint8Array(input.groupParent.length).fill(1));
const start = process.cpuUsage();
work();
const { user, system } = process.cpuUsage(start);
console.log(JSON.stringify({ milliseconds: (user + system) / 1000, bytes: process.resourceUsage().maxRSS * 1024 }));

/** The same boxes and lines, flat: the friendliest case for it. */
function byDagre(): () => void {
  const g = new dagre.graphlib.Graph({ multigraph: true });
  g.setGraph({ rankdir: 'TB' });
  input.itemW.forEach((width, i) => g.setNode(String(i), { width, height: input.itemH[i]! }));
  input.linkFrom.forEach((from, l) => g.setEdge(String(from), String(input.linkTo[l]!), {}, String(l)));
  return () => void dagre.layout(g);
}
