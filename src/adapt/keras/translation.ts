import { ChannelwiseError } from '../../bytes/errors.ts';
import { encodeRaw } from '../../tensors/elements.ts';
import type { NewData } from '../../formats/keras/hdf5/edit/replaceDataset.ts';
import { member, number } from '../../bytes/json/json.ts';
import type { TextEdit } from '../../bytes/json/jsonEdit.ts';
import type { Call } from '../../formats/keras/network/network.ts';
import type { OpenedNetwork } from '../../formats/keras/openNetwork.ts';
import type { WeightView } from '../../formats/keras/present/graphBuilder.ts';
import { ONES, ZEROS } from '../../formats/keras/present/layers/normalisation.ts';
import { intOf } from '../../formats/onnx/attributes.ts';
import type { Node } from '../../formats/onnx/model.ts';
import type { PlannedAdaptation } from '../adaptModel.ts';
import type { AdaptationPlan, PlannedFold } from '../report/plan.ts';
import { foldedDataset } from './foldedWeights.ts';
import { neutralLayer } from './neutral.ts';
import type { ChangedWeight } from './optimizerState.ts';
import { product } from '../../tensors/dims.ts';
import { newChannels } from '../maps/channelMap.ts';
import { isDiagonal } from '../maps/affine.ts';

/** Attributes whose change a configuration can say. */
const GROUP = 'group';

/** Takes a plan in ONNX's terms back into those of a Keras file. */
export class Translation {
  readonly datasets = new Map<string, NewData>();
  readonly edits: TextEdit[] = [];
  private readonly opened: OpenedNetwork;
  private readonly planned: PlannedAdaptation;
  private readonly calls: ReadonlyMap<string, Call>;

  constructor(opened: OpenedNetwork, planned: PlannedAdaptation) {
    this.opened = opened;
    this.planned = planned;
    this.calls = new Map(opened.network.calls.map((call) => [call.name, call]));
  }

  /** Nodes are named for their layer and its operator. */
  private callOf(node: Node): Call | undefined {
    return this.calls.get(node.name.slice(0, node.name.lastIndexOf('/')));
  }

  private view(name: string): WeightView | undefined {
    return this.opened.presented.weights.get(name);
  }

  /** Refuses what would need a layer or weight that the file does not have, or a layer of another kind. */
  refuseNewNodes(): void {
    this.refuseNewLayers();
    this.refuseNewWeights();
    this.refuseOtherLayers();
  }

  private refuseNewLayers(): void {
    const { settled, plan } = this.planned;
    if (settled.inserted.length === 0) return;
    const [rebuilt] = plan.rebuilt;
    const where = rebuilt ? ` in front of ${rebuilt.node}, because ${rebuilt.reason}` : '';
    throw refused(
      'keras-new-layer',
      `The old channels would have to be rebuilt by a new layer${where}, and no layers of Keras without weights say ` +
        'this map in this kind of model; nothing was written.',
    );
  }

  private refuseNewWeights(): void {
    const followed = this.followingInputs();
    const constant = this.planned.settled.constants.find(({ name }) => !followed.has(name));
    if (constant)
      throw refused(
        'keras-new-weight',
        `The model would need a new weight (${constant.name}) that its layers, as the file has them, don't keep; ` +
          'nothing was written.',
      );
  }

  private refuseOtherLayers(): void {
    const { settled } = this.planned;
    for (const [node, rewrite] of settled.rewrites) {
      if (this.isFollowing(node) || settled.removedNodes.includes(node)) continue;
      const isKnown = [...(rewrite.attributes ?? [])].every(([name]) => name === GROUP);
      const keepsWeights = (rewrite.inputs ?? node.inputs).every(
        (input, i) => i === 0 || this.isFlowing(node, i) || settled.nameOf(input) === node.inputs[i],
      );
      if (isKnown && keepsWeights) continue;
      throw refused(
        'keras-other-layer',
        `The layer ${this.callOf(node)?.layer.path ?? node.name} would have to work in another way, which its Keras ` +
          `class can't; nothing was written.`,
        node.name,
      );
    }
  }

  /** TimeDistributed takes its steps apart and together by the shapes it is given: it follows by itself. */
  private isFollowing(node: Node): boolean {
    return this.callOf(node)?.part !== undefined;
  }

  /** What such nodes would read beside their value. */
  private followingInputs(): Set<string> {
    const { settled } = this.planned;
    const beside = [...settled.rewrites].flatMap(([node, { inputs = [] }]) =>
      this.isFollowing(node) ? inputs.slice(1) : [],
    );
    return new Set(beside.map((input) => settled.nameOf(input)));
  }

  /** Whether an input of a node is a value of the network, not a weight or constant. */
  private isFlowing(node: Node, input: number): boolean {
    return this.planned.walk.flows.has(node.inputs[input] ?? '');
  }

  /** Weights with new values go back into their datasets. */
  takeWeights(): void {
    const { settled, model } = this.planned;
    for (const [name, replacement] of settled.replacements) {
      if (settled.removedInitializers.has(name) || isUnsaid(name, replacement.values)) continue;
      const view = this.view(name);
      const reader = model.graph.nodes.find((node) => node.inputs.includes(name));
      if (!view || !reader)
        throw refused(
          'keras-setting',
          `The numbers ${name} stand in the configuration of their layer, where they can't be changed; nothing ` +
            'was written.',
        );
      const groups = this.groupsOf(reader);
      this.datasets.set(view.dataset, foldedDataset(view, replacement, groups));
      this.takeGroups(reader, groups);
    }
  }

  private groupsOf(node: Node): number {
    const rewritten = this.planned.settled.rewrites.get(node)?.attributes?.get(GROUP);
    if (rewritten?.kind === 'int') return rewritten.value;
    return intOf(node, GROUP, 1);
  }

  /** A convolution's groups, and how many filters each channel has in a depthwise one, are settings. */
  private takeGroups(node: Node, groups: number): void {
    const layer = this.callOf(node)?.layer;
    const before = intOf(node, GROUP, 1);
    if (!layer || before === groups) return;
    const [name, value] = [member(layer.config, 'groups'), member(layer.config, 'depth_multiplier')];
    const multiplier = number(value);
    const edit =
      multiplier === undefined ? { json: name, to: groups } : { json: value, to: (multiplier * before) / groups };
    if (!edit.json)
      throw refused(
        'keras-groups',
        `The layer ${layer.path} has no setting for its groups; nothing was written.`,
        layer.path,
      );
    this.edits.push({ start: edit.json.start, end: edit.json.end, text: String(edit.to) });
  }

  /** Layers that weights took in stay where they are and pass everything on. */
  takeAbsorbedLayers(): void {
    const { settled, model } = this.planned;
    const removed = new Set(settled.removedNodes);
    const gone = new Map<Call, Set<string>>();
    for (const node of settled.removedNodes) {
      const call = this.callOf(node);
      if (!call) throw refused('keras-absorbed', `What ${node.name} does would have to go, and belongs to no layer.`);
      gone.set(call, (gone.get(call) ?? new Set()).add(node.opType));
    }
    for (const [call, operators] of gone) {
      const left = new Set(
        model.graph.nodes.filter((node) => !removed.has(node) && this.callOf(node) === call).map((node) => node.opType),
      );
      const channels = newChannels(this.planned.plan.map);
      const neutral = neutralLayer({ call, gone: operators, left, channels });
      this.edits.push(...neutral.config);
      for (const [name, value] of neutral.weights) this.fill(`${call.layer.path}/${name}`, value);
    }
  }

  /** Gives a weight of one number per channel another number for each new channel. */
  private fill(name: string, value: number): void {
    const stored = this.opened.presented.stored.get(name);
    // Layers without scale or center have fewer weights.
    if (!stored) return;
    const channels = newChannels(this.planned.plan.map);
    const dims = stored.dims.map((dim) => (dim === 1 ? 1 : channels));
    const count = product(dims);
    const values = new Array<number>(count).fill(value);
    this.datasets.set(stored.dataset, { dims, bytes: encodeRaw(stored.dtype, values, name) });
  }

  /** Weights whose channels became others, with how they did. */
  changedWeights(): ChangedWeight[] {
    return this.planned.plan.folds.flatMap((fold) => this.changedWeight(fold) ?? []);
  }

  private changedWeight({ tensor, how }: PlannedFold): ChangedWeight | null {
    const view = this.view(tensor);
    const data = view ? this.datasets.get(view.dataset) : undefined;
    const axis = how ? view?.order[how.axis] : undefined;
    if (!view || !data || !how || axis === undefined) return null;
    // Channels that stay where they are: what an optimizer keeps for each stays its own.
    if (isDiagonal(how.matrix)) return null;
    const { outer, inner, matrix } = how;
    const layer = tensor.split('/').at(-2) ?? '';
    return { path: view.dataset, layer, oldDims: view.storedDims, newDims: data.dims, axis, outer, inner, matrix };
  }

  /** The plan with weights as the file has them. */
  plan(optimizerVariables: number): AdaptationPlan {
    const { plan } = this.planned;
    const note =
      optimizerVariables > 0
        ? [
            `${optimizerVariables} variables of the optimizer follow as means over the channels; trained on, the ` +
              'input layer moves a little differently than before.',
          ]
        : [];
    return { ...plan, folds: plan.folds.map((fold) => this.storedFold(fold)), notes: [...plan.notes, ...note] };
  }

  private storedFold(fold: PlannedFold): PlannedFold {
    const view = this.view(fold.tensor);
    const data = view ? this.datasets.get(view.dataset) : undefined;
    return view && data ? { ...fold, oldDims: view.storedDims, newDims: data.dims } : fold;
  }
}

function refused(code: `keras-${string}`, message: string, node?: string): ChannelwiseError {
  return new ChannelwiseError('refused', code, message, node === undefined ? {} : { node });
}

/** A scale of ones or a shift of zeros that a layer leaves out: it follows the channels by itself. */
function isUnsaid(name: string, values: Float64Array): boolean {
  const part = name.slice(name.lastIndexOf('/') + 1);
  return (
    (part === ONES && values.every((value) => value === 1)) || (part === ZEROS && values.every((value) => value === 0))
  );
}
