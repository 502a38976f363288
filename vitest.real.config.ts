import { defineConfig } from 'vitest/config';

/** Checks with a real model, fetched where it is not cached: `npm run test:real`. */
export default defineConfig({
  test: { include: ['test/real/**/*.test.ts'], testTimeout: 300_000, hookTimeout: 300_000, maxWorkers: 1 },
});
