/** @file A Dockerfile taken apart: its stages, and what each copies from where. */

export interface CopiedFiles {
  /** Undefined: out of the build's context, the repository. */
  readonly from: string | undefined;
  readonly sources: readonly string[];
  readonly target: string;
}

export interface DockerStage {
  readonly image: string;
  readonly name: string | undefined;
  /** Instructions in their order, with continued lines joined: `RUN`, `npm ci`. */
  readonly instructions: readonly (readonly [name: string, rest: string])[];
  readonly copies: readonly CopiedFiles[];
}

export function parseDockerfile(text: string): readonly DockerStage[] {
  const lines = text
    .replaceAll(/^#.*\n/gm, '')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .filter((line) => line.trim() !== '');
  const instructions = lines.map((line) => {
    const [, name, rest] = /^([A-Z]+) (.+)$/.exec(line)!;
    return [name!, rest!] as const;
  });
  const starts = instructions.flatMap(([name], i) => (name === 'FROM' ? [i] : []));
  return starts.map((start, i) => {
    const own = instructions.slice(start + 1, starts[i + 1]);
    const [, image, name] = /^(\S+)(?: AS (\S+))?$/.exec(instructions[start]![1])!;
    const copies = own.filter(([instruction]) => instruction === 'COPY').map(([, rest]) => copied(rest));
    return { image: image!, name, instructions: own, copies };
  });
}

function copied(rest: string): CopiedFiles {
  const words = rest.split(' ');
  const from = /^--from=(.+)$/.exec(words[0]!)?.[1];
  const paths = from === undefined ? words : words.slice(1);
  return { from, sources: paths.slice(0, -1), target: paths.at(-1)! };
}
