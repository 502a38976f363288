/**
 * @file A model from labelled functions, in one program: node train-and-judge.mjs BASE_MODEL FUNCTIONS.jsonl FOLDER SOURCE
 * FUNCTIONS.jsonl has one function per line, with `code`, `target` (1: vulnerable) and `commit`.
 */
import { buildDataset, evaluate, openJudge, scan, train } from 'vultune';

const [base_model, functions, folder, source] = process.argv.slice(2);
const data = `${folder}/data`;
const run = `${folder}/run`;

await buildDataset({ sources: [`published=${functions}`], out: data });

const [train_file, valid_file] = [`${data}/train.jsonl`, `${data}/valid.jsonl`];
await train({ base_model, train_file, valid_file, output_dir: run, num_train_epochs: 1, max_length: 256 });

const { evaluated } = await evaluate({ runs: [run], data: `${data}/test.jsonl` });
console.log('ROC AUC', evaluated[0].comparison.rows[0].result.metrics.rocAuc);

const judge = await openJudge(run);
const { scores } = await judge.judge(['function run(name) { return eval(name); }']);
console.log('score', scores[0]);
await judge.close();

const { report } = await scan({ run, paths: [source], threshold: 0 });
console.log('findings', report.findings.length);
