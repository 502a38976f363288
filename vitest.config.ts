import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/{unit,architecture}/**/*.test.ts'],
    testTimeout: 120_000,
    // Two cores: onnxruntime brings its own threads, so more workers than this only fight each other.
    maxWorkers: 2,
    // Worker threads of the code under test inherit it, and a test may have changed the folder: by its full address.
    execArgv: ['--import', new URL('test/support/typescript-loader.mjs', import.meta.url).href],
  },
});
