import type { Marks } from '../../../draw/brush.ts';
import type { View } from '../../../draw/camera.ts';
import type { SelectionKey } from '../../../graph/graphModel.ts';
import type { Heat } from '../../../graph/heat.ts';
import { hoverFacts, lineFacts } from '../../../graph/hoverFacts.ts';
import type { HoverFacts } from '../../../graph/hoverFacts.ts';
import type { Scene } from '../../../graph/scene.ts';
import type { HoverCard } from './hoverCard.ts';
import { Hovering } from './hovering.ts';
import { LineCursor } from './lineCursor.ts';
import type { LineAt } from './lineCursor.ts';
import { below } from './placing.ts';
import type { Place } from './placing.ts';

/** The picture that is pointed at. */
export interface PointedPicture {
  readonly scene: Scene | null;
  readonly selected: SelectionKey | null;
  readonly heat: Heat | null;
  readonly view: View;
  readonly card: HoverCard | null;
  /** Asks for a frame. */
  draw(): void;
}

/** The mark of what is pointed at. */
type PointedMarks = Pick<Marks, 'hovered' | 'traced'>;

const NOTHING: PointedMarks = { hovered: -1, traced: [] };

/** What the pointer is on, or the keyboard has come to: its mark in the picture, and its card of facts. */
export class PointedThing {
  readonly #picture: PointedPicture;
  readonly #hovering = new Hovering((facts, at) => this.#showFacts(facts, at));
  readonly #lines = new LineCursor();
  #marks = NOTHING;

  constructor(picture: PointedPicture) {
    this.#picture = picture;
  }

  get marks(): PointedMarks {
    return this.#marks;
  }

  /** The line that the keyboard has come to. */
  get line(): LineAt | null {
    return this.#lines.line;
  }

  /** Marks what the pointer is on, traces the line under it from end to end, and after a while says what it is. */
  hover(box: number, piece: number, at: Place): void {
    const { scene } = this.#picture;
    const links = scene && piece >= 0 ? scene.linksOfPiece(piece) : [];
    const over = box >= 0 ? `box ${box}` : links.join();
    this.#hovering.over(over, at, () => this.#factsOf(box, links));
    const same = this.#marks.hovered === box && links.length === 0 && this.#marks.traced.length === 0;
    if (same) return;
    this.#lines.end();
    this.#marks = { hovered: box, traced: scene && links.length > 0 ? scene.piecesOf(links) : [] };
    this.#picture.draw();
  }

  /** Goes to the next line of what is selected, or to the one before, and says what runs along it. */
  stepLine(by: 1 | -1): void {
    const { scene, selected, view } = this.#picture;
    const box = scene?.boxOf(selected);
    const line = scene && selected !== null ? this.#lines.step(scene.model, selected, by) : null;
    if (!scene || !line || box === undefined) return;
    this.#marks = { hovered: -1, traced: scene.piecesOf([line.link]) };
    this.#showFacts(lineFacts(scene.model, [line.link]), below(scene, box, view));
    this.#picture.draw();
  }

  /** Facts about what is selected, beside it: by keyboard, as the pointer shows them; the same again ends it. */
  describeSelected(): void {
    if (this.hasFacts) return this.endFacts();
    const { scene, selected, view } = this.#picture;
    const box = scene?.boxOf(selected);
    if (scene && box !== undefined) this.#showFacts(this.#factsOf(box, []), below(scene, box, view));
  }

  /** Whether the card is shown. */
  get hasFacts(): boolean {
    return Boolean(this.#picture.card?.facts);
  }

  /** Takes the card away, also one that is still to come. */
  endFacts(): void {
    this.#hovering.end();
  }

  /** Nothing is pointed at any more; the card stays. */
  endMarks(): void {
    this.#lines.end();
    this.#marks = NOTHING;
  }

  #factsOf(box: number, links: readonly number[]): HoverFacts | null {
    const { scene, heat } = this.#picture;
    if (!scene) return null;
    if (box < 0) return lineFacts(scene.model, links);
    return hoverFacts(scene.model, scene.model.keyOf(scene.geometry.box[box]!), heat);
  }

  #showFacts(facts: HoverFacts | null, at: Place): void {
    const { card } = this.#picture;
    if (card) Object.assign(card, { facts, at });
  }
}
