import { kindColours } from '../../../webview-ui/draw/boxColours.ts';
import { sceneSvg, wholeRegion } from '../../../webview-ui/draw/svg.ts';
import { paperTheme } from '../../../webview-ui/draw/theme/paperTheme.ts';
import { GraphModel } from '../../../webview-ui/graph/graphModel.ts';
import { Scene } from '../../../webview-ui/graph/scene.ts';
import { layoutNested } from '../../../webview-ui/layout/nested.ts';
import { refuseWeightsAlone } from '../../jobs/open/openFile.ts';
import type { PageSettings } from '../../protocol/settings.ts';
import type { PageBinding } from '../../protocol/sizes.ts';
import { readPageModel } from '../readPage.ts';
import { checkBindings } from './shapes.ts';

/** How a graph is to be drawn: as on the page, or with all its groups open. */
export interface GraphOptions extends Pick<PageSettings, 'orientation' | 'titles' | 'batchSize'> {
  readonly bind: PageBinding;
  readonly openAll: boolean;
  readonly signal?: AbortSignal;
}

/** A model's layer graph as an SVG document on white, laid out and drawn by the page's own code. */
export async function graphSvg(path: string, options: GraphOptions): Promise<string> {
  await refuseWeightsAlone(path);
  await checkBindings(path, options.bind, options.signal);
  const page = await readPageModel(path, options.signal, options.bind);
  const model = new GraphModel(page, options.titles);
  model.labels.showBatch = options.batchSize;
  const open = options.openAll ? new Uint8Array(model.hierarchy.groups.length).fill(1) : model.initiallyOpen();
  const scene = new Scene(model, layoutNested(model.input, open, options.orientation));
  const theme = paperTheme();
  return sceneSvg({ scene, theme, colours: kindColours(scene, theme), region: wholeRegion(scene) });
}
