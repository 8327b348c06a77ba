import type { FormalAttribute, FormalValue, OperatorSignature } from './operatorSignature.ts';

/**
 * What one version of an operator has that the one before had not, one short sentence each: names, kinds, defaults and
 * element types. `types` says which elements a type name takes or takes no more: `T+bfloat16`. What a version says in
 * words only, such as how it rounds, is not among them.
 */
export function operatorChanges(before: OperatorSignature, now: OperatorSignature, types: readonly string[]): string[] {
  return [
    ...valueChanges('input', before.inputs, now.inputs),
    ...valueChanges('output', before.outputs, now.outputs),
    ...attributeChanges(before.attributes, now.attributes),
    ...types.map(typeChange),
  ];
}

interface Named {
  readonly name: string;
}

function without<T extends Named>(list: readonly T[], other: readonly Named[]): T[] {
  const names = new Set(other.map(({ name }) => name));
  return list.filter(({ name }) => !names.has(name));
}

function valueChanges(word: string, before: readonly FormalValue[], now: readonly FormalValue[]): string[] {
  const kinds = new Map(before.map(({ name, kind }) => [name, kind]));
  const changed = now.filter(({ name, kind }) => kinds.has(name) && kinds.get(name) !== kind);
  return [
    ...without(now, before).map(({ name, kind }) => `${word} ${name} is new${kind === 'single' ? '' : ` (${kind})`}`),
    ...without(before, now).map(({ name }) => `${word} ${name} is gone`),
    ...changed.map(({ name, kind }) => `${word} ${name} is ${kind === 'single' ? 'required' : kind} now`),
  ];
}

function attributeChanges(before: readonly FormalAttribute[], now: readonly FormalAttribute[]): string[] {
  const known = new Map(before.map((attribute) => [attribute.name, attribute]));
  const changed = now.flatMap((attribute) => {
    const old = known.get(attribute.name);
    return old ? attributeChange(old, attribute) : [];
  });
  return [
    ...without(now, before).map(({ name }) => `attribute ${name} is new`),
    ...without(before, now).map(({ name }) => `attribute ${name} is gone`),
    ...changed,
  ];
}

function attributeChange(old: FormalAttribute, now: FormalAttribute): string[] {
  const { name } = now;
  if (old.required !== now.required) return [`attribute ${name} is ${now.required ? 'required' : 'optional'} now`];
  if (old.type !== now.type) return [`attribute ${name} is of type ${now.type} now`];
  if (old.fallback === now.fallback) return [];
  return [`attribute ${name} is ${now.fallback ?? 'not set'} by default, before ${old.fallback ?? 'not set'}`];
}

function typeChange(change: string): string {
  const [, name = '', sign = '', types = ''] = /^(.+?)([+-])(.+)$/.exec(change) ?? [];
  return `${name} takes ${types.split(',').join(', ')} ${sign === '+' ? 'too' : 'no more'}`;
}
