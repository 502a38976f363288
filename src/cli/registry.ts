/**
 * @file The commands of the executable, in the order of the help. What a command runs is imported when it is run, so
 * that `vultune --help` loads no engine.
 */
import { join } from 'node:path';
import type { BuildOptions } from '../dataset/builder/build-options.ts';
import { SHIPPED_TABLES } from '../dataset/sources/advisories/shipped-table.ts';
import { compareCommand } from './commands/compare.ts';
import { configCommand } from './commands/config.ts';
import { dataCommand } from './commands/data/data.ts';
import { doctorCommand } from './commands/doctor.ts';
import { evaluateCommand } from './commands/evaluate.ts';
import { experimentCommand } from './commands/experiment.ts';
import { exportCommand } from './commands/export.ts';
import { generateCommand } from './commands/generate.ts';
import { initCommand } from './commands/init.ts';
import { linesCommand } from './commands/lines.ts';
import { mcpCommand } from './commands/mcp.ts';
import { modelsCommand } from './commands/models.ts';
import { planCommand } from './commands/plan.ts';
import { predictCommand } from './commands/predict.ts';
import { probeCommand } from './commands/probe.ts';
import { promptCommand } from './commands/prompt.ts';
import { quickstartCommand } from './commands/quickstart.ts';
import { reportCommand } from './commands/report.ts';
import { scanCommand } from './commands/scan.ts';
import { serveCommand } from './commands/serve.ts';
import { torchCommand } from './commands/torch.ts';
import { trainCommand } from './commands/train.ts';
import { triageCommand } from './commands/triage.ts';
import { verifyCommand } from './commands/verify.ts';
import type { CliCommand, CommandGroup } from './program.ts';

/** How datasets are built, for `data build` and the quickstart alike. */
const datasets = {
  build: async (options: BuildOptions) =>
    (await import('../dataset/builder/build-dataset.ts')).buildDataset(options),
  cacheDir: async () =>
    join((await import('../checkpoint/sources/package-cache.ts')).vultuneCacheDir(undefined), 'datasets'),
};

/** As `npm install` would: with the user's configuration, out of the client's cache where it is there. */
async function fetchRelease(name: string, version: string, signal: AbortSignal) {
  const { npmFetchOptions } = await import('../dataset/sources/releases/npm-client.ts');
  const { fetchNpmRelease, textsOf } = await import('../dataset/sources/releases/npm-release.ts');
  const tally = { add: () => {} };
  const files = await fetchNpmRelease(name, version, await npmFetchOptions(), { tally, signal });
  return files && textsOf(files);
}

/** In the order in which one meets them. */
export function commandRegistry(version: string): readonly CommandGroup[] {
  return [
    {
      heading: 'Begin',
      commands: [
        quickstartCommand(async (...args) =>
          (await import('./quickstart/run-quickstart.ts')).runQuickstart({
            ...datasets,
            advisories: SHIPPED_TABLES,
            fetchRelease,
          })(...args),
        ),
        initCommand(async (...args) => (await import('./init/run-init.ts')).runInit(...args)),
      ],
    },
    { heading: 'Train', commands: trainingCommands() },
    { heading: 'Measure and show', commands: measuringCommands() },
    { heading: 'Use', commands: usingCommands() },
    { heading: 'Look up and check', commands: checkingCommands(version) },
  ];
}

function trainingCommands(): readonly CliCommand[] {
  return [
    dataCommand(datasets),
    trainCommand({
      train: async (...args) => {
        await (await import('./train/run-train.ts')).runTrain(...args);
      },
      resume: async (...args) => {
        await (await import('./train/run-train.ts')).runResume(...args);
      },
      check: async (...args) =>
        await (await import('../workflows/train/check-training.ts')).checkTraining(...args),
    }),
    planCommand(async (...args) => (await import('./plan/run-plan.ts')).runPlan(...args)),
    experimentCommand({
      list: async (...args) => (await import('./experiment/list-tables.ts')).listTables(...args),
      show: async (...args) => (await import('./experiment/show-table.ts')).showTable(...args),
      run: async (...args) => (await import('./experiment/run-table.ts')).runTable(...args),
      status: async (...args) => (await import('./experiment/table-status.ts')).tableStatus(...args),
      table: async (...args) => (await import('./experiment/print-table.ts')).printTable(...args),
    }),
    torchCommand(async (...args) => (await import('./torch/run-torch-setup.ts')).runTorchSetup(...args)),
  ];
}

function measuringCommands(): readonly CliCommand[] {
  return [
    probeCommand(async (...args) => (await import('./probe/run-probe.ts')).runProbe(...args)),
    promptCommand(async (...args) => (await import('./prompt/run-prompt.ts')).runPrompt(...args)),
    evaluateCommand(async (...args) => (await import('./evaluate/run-evaluate.ts')).runEvaluate(...args)),
    compareCommand(async (...args) => (await import('./compare/run-compare.ts')).runCompare(...args)),
    reportCommand(async (...args) => (await import('./report/run-report.ts')).runReport(...args)),
    serveCommand(
      async (...args) => (await import('./serve/run-serve.ts')).runServe(...args),
      async (...args) => (await import('./serve/run-serve.ts')).runServeScan(...args),
    ),
  ];
}

function usingCommands(): readonly CliCommand[] {
  return [
    predictCommand(async (...args) => (await import('./predict/run-predict.ts')).runPredict(...args)),
    scanCommand(
      async (...args) => (await import('./scan/run-scan.ts')).runScan(...args),
      async (...args) => (await import('./scan/settings/complete-scan.ts')).completeScan(...args),
    ),
    triageCommand(async (...args) => (await import('./triage/run-triage.ts')).runTriage(...args)),
    linesCommand(async (...args) => (await import('./lines/run-lines.ts')).runLines(...args)),
    generateCommand(async (...args) => (await import('./generate/run-generate.ts')).runGenerate(...args)),
    exportCommand(async (...args) => (await import('./export/run-export.ts')).runExport(...args)),
    mcpCommand(async (...args) => (await import('./mcp/run-mcp.ts')).runMcp(...args)),
  ];
}

function checkingCommands(version: string): readonly CliCommand[] {
  return [
    modelsCommand({
      resolve: async (...args) =>
        (await import('../checkpoint/sources/resolve-model.ts')).resolveModel(...args),
      list: async (...args) => (await import('../checkpoint/sources/list-models.ts')).listModels(...args),
      describe: async (...args) => (await import('../checkpoint/describe-model.ts')).describeModel(...args),
      supportedFamilies: async () => (await import('../model/families/registry.ts')).FAMILY_NAMES,
    }),
    configCommand,
    doctorCommand({
      version,
      probeRuntime: async (...args) => (await import('./doctor/runtime.ts')).probeRuntime(...args),
      probeTorch: async (...args) => (await import('./doctor/torch.ts')).probeTorch(...args),
      cacheFolders: async () => [
        ['hub', (await import('../checkpoint/sources/hub-cache.ts')).hubCacheDir(undefined)],
        ['vultune', (await import('../checkpoint/sources/package-cache.ts')).vultuneCacheDir(undefined)],
      ],
    }),
    verifyCommand(async (...args) => (await import('./verify/run-verify.ts')).runVerify(...args)),
  ];
}
