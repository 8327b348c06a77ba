import { textArguments, withoutStrings } from './callText.ts';

/** A method of a module, or a function, as torch.jit writes it: one statement a line. */
export interface ScriptMethod {
  /** In their order, `self` first in a method. */
  readonly parameters: readonly ScriptParameter[];
  readonly lines: readonly string[];
}

export interface ScriptParameter {
  readonly name: string;
  readonly type: string;
}

/** A class of modules. */
export interface ScriptClass {
  /** The types of its attributes: of other modules their class with its whole name. */
  readonly attributes: Map<string, string>;
  readonly methods: Map<string, ScriptMethod>;
}

/** Classes of one file by their names; functions outside of any class are methods of ''. */
export type ScriptFile = ReadonlyMap<string, ScriptClass>;

const CLASS = /^class (\w+)\b/;
const ATTRIBUTE = /^ {2}(\w+) : (.+)$/;
/** An attribute whose name is no identifier, as a Sequential's. */
const NUMBERED = /^ {2}__annotations__\["([^"]+)"\] = (.+)$/;
const METHOD = /^ *def (\w+)\(/;

/** The classes and functions of a file of code, as far as they have the form that torch.jit writes. */
export function readScript(text: string): ScriptFile {
  const functions: ScriptClass = { attributes: new Map(), methods: new Map() };
  const classes = new Map([['', functions]]);
  let current = functions;
  let header = '';
  let body: string[] = [];
  for (const line of text.split('\n')) {
    const className = CLASS.exec(line)?.[1];
    if (className !== undefined) {
      current = { attributes: new Map(), methods: new Map() };
      classes.set(className, current);
      continue;
    }
    if (header === '' && !METHOD.test(line)) {
      const [, name, type] = ATTRIBUTE.exec(line) ?? NUMBERED.exec(line) ?? [];
      if (name !== undefined && type !== undefined) current.attributes.set(name, type);
      else body.push(line.trim());
      continue;
    }
    header += line;
    if (!line.endsWith(':')) continue;
    body = [];
    addMethod(header.startsWith(' ') ? current : functions, header, body);
    header = '';
  }
  return classes;
}

function addMethod({ methods }: ScriptClass, header: string, lines: readonly string[]): void {
  const [start = '', name = ''] = METHOD.exec(header) ?? [];
  const end = withoutStrings(header).lastIndexOf(') ->');
  const parameters = textArguments(header.slice(start.length, end)).map((parameter): ScriptParameter => {
    const [parameterName = '', type = ''] = parameter.split(': ', 2);
    return { name: parameterName, type };
  });
  methods.set(name, { parameters, lines });
}
