import { defineConfig } from 'vitest/config';

/** The pages in a real browser: `npm run test:browser`. Screenshots go to VULTUNE_SCREENSHOTS where it is set. */
export default defineConfig({
  test: { include: ['test/browser/**/*.test.ts'], testTimeout: 60_000, hookTimeout: 60_000, maxWorkers: 1 },
});
