/** A notification shows a few lines; of a longer text its beginning and its end say most. */
const LONGEST = 600;
const KEPT_AT_END = 150;

/**
 * Characters that are not seen as they are: controls, line breaks, marks that turn the direction of text, lone
 * surrogates.
 */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/**
 * A text as VS Code shows it and does nothing else with it. Names in a model, file names, links and errors come from
 * outside, and VS Code makes `[label](command:…)` in a message into a link that runs a command, and `$(name)` in a
 * label into an icon. A space keeps either from being read so. Whatever is not seen is written out (`\u{202e}`), and a
 * long text loses its middle.
 */
export function inertText(text: string): string {
  return shortened(inertLine(text));
}

/** The same at full length, for a line of a text that has a tab of its own. */
export function inertLine(text: string): string {
  return text
    .replace(UNSEEN, (unseen) => `\\u{${(unseen.codePointAt(0) ?? 0).toString(16)}}`)
    .replaceAll('](', '] (')
    .replaceAll('$(', '$ (');
}

function shortened(text: string): string {
  // By characters, not by halves of them.
  const characters = text.length > LONGEST ? [...text] : [];
  if (characters.length <= LONGEST) return text;
  const start = characters.slice(0, LONGEST - KEPT_AT_END).join('');
  return `${start} … ${characters.slice(-KEPT_AT_END).join('')}`;
}
