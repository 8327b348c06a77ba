import { ChannelwiseError } from '../../bytes/errors.ts';
import { fieldsOf } from '../../protocol/checked.ts';

/** An agent's input, field by field. VS Code does not check every input against the schema that it shows the agent. */
export class ToolInput {
  private readonly fields: Readonly<Record<string, unknown>>;

  constructor(input: unknown) {
    this.fields = fieldsOf(input);
  }

  text(name: string): string {
    const value = this.fields[name];
    if (typeof value === 'string' && value !== '') return value;
    throw wrong(name, 'must be a text');
  }

  textOr<T>(name: string, fallback: T): string | T {
    return this.fields[name] === undefined ? fallback : this.text(name);
  }

  texts(name: string): readonly string[] | undefined {
    const value = this.fields[name];
    if (value === undefined) return undefined;
    if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
    throw wrong(name, 'must be a list of texts');
  }

  /** Numbers as the command line takes them: `0.5, 0.4`. */
  numbers(name: string): string | undefined {
    const value = this.fields[name];
    if (value === undefined) return undefined;
    const list: unknown[] = Array.isArray(value) ? value : [value];
    if (list.length > 0 && list.every(Number.isFinite)) return list.join(', ');
    throw wrong(name, 'must be a number or a list of numbers');
  }

  flag(name: string): boolean {
    const value = this.fields[name] ?? false;
    if (typeof value === 'boolean') return value;
    throw wrong(name, 'must be true or false');
  }

  /** Numbers for names of sizes. */
  sizes(name: string): Readonly<Record<string, number>> {
    const value = this.fields[name] ?? {};
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    const entries = isObject ? Object.entries(value) : [];
    const areSizes = entries.every(([, size]) => Number.isSafeInteger(size) && Number(size) > 0);
    if (isObject && areSizes) return Object.fromEntries(entries) as Record<string, number>;
    throw wrong(name, 'must give a positive whole number to each name');
  }
}

function wrong(name: string, why: string): ChannelwiseError {
  return new ChannelwiseError('refused', 'bad-request', `\`${name}\` ${why}.`);
}
