#!/usr/bin/env node
import { readFileSync } from 'node:fs';

// The SDK warns on Node 20 at first use; a warning in the middle of a progress list would tear it.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';

// Version managers and scripts ask for the version at every turn, so the answer does not wait for the command line.
if (process.argv.length === 3 && process.argv[2] === '--version')
  console.log(JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version);
else await import('../dist/cli.js');
