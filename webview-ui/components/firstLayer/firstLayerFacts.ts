import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import type { PageFirstLayerFacts, PageLayerInput } from '../../../src/protocol/firstLayer.ts';
import type { PageFirstLayer } from '../../../src/protocol/messages.ts';
import { listText, numberText, shapeText } from '../../text/format.ts';

/** Numbers of a mean that are shown; a model with more channels has no RGB pictures anyway. */
const MOST_NUMBERS = 8;

/**
 * Facts about a first layer: its weight, how it moves over the image, and what it must be fed. `facts` come a moment
 * later than the layer; `short` puts the graph's names for long names of sizes.
 */
export function firstLayerFacts(
  layer: PageFirstLayer,
  facts: PageFirstLayerFacts | null,
  short: (text: string) => string,
): TemplateResult {
  return html` <section aria-labelledby="weight">
      <h3 id="weight">Weight</h3>
      <dl>
        <dt>Name</dt>
        <dd>
          ${layer.weight}${facts && facts.stored !== layer.weight ? html` <span class="sub">stored as ${facts.stored}</span>` : null}
        </dd>
        <dt>Shape</dt>
        <dd class="large">${shapeText(layer.dims)} <span class="sub">${layer.layout}</span></dd>
        <dt>Type</dt>
        <dd>${layer.dtype}</dd>
        ${
          facts?.note
            ? html`<dt>Note</dt>
                <dd class="words">${facts.note}</dd>`
            : null
        }
      </dl>
    </section>
    ${
      layer.strides.length === 0
        ? null
        : html`<section aria-labelledby="moves">
            <h3 id="moves">How it reads the image</h3>
            <dl>
              <dt>Strides</dt>
              <dd>${listText(layer.strides)}</dd>
              <dt>Pads</dt>
              <dd>${layer.autoPad === 'NOTSET' ? listText(layer.pads) : layer.autoPad}</dd>
              <dt>Dilations</dt>
              <dd>${listText(layer.dilations)}</dd>
              <dt>Group</dt>
              <dd>${layer.group}</dd>
              ${
                facts?.field
                  ? html`<dt>Sees</dt>
                      <dd class="words">
                        Each output value sees ${pixelsText(facts.field.size)}; neighbours are
                        ${stepText(facts.field.step)} apart.
                      </dd>`
                  : null
              }
              ${
                facts?.downsampling
                  ? html`<dt>Smaller at</dt>
                      <dd class="words">
                        ${facts.downsampling.node}: from there each value sees ${pixelsText(facts.downsampling.size)},
                        ${stepText(facts.downsampling.step)} apart.
                      </dd>`
                  : null
              }
            </dl>
          </section>`
    }
    ${facts?.inputs.map((input, i) => inputFacts(input, { id: `input${i}`, channels: facts.filters?.channels ?? 0, short })) ?? null}`;
}

interface InputCard {
  readonly id: string;
  readonly channels: number;
  readonly short: (text: string) => string;
}

function inputFacts(input: PageLayerInput, { id, channels, short }: InputCard): TemplateResult {
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
      <dt>Values</dt>
      <dd class="words">${rangeText(input)}</dd>
      ${
        input.normalisation
          ? html`<dt>Mean</dt>
              <dd>${numbersText(input.normalisation.mean)}</dd>
              <dt>Std</dt>
              <dd>${numbersText(input.normalisation.std)}</dd>
              <dt>Done by</dt>
              <dd>${input.normalisation.nodes.join(', ')}</dd>`
          : null
      }
      ${
        channels === 3
          ? html`<dt>Order</dt>
              <dd class="words">
                The file does not say whether it is RGB or BGR: check how the model was trained. Channel 0 is drawn as
                red.
              </dd>`
          : null
      }
    </dl>
  </section>`;
}

function layoutText(layout: string): string {
  if (layout === 'NCHW') return ': batch, channels, rows, columns';
  return layout === 'NHWC' ? ': batch, rows, columns, channels' : '';
}

/** Rows, columns and channels: what has fewer axes is no image. */
const IMAGE_RANK = 3;

function rangeText({ range, normalisation, dtype, dims }: PageLayerInput): string {
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
  return (
    'No normalisation was found in the graph. Check how the model was trained: value range, mean and standard ' +
    'deviation.'
  );
}

function numbersText(values: readonly number[]): string {
  return `${values.slice(0, MOST_NUMBERS).map(numberText).join(', ')}${values.length > MOST_NUMBERS ? `, … ${values.length} in all` : ''}`;
}

function pixelsText(size: readonly number[]): string {
  return `${size.join('×')} pixels`;
}

function stepText(step: readonly number[]): string {
  const same = step.every((s) => s === step[0]);
  return `${same ? step[0] : step.join('×')} pixel${same && step[0] === 1 ? '' : 's'}`;
}
