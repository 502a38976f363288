/** @file The schema library. The only file that imports it, so that it can be replaced here. */
export { z } from 'zod';
