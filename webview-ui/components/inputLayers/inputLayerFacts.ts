import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import type { PageMappedInput } from '../../../src/protocol/adaptation.ts';
import type { PageInputLayerFacts, PageLayerInput } from '../../../src/protocol/inputLayer.ts';
import type { PageInputLayer, PageModel } from '../../../src/protocol/pageModel.ts';
import { countOf, numberText } from '../../../src/text/numbers.ts';
import { listText, shapeText } from '../../text/format.ts';
import { shortNamer } from '../../text/shortNames.ts';
import { computes, preparationText } from '../../text/preparation.ts';
import { factRow, wordsRow } from '../factRow.ts';

/** Numbers of a mean that are shown; a model with more channels has no RGB pictures anyway. */
const MOST_NUMBERS = 8;

/**
 * Facts about an input layer: its weight, how it moves over the image, and what it must be fed. `facts` come a moment
 * later than the layer.
 */
export function inputLayerFacts(
  layer: PageInputLayer,
  facts: PageInputLayerFacts | null,
  model: PageModel | null,
): TemplateResult {
  const short = shortNamer(model?.sizeKey);
  const maps = model?.adaptation?.steps.at(-1)?.inputs ?? [];
  const channels = facts?.filters?.channels ?? 0;
  return html`${weightFacts(layer, facts)} ${layer.strides.length === 0 ? null : movingFacts(layer, facts)}
  ${facts?.inputs.map((input, i) => inputFacts(input, { id: `input${i}`, channels, short, map: mapOf(input, maps) })) ?? null}`;
}

function weightFacts(layer: PageInputLayer, facts: PageInputLayerFacts | null): TemplateResult {
  const isElsewhere = facts !== null && facts.stored !== layer.weight;
  const stored = isElsewhere ? html` <span class="sub">stored as ${facts.stored}</span>` : null;
  return html`<section aria-labelledby="weight">
    <h3 id="weight">Weight</h3>
    <dl>
      ${factRow('Name', html`${layer.weight}${stored}`)}
      <dt>Shape</dt>
      <dd class="large">${shapeText(layer.dims)} <span class="sub">${layer.layout}</span></dd>
      ${factRow('Type', layer.dtype)} ${wordsRow('Note', facts?.note)}
    </dl>
  </section>`;
}

function movingFacts(layer: PageInputLayer, facts: PageInputLayerFacts | null): TemplateResult {
  const { field, downsampling } = facts ?? {};
  const sees =
    field && `Each output value sees ${pixelsText(field.size)}; neighbours are ${stepText(field.step)} apart.`;
  const seenBehind = downsampling && `${pixelsText(downsampling.size)}, ${stepText(downsampling.step)} apart`;
  const smaller = downsampling && `${downsampling.node}: from there each value sees ${seenBehind}.`;
  return html`<section aria-labelledby="moves">
    <h3 id="moves">How it reads the image</h3>
    <dl>
      ${factRow('Strides', listText(layer.strides))}
      ${factRow('Pads', layer.autoPad === 'NOTSET' ? listText(layer.pads) : layer.autoPad)}
      ${factRow('Dilations', listText(layer.dilations))} ${factRow('Group', layer.group)} ${wordsRow('Sees', sees)}
      ${wordsRow('Smaller at', smaller)}
    </dl>
  </section>`;
}

const ORDER_NOT_SAID =
  'The file does not say whether it is RGB or BGR: check how the model was trained. Channel 0 is drawn as red.';

interface InputCard {
  readonly id: string;
  readonly channels: number;
  /** Puts the graph's names for long names of sizes. */
  readonly short: (text: string) => string;
  /** What the file records that the input was adapted by. */
  readonly map: PageMappedInput | undefined;
}

function mapOf({ name }: PageLayerInput, maps: readonly PageMappedInput[]): PageMappedInput | undefined {
  return maps.find((map) => map.name === name);
}

function inputFacts(input: PageLayerInput, { id, channels, short, map }: InputCard): TemplateResult {
  const { normalisation } = input;
  const dims = input.dims ? listText(input.dims) : '';
  return html`<section aria-labelledby=${id}>
    <h3 id=${id}>What input <span class="name">${input.name}</span> must be</h3>
    <dl>
      <dt>Type</dt>
      <dd title=${short(dims) === dims ? nothing : dims}>${input.dtype} ${short(dims)}</dd>
      <dt>Layout</dt>
      <dd class="words">
        ${input.layout ? html`<span class="name">${input.layout}</span>${layoutText(input.layout)}` : 'not clear from the graph'}
      </dd>
      ${wordsRow('Values', rangeText(input, map))} ${normalisation && factRow('Mean', numbersText(normalisation.mean))}
      ${normalisation && factRow('Std', numbersText(normalisation.std))}
      ${normalisation && factRow('Done by', normalisation.nodes.join(', '))}
      ${wordsRow('Order', channels === 3 ? ORDER_NOT_SAID : null)}
    </dl>
  </section>`;
}

function layoutText(layout: string): string {
  if (layout === 'NCHW') return ': batch, channels, rows, columns';
  return layout === 'NHWC' ? ': batch, rows, columns, channels' : '';
}

const HOW_TRAINED = 'how the model was trained: value range, mean and standard deviation.';

/** Rows, columns and channels: what has fewer axes is no image. */
const IMAGE_RANK = 3;

function rangeText({ range, normalisation, dtype, dims }: PageLayerInput, map: PageMappedInput | undefined): string {
  if (dims && dims.length < IMAGE_RANK)
    return dtype.includes('int')
      ? 'Whole numbers, such as indices; the graph does not state their range.'
      : 'The graph does not state a range.';
  if (range === 'raw')
    return dtype.startsWith('float') || dtype === 'bfloat16'
      ? 'Pixels 0 to 255: the graph normalises them itself.'
      : 'Pixels as whole numbers, 0 to 255.';
  if (range === 'zero-to-one') return 'Pixels 0 to 1: the graph normalises them itself.';
  if (normalisation) return 'The graph scales the pixels itself, see below; the range it expects is not stated.';
  if (map && computes(map))
    return `No layer of the graph normalises. ${preparationText(map)} For what it leaves out, check ${HOW_TRAINED}`;
  return `No normalisation was found in the graph. Check ${HOW_TRAINED}`;
}

function numbersText(values: readonly number[]): string {
  const shown = values.slice(0, MOST_NUMBERS).map(numberText).join(', ');
  return values.length > MOST_NUMBERS ? `${shown}, … ${values.length} in all` : shown;
}

function pixelsText(size: readonly number[]): string {
  return `${size.join('×')} pixels`;
}

function stepText(step: readonly number[]): string {
  const [first = 0, ...others] = step;
  const isSame = others.every((size) => size === first);
  return isSame ? countOf(first, 'pixel') : pixelsText(step);
}
