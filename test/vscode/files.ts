import * as vscode from 'vscode';

/** The first folder of the workspace. */
export function folder(): vscode.Uri {
  const [first] = vscode.workspace.workspaceFolders ?? [];
  if (!first) throw new Error('The suite runs in a window with a folder.');
  return first.uri;
}

/** A file or folder in it. */
export const uri = (...names: readonly string[]): vscode.Uri => vscode.Uri.joinPath(folder(), ...names);

/** Its bytes, in memory of their own. */
export async function read(file: vscode.Uri): Promise<Uint8Array> {
  return new Uint8Array(await vscode.workspace.fs.readFile(file));
}

export async function readText(file: vscode.Uri): Promise<string> {
  return new TextDecoder('latin1').decode(await read(file));
}

export async function write(file: vscode.Uri, content: Uint8Array | string): Promise<void> {
  await vscode.workspace.fs.writeFile(file, typeof content === 'string' ? new TextEncoder().encode(content) : content);
}

export async function makeFolder(made: vscode.Uri): Promise<vscode.Uri> {
  await vscode.workspace.fs.createDirectory(made);
  return made;
}

export async function exists(file: vscode.Uri): Promise<boolean> {
  return vscode.workspace.fs.stat(file).then(
    () => true,
    () => false,
  );
}

/** The names in a folder, in order. */
export async function namesIn(of: vscode.Uri): Promise<string[]> {
  const entries = await vscode.workspace.fs.readDirectory(of);
  return entries.map(([name]) => name).sort();
}

/** The paths of all files in a folder and below it, from the folder on. */
export async function filesBelow(of: vscode.Uri): Promise<string[]> {
  const entries = await vscode.workspace.fs.readDirectory(of);
  const found = entries.map(async ([name, type]) => {
    if ((type & vscode.FileType.Directory) === 0) return [name];
    const below = await filesBelow(vscode.Uri.joinPath(of, name));
    return below.map((path) => `${name}/${path}`);
  });
  return (await Promise.all(found)).flat().sort();
}
