/** @file What a Python's PyTorch can do, as the rows that `torch setup` and `doctor` print. */
import { formatBytes } from '../../base/numbers.ts';
import type { TorchReport } from '../../clusters/python-environment.ts';

export function torchPairs(report: TorchReport | undefined): readonly (readonly [string, string])[] {
  if (report === undefined) return [['torch', 'none: vultune torch setup makes an environment']];
  const { command, python, torch, transformers, peft, cuda, devices, bf16 } = report;
  const gpus = devices.map(({ name, memoryBytes }) => `${name} (${formatBytes(memoryBytes)})`);
  return [
    ['python', `${python} (${command})`],
    ['torch', torch],
    ['transformers', transformers ?? 'missing'],
    ['peft', peft ?? 'missing'],
    ['CUDA', cuda === null ? 'no: steps are computed on the CPU' : `${cuda}: ${gpus.join(', ')}`],
    ['bf16', cuda === null ? 'on the CPU' : bf16 ? 'yes' : 'no: fp16 is used'],
    ['FlashAttention', report.flashAttention ?? 'not installed: SDPA is used'],
    ['bitsandbytes', report.bitsandbytes ?? 'not installed: load_in_8bit and load_in_4bit need it'],
  ];
}
