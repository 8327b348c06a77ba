import { html } from 'lit';
import type { TemplateResult } from 'lit';
import type { PageGrayByLayer } from '../../../src/protocol/evaluation.ts';
import { countText, percentText } from '../../../src/text/numbers.ts';
import type { LayerNumbers } from '../../graph/tables/layerNumbers.ts';
import { listed } from './evaluationResult.ts';

const LISTED = 10;

type Layer = PageGrayByLayer['layers'][number];

export interface GrayLayersActions {
  readonly onGraph: () => void;
  readonly onLayer: (layer: Layer) => void;
  readonly save: TemplateResult;
}

/** How far each layer moves when colours are taken away: the ten that move most, and the way to the heat map. */
export function grayLayers(found: PageGrayByLayer, { onGraph, onLayer, save }: GrayLayersActions): TemplateResult {
  const { images, found: all } = found;
  const which = images < all ? `${countText(images)} of ${countText(all)} images, spread over the folder` : '';
  return html`<div class="result" role="region" aria-label="What gray costs, layer by layer">
    <p class="first" role="status">${statementParts(found.statement)}</p>
    <p>
      A layer moves by ‖gray − colour‖ / ‖colour‖ (L2) of what it gives. Where that rises, colour was used; where it
      falls, the layers have made up for it.
    </p>
    <div class="row">
      <vscode-button @click=${onGraph}>Show in graph</vscode-button>
    </div>
    <div class="scroll" tabindex="0" aria-label="Layers that move most" role="group">
      <table>
        <thead>
          <tr>
            <th scope="col">Layer</th>
            <th scope="col" class="text">Operator</th>
            <th scope="col">Moves by</th>
            <th scope="col" class="text">Worst image</th>
            <th scope="col">Moves there by</th>
          </tr>
        </thead>
        <tbody>
          ${mostMoved(found).map((layer) => layerRow(layer, onLayer))}
        </tbody>
      </table>
    </div>
    ${save} ${listed('How it was measured', [which, ...found.details].filter(Boolean))} ${listed('Notes', found.notes)}
  </div>`;
}

function layerRow(layer: Layer, onLayer: (layer: Layer) => void): TemplateResult {
  return html`<tr>
    <th scope="row">
      <button class="link" title="Show it in the graph" @click=${() => onLayer(layer)}>
        ${layer.node || layer.tensor}
      </button>
    </th>
    <td class="text">${layer.opType}</td>
    <td>${percent(layer.relative)}</td>
    <td class="text">${layer.worst?.image ?? '–'}</td>
    <td>${percent(layer.worst?.relative ?? null)}</td>
  </tr>`;
}

function mostMoved({ layers }: PageGrayByLayer): Layer[] {
  const known = layers.filter(({ relative }) => relative !== null);
  return known.sort((one, other) => (other.relative ?? 0) - (one.relative ?? 0)).slice(0, LISTED);
}

function percent(part: number | null): string {
  return part === null ? '–' : percentText(part);
}

/** The same as a heat map takes it. */
export function grayNumbers({ layers, images, input }: PageGrayByLayer): LayerNumbers {
  const numbers = new Map(layers.flatMap(({ tensor, relative }) => (relative === null ? [] : [[tensor, relative]])));
  const pixels = input === null ? '' : `; the images themselves move by ${percent(input)}`;
  const note = `How far activations move when colours are taken away (relative L2 on ${countText(images)} images${pixels}).`;
  return { title: 'What gray costs', numbers, unit: 'part', note };
}

/** A layer's name stands between backticks, as in the report. */
function statementParts(statement: string): (string | TemplateResult)[] {
  return statement.split('`').map((part, i) => (i % 2 === 1 ? html`<code>${part}</code>` : part));
}
