#!/usr/bin/env node
// The SDK warns on Node 20 at first use; a warning in the middle of a progress list would tear it.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
await import('../dist/cli.js');
