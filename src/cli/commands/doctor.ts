/** @file `vultune doctor`: what this machine offers, what is installed, what is in the caches. */
import { Command } from 'commander';
import { formatBytes, formatSignificant } from '../../base/numbers.ts';
import type { TorchReport } from '../../clusters/python-environment.ts';
import type { WeightFormat } from '../../weights/weight-format.ts';
import type { CliContext } from '../context.ts';
import { renderPairs } from '../display/table.ts';
import { inspectMachine, type Machine } from '../doctor/machine.ts';
import type { DeviceReport, RuntimeProbe } from '../doctor/runtime.ts';
import { findPython, folderSizeBytes, type Python, packageVersion } from '../doctor/tools.ts';
import type { TorchProbe } from '../doctor/torch.ts';
import { addExamples } from '../options.ts';
import type { CliCommand } from '../program.ts';
import { torchPairs } from '../torch/torch-pairs.ts';

export interface DoctorParts {
  readonly version: string;
  readonly probeRuntime: RuntimeProbe;
  readonly probeTorch: TorchProbe;
  /** Name and path of every cache. */
  readonly cacheFolders: () => Promise<readonly (readonly [string, string])[]>;
}

interface Report {
  readonly versions: Readonly<Record<string, string>>;
  readonly machine: Machine;
  readonly devices: readonly DeviceReport[];
  /** Bytes of matrices with a billion weights, by weight format. */
  readonly billionWeightBytes: Readonly<Record<string, number>>;
  readonly python: Python | null;
  /** What `train --engine torch` computes with; null where nothing is set up. */
  readonly torch: TorchReport | null;
  readonly caches: readonly {
    readonly name: string;
    readonly path: string;
    readonly sizeBytes: number | null;
  }[];
  /** What does not work here, and what to do. */
  readonly advice: readonly string[];
}

export function doctorCommand(parts: DoctorParts): CliCommand {
  return (context) => {
    const command = new Command('doctor')
      .summary('show what this machine offers and what is missing')
      .description(
        'Show what this machine offers: versions, processor, threads, memory, devices with the speed of a matrix ' +
          'product, Python and pip (for models inside Python packages), caches and their sizes.',
      )
      .option('--json', 'print JSON on standard output instead of text', false);
    addExamples(command, [['paste this into a bug report', 'vultune doctor']]);
    return command.action(async ({ json }: { json: boolean }) => {
      if (!json && context.stderr.isLive) context.stderr.write('measuring ...\r');
      const report = await examine(parts, context.signal);
      if (!json && context.stderr.isLive) context.stderr.write('             \r');
      context.stdout.write(json ? `${JSON.stringify(report, null, 2)}\n` : describe(report, context));
    });
  };
}

const PACKAGES = ['onnxruntime-node', '@huggingface/tokenizers', '@huggingface/hub'];

async function examine(
  { version, probeRuntime, probeTorch, cacheFolders }: DoctorParts,
  signal: AbortSignal,
): Promise<Report> {
  const { WEIGHT_FORMATS } = await import('../../weights/registry.ts');
  const machine = inspectMachine();
  const packages = PACKAGES.map((name) => [name, packageVersion(name) ?? 'missing'] as const);
  const python = await findPython();
  const caches = [];
  for (const [name, path] of await cacheFolders()) {
    caches.push({ name, path, sizeBytes: (await folderSizeBytes(path)) ?? null });
  }
  return {
    versions: { vultune: version, node: process.versions.node, ...Object.fromEntries(packages) },
    machine,
    devices: await probeRuntime(machine.threads),
    billionWeightBytes: Object.fromEntries(
      WEIGHT_FORMATS.filter(isHeldByShape).map((format) => [format.name, format.sizeBytes([31_250, 32_000])]),
    ),
    python: python ?? null,
    torch: (await probeTorch(signal)) ?? null,
    caches,
    advice: advise(machine, python),
  };
}

/** The size of these formats does not depend on the file, and a configuration can ask for them. */
const isHeldByShape = ({ name, holdsStored }: WeightFormat) =>
  holdsStored !== true && name !== 'int8-dequantised';

/** Below this SmolLM2-135M with a step of 1024 tokens does not fit beside a desktop. */
const SMALL_MEMORY_BYTES = 4e9;

function advise(machine: Machine, python: Python | undefined): string[] {
  const advice: string[] = [];
  if (python?.pip === undefined) {
    const missing = python === undefined ? 'no Python' : 'no pip';
    advice.push(
      `${missing} here: models inside Python packages (pypi:...) cannot be fetched; hub ids and local files can`,
    );
  }
  if (
    machine.instructionSets !== undefined &&
    process.arch === 'x64' &&
    !machine.instructionSets.includes('avx2')
  ) {
    advice.push('this processor has no AVX2: everything works, several times slower');
  }
  if (machine.freeMemoryBytes < SMALL_MEMORY_BYTES) {
    advice.push(
      `${formatBytes(machine.freeMemoryBytes)} of memory free: train with cut=block, activations=recompute and a small tokens_per_batch`,
    );
  }
  if (machine.threads < machine.cpuCount) {
    advice.push(`this process may use ${machine.threads} of ${machine.cpuCount} processors`);
  }
  return advice;
}

function describe(
  { versions, machine, devices, billionWeightBytes, python, torch, caches, advice }: Report,
  { stdout }: CliContext,
): string {
  const { colors } = stdout;
  const section = (title: string, pairs: readonly (readonly [string, string])[]) =>
    `${colors.heading(title)}\n${renderPairs(pairs, stdout)}`;
  const sections = [
    section('Versions', Object.entries(versions)),
    section('Machine', [
      ['system', machine.platform],
      ['processor', `${machine.cpuModel}, ${machine.cpuCount} processors, ${machine.threads} threads used`],
      ['instruction sets', machine.instructionSets?.join(' ') ?? 'unknown on this system'],
      ['memory', `${formatBytes(machine.memoryBytes)}, ${formatBytes(machine.freeMemoryBytes)} free`],
    ]),
    section(
      'Devices',
      devices.map((report) => [report.device, deviceText(report, stdout)]),
    ),
    section(
      'Weights of a billion parameters',
      Object.entries(billionWeightBytes).map(([name, bytes]) => [name, formatBytes(bytes)]),
    ),
    section('Python (for models inside packages)', [
      ['python', python === null ? 'none' : `${python.version} (${python.command})`],
      ['pip', python?.pip ?? 'none'],
    ]),
    section('PyTorch (for train --engine torch)', torchPairs(torch ?? undefined)),
    section(
      'Caches',
      caches.map(({ name, path, sizeBytes }) => [
        name,
        `${sizeBytes === null ? 'empty' : formatBytes(sizeBytes)}  ${path}`,
      ]),
    ),
  ];
  if (advice.length > 0)
    sections.push(
      `${colors.heading('Worth knowing')}\n${advice.map((line) => `  ${colors.warning('!')} ${line}\n`).join('')}`,
    );
  return sections.join('\n');
}

const INT8_PRODUCTS: Readonly<Record<NonNullable<DeviceReport['int8Products']>, string>> = {
  signed: '8-bit products exact',
  unsigned: '8-bit products exact with unsigned codes (no VNNI: slower, and int8-exact is read out)',
  none: '8-bit products overflow: 8-bit weights are read out',
};

function deviceText(
  { available, gflops, hint, int8Products }: DeviceReport,
  { colors }: CliContext['stdout'],
): string {
  if (!available) return colors.muted(`no${hint === undefined ? '' : `: ${hint}`}`);
  const speed =
    gflops === undefined
      ? ''
      : `, ${formatSignificant(gflops, 3)} GFLOP/s (float32 matrix product, 1024 x 1024)`;
  const integers = int8Products === undefined ? '' : `, ${INT8_PRODUCTS[int8Products]}`;
  return `${colors.good('yes')}${speed}${integers}`;
}
