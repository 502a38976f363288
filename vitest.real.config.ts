import { defineConfig } from 'vitest/config';

/** Checks with a real model, fetched where it is not cached: `npm run test:real`. */
export default defineConfig({
  test: {
    include: ['test/real/**/*.test.ts'],
    testTimeout: 300_000,
    hookTimeout: 300_000,
    maxWorkers: 1,
    // As in vitest.config.ts: for the worker threads of the code under test.
    execArgv: ['--import', new URL('test/support/typescript-loader.mjs', import.meta.url).href],
  },
});
