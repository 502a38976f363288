import { Writable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import { startProgress, writeNote } from '../../../src/cli/display/progress.ts';
import { liveLine, plainLine } from '../../../src/cli/display/progress-line.ts';
import { renderPairs, renderTable, visibleWidth } from '../../../src/cli/display/table.ts';
import { createTerminal, type Env } from '../../../src/cli/display/terminal.ts';
import { terminalReporter } from '../../../src/cli/display/terminal-reporter.ts';
import { fakeTerminal, finalScreen } from '../../support/fake-terminal.ts';

const TASK = { label: 'train', total: 300, unit: 'steps' } as const;
const STATE = {
  done: 126,
  lossNats: 0.61234,
  tokensPerSecond: 240.3,
  functionsPerSecond: 1.93,
  paddingShare: 0,
  memoryBytes: 1.7e9,
};

describe('the terminal', () => {
  test.each<[object, boolean, { live: boolean; color: boolean }]>([
    [{}, true, { live: true, color: true }],
    [{}, false, { live: false, color: false }],
    [{ NO_COLOR: '1' }, true, { live: true, color: false }],
    [{ NO_COLOR: '' }, true, { live: true, color: true }],
    [{ CI: 'true' }, true, { live: false, color: true }],
    [{ TERM: 'dumb' }, true, { live: false, color: false }],
    [{ FORCE_COLOR: '1' }, false, { live: false, color: true }],
    [{ FORCE_COLOR: '1', NO_COLOR: '1' }, true, { live: true, color: false }],
  ])('%o, a terminal: %s', (env, isTTY, { live, color }) => {
    const terminal = fakeTerminal({ isTTY, env: env as Env });
    expect(terminal.isLive).toBe(live);
    expect(terminal.colors.good('x') !== 'x').toBe(color);
  });
});

test('notes and warnings of a workflow cannot move the cursor', () => {
  const terminal = fakeTerminal({ env: { NO_COLOR: '1' } });
  const report = terminalReporter(terminal);
  report.note('read a\u001b[2J.jsonl\nand b');
  report.warn('no score\r is kept');
  expect(terminal.text()).toBe('read a [2J.jsonl\nand b\nnote: no score  is kept\n');
});

describe('the live line', () => {
  const line = (columns: number) =>
    liveLine(TASK, STATE, {
      columns,
      colors: fakeTerminal().colors,
      isUnicode: true,
      remainingMs: 192_000,
    });

  test('says it all where there is room', () => {
    expect(line(120)).toBe(
      'train ━━━━━━━━━━────────────── 42%  126/300  loss 0.612  240 tok/s  1.9 fn/s  pad 0%  1.7 GB  ETA 3m12s',
    );
  });

  test('at 80 columns only the count is missing', () => {
    expect(line(80)).toBe('train ━━━────── 42%  loss 0.612  240 tok/s  1.9 fn/s  pad 0%  1.7 GB  ETA 3m12s');
  });

  test('never reaches the last column, and keeps the estimate longest', () => {
    for (let columns = 20; columns < 200; columns++)
      expect(visibleWidth(line(columns))).toBeLessThan(columns);
    expect(line(40)).toMatch(/42%.*ETA 3m12s$/);
    expect(line(21)).toMatch(/42%/);
  });

  test('the plain line has the same facts', () => {
    expect(plainLine(TASK, { done: 12e6 }, undefined)).toBe('train 100%  12,000,000/300');
    expect(plainLine({ label: 'model', total: 90e6, unit: 'bytes' }, { done: 12e6 }, 3000)).toBe(
      'model 13%  12 MB of 90 MB  ETA 3.0s',
    );
  });
});

describe('progress', () => {
  test('in a log: a line every 5 % or 10 s, with an estimate', () => {
    const terminal = fakeTerminal();
    let nowMs = 0;
    const progress = startProgress({ label: 'scan', total: 1000, unit: 'functions' }, terminal, () => nowMs);
    for (let done = 0; done <= 100; done++) {
      nowMs += 100;
      progress.update({ done });
    }
    nowMs += 10_000;
    progress.update({ done: 101 });
    progress.stop('scanned 101');
    progress.update({ done: 1000 });
    progress.stop('twice');
    expect(terminal.text().split('\n')).toEqual([
      'scan 5%  50/1,000  ETA 1m35s',
      'scan 10%  100/1,000  ETA 1m30s',
      'scan 10%  101/1,000  ETA 2m58s',
      'scanned 101',
      '',
    ]);
  });

  test('in a log: a task of two seconds is not twenty lines', () => {
    const terminal = fakeTerminal();
    let nowMs = 0;
    const progress = startProgress({ label: 'scan', total: 100, unit: 'functions' }, terminal, () => nowMs);
    for (let done = 0; done <= 100; done++) {
      progress.update({ done });
      nowMs += 20;
    }
    expect(terminal.text()).toBe('scan 5%  5/100\nscan 55%  55/100\n');
  });

  test('a resumed task is estimated by what it did since', () => {
    const terminal = fakeTerminal();
    let nowMs = 0;
    const progress = startProgress(TASK, terminal, () => nowMs);
    progress.update({ done: 200 });
    nowMs = 50_000;
    progress.update({ done: 250 });
    expect(terminal.text()).toContain('250/300  ETA 50s');
  });

  test('on a terminal: one line drawn over, logged lines stay above it, the summary in its place', () => {
    const terminal = fakeTerminal({ isTTY: true, columns: 80 });
    const progress = startProgress(TASK, terminal);
    progress.update({ done: 150, lossNats: 0.5 });
    progress.log('checkpoint written');
    progress.update({ done: 300 });
    progress.stop('done');
    expect(stripVTControlCharacters(terminal.text())).toContain(' 50%');
    expect(
      finalScreen(terminal.text())
        .map((line) => stripVTControlCharacters(line))
        .filter((line) => line !== ''),
    ).toEqual(['checkpoint written', 'done']);
    // The cursor that was hidden is back.
    expect(terminal.text().lastIndexOf('\x1b[?25h')).toBeGreaterThan(
      terminal.text().lastIndexOf('\x1b[?25l'),
    );
  });
});

describe('a note beside a live line', () => {
  const screen = (text: string) =>
    finalScreen(text)
      .map((line) => stripVTControlCharacters(line))
      .filter((line) => line !== '');

  test('stays above it, and nothing of it is left behind what comes after the live line', () => {
    const terminal = fakeTerminal({ isTTY: true, columns: 80 });
    const progress = startProgress(TASK, terminal);
    progress.update({ done: 150 });
    writeNote('stopping after what is being computed; press Ctrl-C again to stop at once', terminal);
    progress.stop();
    terminal.write('what was trained so far: runs/one/report.html\n');
    expect(screen(terminal.text())).toEqual([
      'stopping after what is being computed; press Ctrl-C again to stop at once',
      'what was trained so far: runs/one/report.html',
    ]);
  });

  test('is a line of its own where there is no live line', () => {
    const terminal = fakeTerminal();
    writeNote('stopping', terminal);
    expect(terminal.text()).toBe('stopping\n');
  });
});

test('a terminal that no longer takes text says why, and is not written to again', async () => {
  const stream = new Writable({
    autoDestroy: false,
    write: (_chunk, _encoding, done) => done(Object.assign(new Error('gone'), { code: 'EPIPE' })),
  });
  const terminal = createTerminal(stream, {});
  expect(terminal.failure()).toBeUndefined();
  terminal.write('one');
  await setImmediate();
  expect(terminal.failure()).toMatchObject({ code: 'EPIPE' });
  terminal.write('two');
});

describe('tables', () => {
  const columns = [{ heading: 'model' }, { heading: 'F1', align: 'right' }, { heading: 'note' }] as const;

  test('columns line up, nothing trails, a long last column wraps at the width', () => {
    const rows = [
      ['length only', '0.51', 'the longer, the more suspicious: what any model must beat'],
      ['ours', '0.7', ''],
    ];
    expect(
      renderTable(columns, rows, fakeTerminal({ isTTY: true, columns: 50, env: { NO_COLOR: '1' } })),
    ).toBe(
      [
        'model          F1  note',
        'length only  0.51  the longer, the more',
        '                   suspicious: what any model must',
        '                   beat',
        'ours          0.7',
        '',
      ].join('\n'),
    );
  });

  test('colours do not count as width', () => {
    const rows = [['a', '1', 'x']];
    const colored = renderTable(columns, rows, fakeTerminal({ env: { FORCE_COLOR: '1' } }));
    expect(colored).not.toBe(stripVTControlCharacters(colored));
    expect(stripVTControlCharacters(colored)).toBe(renderTable(columns, rows, fakeTerminal()));
  });

  test('pairs', () => {
    expect(
      renderPairs(
        [
          ['node', '20'],
          ['vultune', '0.1'],
        ],
        fakeTerminal(),
      ),
    ).toBe('  node     20\n  vultune  0.1\n');
  });
});
