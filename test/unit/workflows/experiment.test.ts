/** @file `vultune experiment run` over the tiny model: killed and run again, failed cells, shared cells, data that changed. */
import { spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { VultuneError } from '../../../src/base/errors.ts';
import { openRun, runEvents } from '../../../src/runs/run-folder.ts';
import { estimateExperiment } from '../../../src/workflows/experiment/estimate-experiment.ts';
import { openExperiment } from '../../../src/workflows/experiment/open-experiment.ts';
import { runExperiment } from '../../../src/workflows/experiment/run-experiment.ts';
import { chatServer, completion, sendJson } from '../../support/chat-server.ts';
import { writeTinyTable } from '../../support/tiny-experiment.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vultune-experiment-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const ENDINGS = ['md', 'tex', 'csv', 'json', 'html'] as const;
const filesOf = (out: string) => ENDINGS.map((ending) => readFileSync(join(out, `table.${ending}`), 'utf8'));
const statesOf = ({
  rows,
}: {
  rows: readonly { cells: readonly { id: string | undefined; state: string }[] }[];
}) => rows.flatMap(({ cells }) => cells.map(({ state }) => state));

/** Kills the command as soon as `isTime`; fails when it ends before. */
async function killWhen(isTime: () => boolean, args: readonly string[]): Promise<void> {
  const loader = pathToFileURL(resolve('test/support/typescript-loader.mjs')).href;
  const child = spawn(process.execPath, ['--import', loader, resolve('src/cli/main.ts'), ...args], {
    cwd: folder,
    stdio: 'ignore',
  });
  const ended = new Promise<NodeJS.Signals | null>((done) => child.once('exit', (_, signal) => done(signal)));
  while (child.exitCode === null && !isTime()) await setTimeout(5);
  child.kill('SIGKILL');
  expect(await ended).toBe('SIGKILL');
}

const runsOf = (cells: string) =>
  existsSync(cells) ? readdirSync(cells).filter((name) => existsSync(join(cells, name, 'run.json'))) : [];
const startsOf = (dir: string) => runEvents(openRun(dir)).filter(({ type }) => type === 'run_started').length;

/** A process of its own is slow to start on a machine that does other things. */
const KILL_TIMEOUT_MS = 300_000;

describe('experiment run', () => {
  test(
    'killed in the second cell and run again: the same cells, none trained twice, the bytes of an unbroken run',
    async () => {
      const table = await writeTinyTable(folder);
      const cells = join(folder, 'killed', 'cells');
      const inSecond = () => {
        const runs = runsOf(cells);
        return (
          runs.length === 2 &&
          runs.every((id) => /"checkpoint"/.test(readFileSync(join(cells, id, 'events.jsonl'), 'utf8')))
        );
      };
      await killWhen(inSecond, ['experiment', 'run', table, '--runs', join(folder, 'killed')]);
      const before = runsOf(cells).filter((id) => existsSync(join(cells, id, 'finished.json')));
      expect(before).toHaveLength(1);
      const finishedAt = statSync(join(cells, before[0]!, 'events.jsonl')).mtimeMs;

      const resumed = await runExperiment({ table, runs: join(folder, 'killed') });
      const whole = await runExperiment({ table, runs: join(folder, 'whole') });

      expect(statesOf(resumed.table)).toEqual(['finished', 'finished']);
      expect(runsOf(cells).sort()).toEqual(runsOf(join(folder, 'whole', 'cells')).sort());
      expect(runsOf(cells).map((id) => startsOf(join(cells, id)))).toEqual([1, 1]);
      expect(statSync(join(cells, before[0]!, 'events.jsonl')).mtimeMs).toBe(finishedAt);
      expect(filesOf(resumed.out)).toEqual(filesOf(whole.out));
    },
    KILL_TIMEOUT_MS,
  );

  test('a cell that diverges and one whose key is unknown say why in the table, and the others are trained', async () => {
    const table = await writeTinyTable(folder, {
      rows: [
        { name: 'Unknown', set: { no_such_key: 1 } },
        { name: 'Diverges', set: { learning_rate: 1e30 } },
        { name: 'Fine' },
      ],
    });
    const { table: result, out } = await runExperiment({ table, runs: folder });
    expect(statesOf(result)).toEqual(['failed', 'failed', 'finished']);
    const [md] = filesOf(out);
    expect(md).toMatch(/unknown key no\\_such\\_key/);
    expect(md).toMatch(/not a number any more/);
  });

  test('two tables that ask for the same training share its cell; other data is another cell', async () => {
    const first = await writeTinyTable(folder, { rows: [{ name: 'Only' }] });
    const { table } = await runExperiment({ table: first, runs: folder });
    const other = join(folder, 'other.yaml');
    writeFileSync(other, readFileSync(first, 'utf8').replace('"Only"', '"Called otherwise"'));
    const shared = await openExperiment({ table: other, runs: folder });
    expect(shared.planned.map(({ id }) => id)).toEqual(
      table.rows.flatMap(({ cells }) => cells.map(({ id }) => id)),
    );
    expect(statesOf(await shared.result())).toEqual(['finished']);

    writeFileSync(join(folder, 'train.jsonl'), `${readFileSync(join(folder, 'valid.jsonl'), 'utf8')}\n`);
    const changed = await openExperiment({ table: other, runs: folder });
    expect(changed.planned[0]!.id).not.toBe(shared.planned[0]!.id);
    expect(statesOf(await changed.result())).toEqual(['not started']);
  });

  test('a local base model names the cell by what it is, wherever it lies; a missing one fails its cell alone', async () => {
    const table = await writeTinyTable(folder, {
      rows: [
        { name: 'Here' },
        { name: 'There', set: { base_model: join(folder, 'moved') } },
        { name: 'Server', prompt: 'pd-1' },
      ],
    });
    const planned = async () => (await openExperiment({ table, runs: folder })).planned;
    const [alone, missing, ofPrompt] = await planned();
    expect(missing!.failure?.code).toBe('MODEL_PATH_MISSING');
    cpSync(join(folder, 'base'), join(folder, 'moved'), { recursive: true });
    const [here, there] = await planned();
    expect([here!.id, there!.id]).toEqual([alone!.id, alone!.id]);
    const file = join(folder, 'base', 'config.json');
    const config = JSON.parse(readFileSync(file, 'utf8')) as { rms_norm_eps: number };
    writeFileSync(file, JSON.stringify({ ...config, rms_norm_eps: 2 * config.rms_norm_eps }));
    const [changed, unchanged, changedPrompt] = await planned();
    expect(changed!.id).not.toBe(here!.id);
    expect(unchanged!.id).toBe(here!.id);
    expect(changedPrompt!.id).not.toBe(ofPrompt!.id);
  });

  test('a run of other data in the folder of a cell is not taken for it', async () => {
    const table = await writeTinyTable(folder, { rows: [{ name: 'Only' }] });
    const { table: result } = await runExperiment({ table, runs: folder });
    const record = join(folder, 'cells', result.rows[0]!.cells[0]!.id!, 'run.json');
    writeFileSync(
      record,
      readFileSync(record, 'utf8').replace(/"sha256": "[0-9a-f]{8}/, '"sha256": "00000000'),
    );
    const experiment = await openExperiment({ table, runs: folder });
    const [cell] = (await experiment.result()).rows[0]!.cells;
    expect(cell).toMatchObject({ state: 'failed', failure: { code: 'EXPERIMENT_CELL_OTHER_DATA' } });
  });

  test('a configuration of its own is swept over seeds and values', async () => {
    await writeTinyTable(folder);
    const file = join(folder, 'train.yaml');
    const { base } = JSON.parse(readFileSync(join(folder, 'tiny.yaml'), 'utf8')) as { base: object };
    writeFileSync(file, JSON.stringify({ ...base, output_dir: 'unused', seeds: [1, 2] }));
    const { planned, table } = await openExperiment({
      table: file,
      runs: folder,
      sweep: ['learning_rate=1e-4,2e-4'],
    });
    expect(table.rows.map(({ name }) => name)).toEqual(['learning_rate=0.0001', 'learning_rate=0.0002']);
    expect(planned.map(({ row, seed }) => [row.set.learning_rate, seed])).toEqual([
      [1e-4, 1],
      [2e-4, 1],
      [1e-4, 2],
      [2e-4, 2],
    ]);
    expect(new Set(planned.map(({ id }) => id)).size).toBe(4);
  });

  test('an estimate trains nothing, and takes the speed of a block, or of a finished cell where there is one', async () => {
    const table = await writeTinyTable(folder);
    const first = await estimateExperiment({ table, runs: folder });
    expect(first.cells.map(({ measuredOn }) => measuredOn)).toEqual(['one block', 'one block']);
    expect(first.cells.every(({ milliseconds }) => milliseconds! > 0)).toBe(true);
    expect(first.total.unknownCells).toBe(0);
    await runExperiment({ table, runs: folder, only: ['mean'] });
    const second = await estimateExperiment({ table, runs: folder });
    expect(second.cells[0]).toMatchObject({ why: 'finished' });
    expect(second.cells[1]!.measuredOn).toBe('an earlier cell');
    expect(second.cells[1]!.milliseconds).toBeGreaterThan(0);
    expect(second.cells[1]!.diskBytes).toBeGreaterThan(0);
  });

  test('a table of 100 MB is refused before it is read, and so is one that is a folder', async () => {
    const file = join(folder, 'huge.yaml');
    writeFileSync(file, 'title: x');
    truncateSync(file, 100e6);
    await expect(openExperiment({ table: file })).rejects.toMatchObject({ code: 'FILE_TOO_LARGE' });
    await expect(openExperiment({ table: `${folder}/` })).rejects.toBeInstanceOf(VultuneError);
  });

  test('figures of a slice are counted over its functions', async () => {
    const table = await writeTinyTable(folder, {
      columns: [
        { metric: 'correct' },
        { metric: 'incorrect' },
        { metric: 'accuracy' },
        { metric: 'roc_auc' },
      ],
      rows: [
        { name: 'Vulnerable', slice: { cwe: 'other' } },
        { name: 'Others', slice: { target: 0 } },
        { name: 'CWE-120', slice: { cwe: 'CWE-120' } },
        { name: 'All' },
      ],
    });
    const { table: result } = await runExperiment({ table, runs: folder });
    expect(new Set(result.rows.flatMap(({ cells }) => cells.map(({ id }) => id))).size).toBe(1);
    const value = (row: number, column: number) => result.rows[row]!.ours[column]?.mean;
    expect(value(0, 0)! + value(0, 1)!).toBe(6);
    expect(value(1, 0)! + value(1, 1)!).toBe(6);
    expect([value(2, 0), value(2, 1), value(2, 2), value(0, 3)]).toEqual([0, 0, undefined, undefined]);
    const accuracy = 1 - (value(0, 1)! + value(1, 1)!) / 12;
    expect(result.rows[3]!.ours[2]!.mean).toBeCloseTo(accuracy, 12);
  });

  describe('a row with a prompt', () => {
    const columns = [{ metric: 'unclassified' }, { metric: 'roc_auc' }, { metric: 'f1', on: 'test' }];
    const own = { user: 'Bad? {code}', answers: { yes: ['yes'], no: ['no'] } };
    const asks = async (rows: readonly object[], changed: object = {}) => {
      vi.stubEnv('VULTUNE_CACHE', join(folder, 'cache'));
      const table = await writeTinyTable(folder, { columns, rows, ...changed });
      writeFileSync(join(folder, 'own.yaml'), JSON.stringify({ id: 'own', ...own }));
      return table;
    };
    afterEach(() => vi.unstubAllEnvs());

    test('asks the model once for all seeds, and its run folder is the cell', async () => {
      const table = await asks(
        [
          { name: 'Odds', prompt: 'own.yaml', paper: ['3', null, '0.1'] },
          { name: 'Text', prompt: 'own.yaml', answer: 'text' },
          { name: 'Shipped', prompt: 'pd-1' },
          { name: 'Trained' },
        ],
        { seeds: [1, 2] },
      );
      const only = ['odds', 'text'];
      const { table: result, out } = await runExperiment({ table, runs: folder, only });
      expect(statesOf(result)).toEqual(['finished', 'finished']);
      // Words of a random model are neither yes nor no; its odds are one of them.
      expect(result.rows.map(({ ours }) => ours[0]?.mean)).toEqual([0, 12]);
      expect(result.rows[0]!.ours[1]!.mean).toBeGreaterThan(0);
      expect(result.baselines.every(({ figures }) => figures[1] !== undefined)).toBe(true);
      const [cell] = result.rows[0]!.cells;
      const run = join(folder, 'cells', cell!.id!);
      expect(existsSync(join(run, 'prompt.json'))).toBe(true);
      const metrics = JSON.parse(readFileSync(join(run, 'metrics.json'), 'utf8')) as {
        test: { metrics: { roc_auc: number } };
      };
      expect(result.rows[0]!.ours[1]!.mean).toBe(metrics.test.metrics.roc_auc);
      expect(filesOf(out)[0]).toContain('| Odds | 3 | 0 |');

      const { planned } = await openExperiment({ table, runs: folder });
      expect(planned.map(({ row, seed }) => `${row.name} ${seed}`)).toEqual([
        'Odds 1',
        'Text 1',
        'Shipped 1',
        'Trained 1',
        'Trained 2',
      ]);
      expect(new Set(planned.map(({ id }) => id)).size).toBe(5);
      expect((await estimateExperiment({ table, runs: folder, only })).cells.map(({ why }) => why)).toEqual([
        'finished',
        'finished',
      ]);

      // What a kill left is asked again; another text of the prompt is another cell.
      rmSync(join(run, 'finished.json'));
      const again = await runExperiment({ table, runs: folder, only });
      expect(again.table.rows[0]!.cells[0]).toEqual(cell);
      writeFileSync(join(folder, 'own.yaml'), JSON.stringify({ id: 'own', ...own, user: 'Safe? {code}' }));
      expect((await openExperiment({ table, runs: folder, only: ['odds'] })).planned[0]!.id).not.toBe(
        cell!.id,
      );
    });

    test('asks a server only where the call allows it', async () => {
      const server = await chatServer(({ response }) => sendJson(response, completion('Yes')));
      try {
        const table = await asks([
          { name: 'Server', prompt: 'pd-1', endpoint: server.url, set: { base_model: 'm' } },
        ]);
        const refused = await runExperiment({ table, runs: folder });
        expect(refused.table.rows[0]!.cells[0]).toMatchObject({
          state: 'failed',
          failure: { code: 'PROMPT_ENDPOINT_NOT_ALLOWED' },
        });
        expect(server.calls).toEqual([]);
        const { table: result } = await runExperiment({ table, runs: folder, allowEndpoint: true });
        expect([statesOf(result), server.calls.length]).toEqual([['finished'], 12]);
        expect(result.rows[0]!.ours[2]!.mean).toBeCloseTo(2 / 3, 12);
      } finally {
        await server.close();
      }
    });

    test.each([
      [{ prompt: 'nowhere' }, 'PROMPT_UNKNOWN'],
      [{ prompt: 'pd-1', set: { load_in_4bit: true } }, 'EXPERIMENT_PROMPT_KEY'],
      [{ prompt: 'pd-1', set: { test_file: null } }, 'EXPERIMENT_PROMPT_TEST'],
      [{ endpoint: 'http://localhost:1/v1' }, 'EXPERIMENT_PROMPT_KEY'],
    ])('%j fails alone', async (row, code) => {
      const table = await asks([{ name: 'Bad', ...row }, { name: 'Fine' }]);
      const { planned } = await openExperiment({ table, runs: folder });
      expect(planned.map(({ failure }) => failure?.code)).toEqual([code, undefined]);
    });
  });

  describe('a row that starts from another one', () => {
    const rows = (rank: number) => [
      { name: 'Then', init_from: 'First', set: { num_train_epochs: 1 } },
      { name: 'First', set: { num_train_epochs: 1, lora_r: rank } },
      { name: 'Alone', set: { num_train_epochs: 2 } },
    ];

    test.each([1, 2])(
      'is trained behind it, from the adapter of the same seed, with %i jobs',
      async (jobs) => {
        const table = await writeTinyTable(folder, { rows: rows(2), seeds: [1, 2] });
        const { table: result } = await runExperiment({ table, runs: folder, only: ['then'], jobs });
        // What it starts from is trained too, and stands in the table.
        expect(result.rows.map(({ name }) => name)).toEqual(['Then', 'First']);
        expect(statesOf(result)).toEqual(['finished', 'finished', 'finished', 'finished']);
        for (const seed of [0, 1]) {
          const [then, first] = result.rows.map(({ cells }) =>
            openRun(join(folder, 'cells', cells[seed]!.id!)),
          );
          expect(then!.record.model?.initAdapter?.path).toBe(`../${result.rows[1]!.cells[seed]!.id}`);
          expect(first!.record.model?.initAdapter).toBeUndefined();
        }
      },
    );

    test('is another cell where the first one is another, wherever the cells lie', async () => {
      const idsOf = async (rank: number, runs: string) => {
        const table = await writeTinyTable(folder, { rows: rows(rank), seeds: [1, 2] });
        const { planned } = await openExperiment({ table, runs: join(folder, runs) });
        return planned.map(({ row, seed, id }) => [`${row.name} ${seed}`, id] as const);
      };
      const [here, there, other] = [await idsOf(2, 'a'), await idsOf(2, 'b'), await idsOf(4, 'a')];
      expect(there).toEqual(here);
      expect(new Set(here.map(([, id]) => id)).size).toBe(6);
      const changed = here.flatMap(([name, id], i) => (other[i]![1] === id ? [] : [name]));
      expect(changed).toEqual(['Then 1', 'First 1', 'Then 2', 'First 2']);
    });

    test('an adapter of elsewhere names the cell by what it is; one that is missing fails its cell alone', async () => {
      const table = await writeTinyTable(folder, {
        rows: [
          { name: 'From', set: { init_adapter: 'run' } },
          { name: 'Nowhere', set: { init_adapter: 'gone' } },
        ],
      });
      const planned = async () => (await openExperiment({ table, runs: folder })).planned;
      const [from, nowhere] = await planned();
      expect(nowhere!.failure?.code).toBe('ADAPTER_MISSING');
      const weights = join(folder, 'run', 'adapter', 'adapter_model.safetensors');
      const bytes = readFileSync(weights);
      bytes[bytes.length - 1]! ^= 1;
      writeFileSync(weights, bytes);
      expect((await planned())[0]!.id).not.toBe(from!.id);
      bytes[bytes.length - 1]! ^= 1;
      writeFileSync(weights, bytes);
      expect((await planned())[0]!.id).toBe(from!.id);
    });

    test('says that it has nothing to start from where that one failed, and the others are trained', async () => {
      const table = await writeTinyTable(folder, { rows: rows(2) });
      const text = readFileSync(table, 'utf8').replace('"lora_r":2}}', '"learning_rate":1e30}}');
      writeFileSync(table, text);
      const { table: result } = await runExperiment({ table, runs: folder });
      expect(statesOf(result)).toEqual(['failed', 'failed', 'finished']);
      expect(result.rows[0]!.cells[0]).toMatchObject({ failure: { code: 'EXPERIMENT_INIT_FROM' } });
      writeFileSync(table, text.replace('"learning_rate":1e30', '"no_such_key":1'));
      const { planned } = await openExperiment({ table, runs: folder });
      expect(planned.map(({ failure }) => failure?.code)).toEqual([
        'EXPERIMENT_INIT_FROM',
        'CONFIG_KEY_UNKNOWN',
        undefined,
      ]);
    });

    test('does not start from a first one that was trained on other data', async () => {
      const table = await writeTinyTable(folder, { rows: rows(2) });
      const first = await runExperiment({ table, runs: folder, only: ['first'] });
      const record = join(folder, 'cells', first.table.rows[0]!.cells[0]!.id!, 'run.json');
      const text = readFileSync(record, 'utf8');
      writeFileSync(record, text.replace(/("sha256": ")[0-9a-f]{8}/, '$100000000'));
      const { table: result } = await runExperiment({ table, runs: folder, only: ['then'] });
      expect(result.rows[0]!.cells[0]).toMatchObject({ failure: { code: 'EXPERIMENT_INIT_FROM' } });
    });

    test('is not started from what an override names', async () => {
      const table = await writeTinyTable(folder, { rows: rows(2) });
      const overrides = [`init_adapter=${JSON.stringify(join(folder, 'run'))}`];
      const { planned } = await openExperiment({ table, runs: folder, overrides, only: ['then'] });
      expect(planned.map(({ failure }) => failure?.code)).toEqual(['EXPERIMENT_INIT_FROM', undefined]);
    });

    test('is estimated before there is an adapter, and swept with it', async () => {
      const table = await writeTinyTable(folder, { rows: rows(2) });
      const { cells } = await estimateExperiment({ table, runs: folder });
      expect(cells.map(({ milliseconds }) => milliseconds! > 0)).toEqual([true, true, true]);
      const swept = await openExperiment({ table, runs: folder, sweep: ['lora_alpha=2,4'] });
      expect(swept.planned.map(({ row }) => [row.name, row.init_from])).toEqual([
        ['Then, lora_alpha=2', 'First, lora_alpha=2'],
        ['Then, lora_alpha=4', 'First, lora_alpha=4'],
        ['First, lora_alpha=2', undefined],
        ['First, lora_alpha=4', undefined],
        ['Alone, lora_alpha=2', undefined],
        ['Alone, lora_alpha=4', undefined],
      ]);
      expect(new Set(swept.planned.map(({ id }) => id)).size).toBe(6);
    });
  });

  test('one seed that is laid over all cells, or that a row sets, is not counted as several', async () => {
    const table = await writeTinyTable(folder, {
      rows: [{ name: 'A' }, { name: 'B', set: { seed: 2 } }],
      seeds: [1, 2],
    });
    const codes = async (overrides: readonly string[]) =>
      (await openExperiment({ table, runs: folder, overrides })).planned.map(({ row, seed, failure }) => [
        `${row.name} ${seed}`,
        failure?.code,
      ]);
    expect(await codes([])).toEqual([
      ['A 1', undefined],
      ['B 1', 'EXPERIMENT_SEED'],
      ['A 2', undefined],
      ['B 2', undefined],
    ]);
    expect((await codes(['seed=2'])).map(([, code]) => code)).toEqual([
      'EXPERIMENT_SEED',
      'EXPERIMENT_SEED',
      undefined,
      undefined,
    ]);
  });

  test('rows of other tasks and packings are cells', async () => {
    const table = await writeTinyTable(folder, {
      rows: [
        { name: 'Instruct', set: { task: 'instruct', chat_template: '{{ messages }}' } },
        { name: 'Next token', set: { task: 'next_token' } },
        { name: 'Joined', set: { packing: 'joined' } },
      ],
    });
    const { planned } = await openExperiment({ table, runs: folder });
    expect(planned.map(({ failure }) => failure)).toEqual([undefined, undefined, undefined]);
    expect(new Set(planned.map(({ id }) => id)).size).toBe(3);
  });

  test('a stop keeps what is finished and says so', async () => {
    const table = await writeTinyTable(folder);
    const stop = new AbortController();
    const report = {
      note: (text: string) => {
        if (text.includes('Sum')) stop.abort();
      },
      warn: () => {},
      task: () => ({ update: () => {}, log: () => {}, stop: () => {} }),
    };
    const { status, table: result } = await runExperiment(
      { table, runs: folder },
      { signal: stop.signal, report },
    );
    expect(status).toBe('interrupted');
    expect(statesOf(result)[0]).toBe('finished');
    expect(['not started', 'stopped']).toContain(statesOf(result)[1]);
  });
});
