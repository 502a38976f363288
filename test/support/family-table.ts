/**
 * @file README's table of model families. A tick says that a test goes over a model of the family: `loads, trains` against
 * PyTorch's outputs (test/unit/parity), `packs` packed against alone (test/unit/network), GGUF from a file of each architecture
 * of llama.cpp (test/unit/model).
 */
import { FAMILIES, FAMILY_NAMES } from '../../src/model/families/registry.ts';
import { FAMILIES as GGUF_MODELS } from './gguf-families.ts';
import { fixturesOf, openFixture, PACKED_FIXTURES } from './tiny-model.ts';

const START = '<!-- families: npm run families -->';
const END = '<!-- end of families -->';

/** README with the table between its marks written anew. */
export async function withFamilyTable(readme: string): Promise<string> {
  const [start, end] = [readme.indexOf(START), readme.indexOf(END)];
  if (start < 0 || end < start) throw new Error(`README.md lacks ${START} or ${END}`);
  return `${readme.slice(0, start)}${START}\n${await familyTable()}\n${readme.slice(end)}`;
}

async function familyTable(): Promise<string> {
  const rows = await Promise.all(FAMILY_NAMES.map(familyRow));
  const lines = [
    ['`model_type`', 'published as it', 'loads, trains', 'packs', 'GGUF', 'tokenizers', 'head'],
    Array(7).fill('---'),
    ...rows,
  ];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

async function familyRow(name: string): Promise<readonly string[]> {
  const { published, tokenizers } = FAMILIES[name]!;
  const fixtures = fixturesOf(name);
  return [
    `\`${name}\``,
    published.join(', '),
    tick(fixtures.length > 0),
    tick(PACKED_FIXTURES.some((one) => fixtures.includes(one))),
    ggufArchitectures(name)
      .map((one) => `\`${one}\``)
      .join(', ') || 'no',
    tokenizers.join(', '),
    await headOf(fixtures),
  ];
}

const tick = (is: boolean) => (is ? '✓' : 'no');

/** Architectures of llama.cpp whose files are read as models of the family. */
const ggufArchitectures = (family: string): string[] => [
  ...new Set(
    Object.values(GGUF_MODELS).flatMap(({ architecture, config }) =>
      config.model_type === family ? [architecture] : [],
    ),
  ),
];

async function headOf(fixtures: readonly string[]): Promise<string> {
  if (fixtures.length === 0) return '';
  const { heads } = (await openFixture(fixtures[0]!)).model;
  return `\`${heads.encoder?.classes ?? heads.classifier}\`${heads.lacksClassifier === true ? ', its class in the model card' : ''}`;
}
