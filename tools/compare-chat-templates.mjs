#!/usr/bin/env node
/**
 * @file Renders chat templates (FOLDER/*.jinja) by our code and by Transformers' apply_chat_template, over chats that have one kind of
 * difficulty each, and around a function as `task: instruct` asks about it. Prints a line a template and what differs; exit code 1
 * where something does. Published templates are their authors': the folder is outside of this repository.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { chatTemplate } from '../src/text/chat/chat-template.ts';
import { fillPrompt } from '../src/text/chat/prompt-template.ts';
import { renderAll } from '../src/text/chat/render-job.ts';
import { chatQuestion } from '../src/workflows/train/chat-question.ts';

const toolsFolder = dirname(fileURLToPath(import.meta.url));
const usage = `node --import ./test/support/typescript-loader.mjs tools/compare-chat-templates.mjs FOLDER [--python PATH] [--json]
    FOLDER         holds templates, each a file .jinja
    --python PATH  with the packages of tools/requirements.txt; default: .venv/bin/python`;

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { python: { type: 'string' }, json: { type: 'boolean' } },
});
const [folder] = positionals;
if (folder === undefined) {
  console.error(usage);
  process.exit(2);
}

const SPECIAL_TOKENS = {
  bos_token: '<|bos|>',
  eos_token: '<|eos|>',
  pad_token: '<|pad|>',
  unk_token: '<|unk|>',
};
const CODE = 'int f(char *s) {\n\treturn system(s); // {{ no }} {% tag %} é漢🙂\n}';

const system = (content) => ({ role: 'system', content });
const user = (content) => ({ role: 'user', content });
const assistant = (content) => ({ role: 'assistant', content });

/** Characters that Python and JavaScript do not both take for white space, or that JSON, Jinja or a terminal treat apart. */
const ODD = [
  ['byte order mark', '\ufeffint a;\ufeff'],
  ['separators', '\u001cint a;\u001f\u001d\u001e'],
  ['next line', '\u0085int a;\u0085'],
  ['no-break spaces', '\u00a0int\u202fa;\u3000'],
  ['line separators', '\u2028int\u2029a;\u2028'],
  ['zero', 'int\u0000 a;\u0000'],
  ['carriage returns', '\r\nint a;\r\n\rint b;\r'],
  ['beyond the first plane', '🙂 int 𝒶; 👩‍👩‍👧 é e\u0301'],
  ['empty', ''],
  ['white space alone', ' \t\n '],
  ['special tokens', '<|im_end|>\n<|im_start|>system\n<|eot_id|></s>[INST]<|bos|>'],
  ['thoughts', '<think>\nlong\n</think>\n\nno'],
  ['Jinja', '{{ raise_exception("x") }}{% if %}{# #}{%- endif -%}'],
  ['quotes', `"a" 'b' \\n \\\\ \`c\` <b>&amp;</b>`],
  ['long', 'x = 1;\n'.repeat(2000)],
];

/** @type {[string, { role: string, content: string }[]][]} */
const CHATS = [
  ['user', [user('Is this vulnerable?')]],
  ['system, user', [system('You review code.'), user('Is this vulnerable?')]],
  ['system with white space', [system('  You review code.  \n'), user('  Is this? \n')]],
  ['two turns', [user('a'), assistant('b'), user('c')]],
  ['system, three turns', [system('s'), user('a'), assistant('b'), user('c'), assistant('d'), user('e')]],
  ['ends with an answer', [system('s'), user('a'), assistant(' yes ')]],
  ['two of one role', [user('a'), user('b')]],
  ['answer first', [assistant('a'), user('b')]],
  ['system alone', [system('s')]],
  ['system later', [user('a'), system('s'), user('b')]],
  ['an unknown role', [user('a'), { role: 'critic', content: 'b' }]],
  ['a thought before', [user('a'), assistant('<think>\nb\n</think>\n\nno'), user('c')]],
  ...ODD.flatMap(([name, text]) => [
    [`${name} asked`, [user(text)]],
    [`${name} everywhere`, [system(text), user(text), assistant(text), user(text)]],
  ]),
];

const files = readdirSync(folder)
  .filter((name) => name.endsWith('.jinja'))
  .sort();
const sources = files.map((name) => readFileSync(join(folder, name), 'utf8'));
const chats = CHATS.flatMap(([name, messages]) =>
  [true, false].map((addGenerationPrompt) => ({
    name: `${name}${addGenerationPrompt ? '' : ', no answer begun'}`,
    messages,
    addGenerationPrompt,
  })),
);

/** As `task: instruct` asks, with and without a message of the system. */
const PROMPTS = [{ system: 'Answer with one word.' }, {}].map((system) => ({
  id: 'asked',
  ...system,
  user: 'Vulnerable?\n\n{code}',
  answers: { no: ['no'], yes: ['yes'] },
}));
const instruct = PROMPTS.flatMap((prompt) => {
  const asked = fillPrompt(prompt, CODE);
  return [
    { messages: asked, addGenerationPrompt: true },
    ...['no', 'yes'].map((word) => ({ messages: [...asked, assistant(word)], addGenerationPrompt: false })),
  ];
});

/** The question and both answers as our code makes them; throws where it refuses the template. */
async function instructChats(source, prompt) {
  const config = { ...SPECIAL_TOKENS, chat_template: source };
  const tokenizer = { kind: 'huggingface', json: {}, config, file: 'template' };
  const { before, after, answers } = await chatQuestion(
    { prompt, chat_template: null },
    { checkpoint: { tokenizer }, path: 'template' },
  );
  return ['', ...answers].map((end) => before + CODE + after + end);
}

/** How `task: instruct` compares: `equal`, `unfit` where nothing can be learnt of it in Transformers either, or what differs. */
async function compareInstruct(source, prompt, theirs) {
  const [question, ...answered] = theirs;
  const fits = answered.every(
    ({ text }) => text?.startsWith(question.text) && /(?:no|yes)/.test(text.slice(question.text.length)),
  );
  try {
    const mine = await instructChats(source, prompt);
    const wanted = [question, ...answered.map((one) => ({ ...one, text: one.text?.trimEnd() }))];
    return (
      wanted.map((one, i) => difference({ text: mine[i] }, one)).find((what) => what !== undefined) ?? 'equal'
    );
  } catch (error) {
    return fits ? `refused here: ${error.message}` : 'unfit';
  }
}

function transformers() {
  const python = options.python ?? resolve(toolsFolder, '..', '.venv', 'bin', 'python');
  const input = `${JSON.stringify({ templates: sources, specialTokens: SPECIAL_TOKENS, chats: [...chats, ...instruct] })}\n`;
  const { stdout, stderr, status } = spawnSync(python, [join(toolsFolder, 'chat_template_texts.py')], {
    input,
    encoding: 'utf8',
    maxBuffer: 2 ** 30,
  });
  if (status !== 0) throw new Error(`${python} failed: ${stderr}`);
  return JSON.parse(stdout);
}

function ours(source, { messages, addGenerationPrompt }) {
  try {
    const config = { ...SPECIAL_TOKENS, chat_template: source };
    const template = chatTemplate({ kind: 'huggingface', json: {}, config, file: 'template' }, 'template');
    return { text: [...renderAll({ template, chats: [messages], addGenerationPrompt })][0] };
  } catch (error) {
    return { error: error.message };
  }
}

const around = (text, at) => JSON.stringify(text.slice(Math.max(0, at - 30), at + 30));

/** What is different, as a line; undefined: nothing. */
function difference(mine, theirs) {
  if (mine.error !== undefined && theirs.error !== undefined) return undefined;
  if (mine.error !== undefined) return `refused here alone: ${mine.error}`;
  if (theirs.error !== undefined) return `refused there alone: ${theirs.error}`;
  if (mine.text === theirs.text) return undefined;
  let at = 0;
  while (mine.text[at] === theirs.text[at]) at++;
  return `${around(mine.text, at)} here, ${around(theirs.text, at)} there`;
}

const expected = transformers();
const rows = [];
for (const [i, source] of sources.entries()) {
  const found = [];
  let refused = 0;
  for (const [j, chat] of chats.entries()) {
    const mine = ours(source, chat);
    const theirs = expected[i][j];
    if (mine.error !== undefined && theirs.error !== undefined) refused++;
    const what = difference(mine, theirs);
    if (what !== undefined) found.push(`${chat.name}: ${what}`);
  }
  const asked = [];
  for (const [k, prompt] of PROMPTS.entries()) {
    const from = chats.length + 3 * k;
    const what = await compareInstruct(source, prompt, expected[i].slice(from, from + 3));
    asked.push(what);
    if (what !== 'equal' && what !== 'unfit') found.push(`instruct: ${what}`);
  }
  rows.push({ template: files[i], chats: chats.length, refused, instruct: asked, found });
  const verdict = found.length === 0 ? 'equal' : `${found.length} DIFFER`;
  const tasks = `instruct ${asked.map((what) => (what === 'equal' || what === 'unfit' ? what : 'DIFFERS')).join(', ')}`;
  console.log(`${files[i]}: ${chats.length} chats, ${refused} refused by both, ${verdict}; ${tasks}`);
  for (const line of found.slice(0, 8)) console.log(`    ${line}`);
}
if (options.json) console.log(JSON.stringify(rows));
const different = rows.filter(({ found }) => found.length > 0).length;
console.log(`${rows.length} templates, ${rows.length - different} equal in all of ${chats.length} chats`);
process.exitCode = different === 0 ? 0 : 1;
