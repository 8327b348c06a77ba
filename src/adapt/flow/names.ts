/** Names on top of others, which stay as they are: a walk for each of many inputs copies no list of all names. */
export class TakenNames {
  private readonly below: Pick<ReadonlySet<string>, 'has'>;
  /** The names that came on top. */
  readonly own = new Set<string>();

  constructor(below: Pick<ReadonlySet<string>, 'has'>) {
    this.below = below;
  }

  has(name: string): boolean {
    return this.own.has(name) || this.below.has(name);
  }

  add(name: string): void {
    this.own.add(name);
  }

  /** `wanted`, or a name like it where that is taken. It is taken from now on. */
  fresh(wanted: string): string {
    let name = wanted;
    for (let i = 2; this.has(name); i++) name = `${wanted}_${i}`;
    this.add(name);
    return name;
  }
}
