#!/usr/bin/env node
/** @file The `vultune` executable: the program, in a process of its own where that is faster. */
import { dieWithParent, gainsFromSteadyMemory, relaunch } from './steady-memory.ts';

dieWithParent();
// The program is loaded by the process that runs it.
const isDone =
  gainsFromSteadyMemory(process.platform, process.env, process.argv.slice(2)) && (await relaunch());
if (!isDone) await (await import('./run-process.ts')).runProcess();
